import { basename, resolve } from "node:path";
import { artifactJson, canonicalJson } from "../domain/canonical-json.ts";
import type { ThermalStability } from "../domain/generated/thermal-stability-v1.ts";
import { buildThermalStability } from "../explore/thermal.ts";
import type { ThermalSample } from "../explore/thermal-bins.ts";
import { THERMAL_DEFAULTS, type ThermalRun } from "../explore/thermal-runs.ts";
import { analyzeThermalTrace } from "../explore/thermal-trace.ts";
import { isoTime, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { hostFingerprint } from "../platform/host.ts";
import { validator } from "../platform/schema.ts";
import { timeSeriesSvg } from "../report/time-series-svg.ts";
import { constantLoad } from "../runtimes/onnxruntime/constant-load.ts";
import { embeddedModelPath } from "../store/config-file.ts";
import { appendExplorer } from "../store/explorer-history.ts";
import { type ProbeClient, startProbe } from "../telemetry/probe-client.ts";
import { type CoolDownResult, coolDown, temperatures } from "./cool-down.ts";
import { type ModelSource, readModelFile, refuseBrokenModel } from "./model-file.ts";
import { randomFeeds } from "./random-feeds.ts";
import type { ThermalLimits } from "./thermal.ts";
import { blockSamples, type LoadBlock, seriesPlot } from "./thermal-block.ts";
import { backendsOf } from "./watch-trials.ts";

export interface ThermalRunOptions extends Omit<ModelSource, "model"> {
  /** ONNX file; the embedded digits by default. */
  readonly model?: string | undefined;
  /** Length of the first block, s; the others do the same work. */
  readonly seconds: number;
  readonly blocks: number;
  readonly threads: number;
  readonly batchSize: number;
  /** Cool down before each block but the first, with a cap, s; undefined: go on at once. */
  readonly coolDownCapS?: number | undefined;
  readonly probe: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  readonly rateHz?: number | undefined;
  readonly limits?: ThermalLimits;
  readonly quantTag?: string | undefined;
  readonly executionLane?: "ci" | "lab" | undefined;
  readonly vramProfile?: "safe" | "balanced" | "stress" | undefined;
  readonly ref?: string | undefined;
  /** The artifact; its samples and its plot get the same name with .samples.ndjson and .svg. */
  readonly out: string;
  readonly storageRoot?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ThermalEvent) => void;
}

export type ThermalEvent =
  | { readonly kind: "block"; readonly index: number; readonly of: number; readonly seconds: number }
  | { readonly kind: "cool-down"; readonly result: CoolDownResult };

/** A block that slows down does its work to the end, but not for longer than so many times the first. */
const MOST_STRETCH = 5;
const STRETCH_S = 0.5;
const FIRST_SAMPLE_MS = 3000;

/**
 * Loads this machine with one model, block after block of equal work, while probes read it, and says whether its speed holds. The time of a
 * block against the coolest one, and the course of the rate within each, decide; temperatures explain.
 */
