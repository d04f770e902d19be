import { canonicalJson } from "../domain/canonical-json.ts";
import type { DeviceWindowDoc, ProbeWindowDoc, TelemetryRef, TrialTelemetry } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { systemClock } from "../platform/clock.ts";
import { findProgram } from "../platform/find-program.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { type ProbeClient, startProbe } from "../telemetry/probe-client.ts";
import type { DeviceWindow, ReadingSummary } from "../telemetry/summarize-window.ts";
import { type CoolDownResult, coolDown } from "./cool-down.ts";

type Backend = ProbeClient["backend"];
type Planned = NonNullable<Plan["telemetry"]>;

/** A probe that does not speak within this long is not waited for. */
const FIRST_SAMPLE_MS = 3000;
/** A probe that keeps ending is let go. */
const MOST_RESTARTS = 3;

/** Probes beside a run's trials. Whatever they do, nothing here throws. */
export interface TrialWatch {
  /** Waits for the first samples, a little while. */
  ready(): Promise<void>;
  /** What was read in a stretch of the monotonic clock; its samples are on the disk before this resolves. */
  window(startNs: bigint, endNs: bigint): Promise<TrialTelemetry>;
  /** Waits until the machine is cool, where the plan asks for that. Rejects on abort alone. */
  coolDown(signal: AbortSignal): Promise<CoolDownResult | undefined>;
  stop(): Promise<void>;
}

/** Starts the probes of a plan; undefined where it has none. */
export function watchTrials(plan: Pick<Plan, "telemetry">, folder: RunFolder): TrialWatch | undefined {
  const { telemetry } = plan;
  const backends = telemetry === undefined ? [] : backendsOf(telemetry.probe);
  if (telemetry === undefined || backends.length === 0) return undefined;
  const probes = backends.flatMap((backend) => devicesOf(backend, telemetry).map((device) => probe(backend, device)));
  function probe(backend: Backend, device: string | undefined) {
    return { client: start(backend, device, telemetry as Planned), backend, device, restarts: 0 };
  }
  const startNs = systemClock.monotonicNs();
  return {
    async ready() {
      await Promise.all(probes.map(({ client }) => client.ready(FIRST_SAMPLE_MS)));
    },
    async window(fromNs, toNs) {
      const windows: ProbeWindowDoc[] = [];
      for (const one of probes) {
        windows.push(await windowOf(one.client, { fromNs, toNs }, folder));
        if (one.client.isRunning() || one.restarts >= MOST_RESTARTS) continue;
        // Killed by someone: the trials after this one shall be read again.
        one.restarts++;
        one.client = start(one.backend, one.device, telemetry);
      }
      return { start_ns: String(fromNs), end_ns: String(toNs), probes: windows };
    },
    async coolDown(signal) {
      if (telemetry.cool_down === null) return undefined;
      const { target_c, cap_sec } = telemetry.cool_down;
      const clients = probes.map(({ client }) => client);
      return coolDown(clients, { startNs, targetC: target_c ?? undefined, capS: cap_sec, signal });
    },
    async stop() {
      await Promise.all(probes.map(({ client }) => client.stop()));
    },
  };
}

/** The processors are always read; of cards those asked for, or those whose tool is installed. */
export function backendsOf(probe: Planned["probe"], has: (tool: string) => boolean = isInstalled): Backend[] {
  switch (probe) {
    case "none":
      return [];
    case "cpu_only":
      return ["cpu"];
    case "nvidia":
    case "amd":
      return ["cpu", probe];
    case "auto":
      return [
        "cpu",
        ...(has("nvidia-smi") ? (["nvidia"] as const) : []),
        ...(has("rocm-smi") || has("amd-smi") ? (["amd"] as const) : []),
      ];
  }
}

function isInstalled(tool: string): boolean {
  return findProgram(tool) !== undefined;
}

/** One probe a card that was named, one for all where none was. */
function devicesOf(backend: Backend, { devices }: Planned): (string | undefined)[] {
  return backend === "cpu" || devices.length === 0 ? [undefined] : [...devices];
}

function start(backend: Backend, device: string | undefined, { rate_hz }: Planned): ProbeClient {
  return startProbe({
    backend,
    intervalMs: Math.max(20, Math.round(1000 / rate_hz)),
    // Trials are children of this process, so their memory is told apart from others'.
    pids: [process.pid],
    ...(device === undefined ? {} : { device }),
  });
}

async function windowOf(
  client: ProbeClient,
  { fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint },
  folder: RunFolder,
): Promise<ProbeWindowDoc> {
  const { samples, devices, notes } = client.window(fromNs, toNs);
  const lines = client.around(fromNs, toNs).flatMap(({ line }) => (line === undefined ? [] : [canonicalJson(line)]));
  return {
    backend: client.backend,
    samples,
    file: await store(folder, lines),
    problems: [...new Set(notes.map(({ code }) => code))].filter((code) => code !== "TOOL_WARNING").sort(),
    devices: devices.map(deviceDoc),
  };
}

/** Readings that cannot be written are readings that are missing: the trial stands. */
async function store(folder: RunFolder, lines: readonly string[]): Promise<TelemetryRef | null> {
  if (lines.length === 0) return null;
  return folder.putLines("telemetry", lines).catch(() => null);
}

function deviceDoc({ id, kind, uuid, name, samples, readings, clockReasons }: DeviceWindow): DeviceWindowDoc {
  const docs = Object.entries(readings).map(([key, reading]) => [key, readingDoc(reading)] as const);
  return {
    id,
    kind,
    uuid,
    name,
    samples,
    readings: Object.fromEntries(docs),
    clock_reasons: clockReasons === undefined ? null : { ...clockReasons },
  };
}

function readingDoc(reading: ReadingSummary): DeviceWindowDoc["readings"][string] {
  if (reading.kind !== "counter") return reading;
  const { kind, n, change, coveredS } = reading;
  return { kind, n, change, covered_s: coveredS };
}