export async function thermalRun(options: ThermalRunOptions): Promise<ThermalStability> {
  const { cwd = process.cwd(), signal = new AbortController().signal, onProgress = () => undefined } = options;
  const source = { ...options, model: options.model ?? embeddedModelPath() };
  const { path, bytes } = await readModelFile(source);
  refuseBrokenModel(bytes, path);
  const feeds = randomFeeds(bytes, options.batchSize);
  const intervalMs = Math.round(1000 / (options.rateHz ?? 5));
  const clients = backendsOf(options.probe).map((backend) => startProbe({ backend, intervalMs, pids: [process.pid] }));
  try {
    await Promise.all(clients.map((client) => client.ready(FIRST_SAMPLE_MS)));
    const startNs = systemClock.monotonicNs();
    const blocks: LoadBlock[] = [];
    const waits: CoolDownResult[] = [];
    for (let index = 0; index < options.blocks; index++) {
      if (index > 0 && options.coolDownCapS !== undefined) {
        const targetC = options.limits?.cooldownTargetC;
        const result = await coolDown(clients, { startNs, targetC, capS: options.coolDownCapS, signal });
        waits.push(result);
        onProgress({ kind: "cool-down", result });
      }
      onProgress({ kind: "block", index, of: options.blocks, seconds: options.seconds });
      blocks.push(await loadBlock({ bytes, feeds, options, first: blocks[0] }, clients, signal));
    }
    const out = resolve(cwd, options.out);
    const artifact = artifactOf({ options, path, digest: sha256(bytes), blocks, waits, out });
    await write(artifact, blocks, { out, startNs });
    if (options.storageRoot !== undefined) await appendExplorer(resolve(cwd, options.storageRoot), artifact);
    return artifact;
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}

async function loadBlock(
  work: {
    readonly bytes: Uint8Array;
    readonly feeds: ReturnType<typeof randomFeeds>;
    readonly options: ThermalRunOptions;
    readonly first: LoadBlock | undefined;
  },
  clients: readonly ProbeClient[],
  signal: AbortSignal,
): Promise<LoadBlock> {
  const { bytes, feeds, options, first } = work;
  const { seconds, threads, batchSize } = options;
  const limits = {
    calls: first?.calls,
    seconds: first === undefined ? seconds : MOST_STRETCH * seconds,
    stretchS: STRETCH_S,
  };
  const answer = await constantLoad({ model: bytes, feeds, threads, limits }, { signal });
  const [startNs, endNs] = [BigInt(answer.startNs), BigInt(answer.endNs)];
  const heat = temperatures(clients, startNs, endNs);
  return {
    startNs,
    calls: answer.stretches.reduce((sum, { calls }) => sum + calls, 0),
    seconds: answer.stretches.at(-1)?.endS ?? 0,
    samples: blockSamples(answer.stretches, clients, { startNs, batchSize }),
    startC: heat[0]?.temperatureC,
    // Start and end are different samples.
    endC: heat.length > 1 ? heat.at(-1)?.temperatureC : undefined,
  };
}

function artifactOf(given: {
  readonly options: ThermalRunOptions;
  readonly path: string;
  readonly digest: string;
  readonly blocks: readonly LoadBlock[];
  readonly waits: readonly CoolDownResult[];
  readonly out: string;
}): ThermalStability {
  const { options, path, digest, blocks, waits, out } = given;
  const { seconds, threads, batchSize, limits = {} } = options;
  const wanted = blocks[0]?.calls ?? 0;
  // Burst and sustained stretch of a short load are shorter, in proportion.
  const trace = {
    burstS: Math.min(60, seconds / 3),
    sustainedS: Math.min(120, seconds / 2),
    binS: Math.min(10, seconds / 18),
  };
  let coldRate: number | undefined;
  const runs = blocks.map((block): ThermalRun => {
    const analysis = analyzeThermalTrace(block.samples, {
      ...trace,
      ...(coldRate === undefined ? {} : { referenceRate: coldRate }),
    });
    coldRate ??= analysis.burst.value;
    return {
      summaryPath: `${basename(out)}.samples.ndjson`,
      // Work that was cut short by the cap would have taken in proportion longer.
      totalLatencyS: block.calls > 0 ? (block.seconds * wanted) / block.calls : undefined,
      startC: block.startC,
      endC: block.endC,
      trace: analysis,
    };
  });
  const setting = {
    model_sha256: digest,
    seconds,
    blocks: options.blocks,
    threads,
    batch_size: batchSize,
    probe: options.probe,
  };
  const settingDigest = sha256(canonicalJson(setting));
  const artifact = buildThermalStability(runs, {
    labels: {
      generated_at: isoTime(systemClock),
      hardware_fingerprint: hostFingerprint().hard,
      execution_lane: options.executionLane ?? "lab",
      vram_profile: options.vramProfile ?? "safe",
      model_id: basename(path).replace(/\.onnx$/i, ""),
      quant_tag: options.quantTag ?? "as-given",
      provenance: {
        commit_sha: null,
        config_digest: settingDigest,
        plan_digest: settingDigest,
        tool_versions: { node: process.versions.node },
        ref: options.ref ?? null,
      },
    },
    thresholds: { ...THERMAL_DEFAULTS, ...limits },
  });
  const cool_downs = waits.map(({ state, waitedS, fromC, toC }) => {
    return { state, waited_s: waitedS, from_c: fromC ?? null, to_c: toC ?? null };
  });
  const whole = { ...artifact, cool_downs };
  return validator.validate("thermal_stability.v1", whole, { what: "the artifact", code: "STORE_SCHEMA" });
}

async function write(
  artifact: ThermalStability,
  blocks: readonly LoadBlock[],
  { out, startNs }: { readonly out: string; readonly startNs: bigint },
): Promise<void> {
  const lines = blocks.flatMap(({ samples }, block) => samples.map((sample) => sampleLine(block, sample)));
  await atomicWrite(`${out}.samples.ndjson`, `${lines.join("\n")}\n`);
  await atomicWrite(`${out}.svg`, timeSeriesSvg(seriesPlot(artifact, blocks, startNs)));
  await atomicWrite(out, artifactJson(artifact));
}

function sampleLine(
  block: number,
  { atS, rate, temperatureC, clockHz, throttled, powerW }: ThermalSample & { readonly powerW?: number },
): string {
  return canonicalJson({
    block,
    at_s: atS,
    rate,
    temperature_c: temperatureC ?? null,
    clock_hz: clockHz ?? null,
    power_w: powerW ?? null,
    throttled: throttled ?? null,
  });
}
