import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type LayerRows, readActivationRows } from "../datasets/activation-rows.ts";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type {
  QuantizeAttempt,
  QuantizedLayerRow,
  QuantizeReport,
  StepGain,
} from "../domain/generated/quantize-report-v1.ts";
import { secondsSince, systemClock } from "../platform/clock.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { writeError } from "../platform/file-errors.ts";
import { atomicWrite, copyFile, ensureFolder } from "../platform/files.ts";
import { type DeploymentProfile, profileRow, type RungBits } from "../quantize/deployment-profile.ts";
import { climbLadder, type LadderResult } from "../quantize/fallback-ladder.ts";
import { type Modality, type StrategyStep, strategyFor } from "../quantize/strategy.ts";
import { worstLayer } from "../quantize/worst-layer.ts";
import type { LayerCache } from "../store/layer-cache.ts";
import type { FolderTensor, ModelFolder } from "../store/model-folder.ts";
import { type TensorToWrite, writeSafetensors } from "../store/safetensors.ts";
import { layersMetadata, layerTensors } from "./layer-artifact.ts";
import { checkReport, type LadderQuantization } from "./quantize-ladder.ts";
import { type FinishedLayer, type LayersProgress, quantizeLayers, reportRow } from "./quantize-layers.ts";
import { whyKept } from "./read-layer.ts";

export interface FolderRequest {
  readonly folder: ModelFolder;
  readonly modality: { readonly value: Modality; readonly origin: "metadata" | "flag" };
  readonly profile: DeploymentProfile;
  readonly failFast: boolean;
  readonly disabled: ReadonlySet<StrategyStep>;
  /** File of activation rows; without it they are synthetic. */
  readonly calibration?: string | undefined;
  readonly seed: number;
  /** Folder that the quantized folder is made in. */
  readonly outDir: string;
  readonly cache: LayerCache;
  readonly workers: number;
  readonly budgetBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: ((attempt: QuantizeAttempt) => void) | undefined;
  readonly onLayers?: ((progress: LayersProgress) => void) | undefined;
}

export const REPORT_FILE = "quantize.json";

interface Candidate {
  readonly file: string;
  readonly layers: readonly FinishedLayer[];
}

/**
 * Quantizes a folder of safetensors or Parquet layers by the strategy of its modality, down the profile's ladder, into
 * `<outDir>/<folder>-int<bits>/`: the weights, the report, and every other file of the folder. The new folder appears whole, in one
 * step; whatever goes wrong before leaves nothing but finished layers in the cache.
 */
export async function quantizeFolder(request: FolderRequest): Promise<LadderQuantization> {
  const { folder, modality, profile, signal, outDir } = request;
  const start = systemClock.monotonicNs();
  const rows =
    request.calibration === undefined ? new Map<string, LayerRows>() : await readActivationRows(request.calibration);
  const layers = folder.tensors.filter((tensor) => whyKept(tensor) === undefined);
  if (layers.length === 0) {
    throw new HarnessError("QUANTIZE_UNSUPPORTED", `${folder.path} holds no tensor that can be quantized.`, {
      hint: "Layers are floating point tensors of two axes or more and at least 256 weights.",
    });
  }
  const unread = [...rows.keys()].find((name) => !layers.some((layer) => layer.name === name));
  if (unread !== undefined) {
    throw new HarnessError(
      "CONFIG_DATA_INVALID",
      `The calibration file has rows for '${unread}', which is no layer of the model.`,
      {
        hint: `Layers: ${layers
          .slice(0, 8)
          .map((layer) => layer.name)
          .join(", ")}${layers.length > 8 ? ", ..." : ""}.`,
      },
    );
  }
  const strategy = strategyFor(modality.value);
  const name = (bits: RungBits) => `${basename(folder.path)}-int${bits}`;
  for (const bits of [2, 4, 8] as const) await refuseForeignFolder(join(outDir, name(bits)));
  await ensureFolder(outDir);
  const staging = join(outDir, `.${basename(folder.path)}.${randomBytes(6).toString("hex")}.tmp`);
  await ensureFolder(staging);
  try {
    const ladder = await climbLadder<Candidate>({
      profile,
      failFast: request.failFast,
      signal,
      now: () => secondsSince(systemClock, start),
      nameOf: () => strategy.name,
      onAttempt: request.onAttempt,
      async make(bits) {
        const made = await quantizeLayers({
          ...request,
          tensors: layers,
          bits,
          steps: strategy.steps,
          rows,
          onProgress: request.onLayers,
        });
        const file = join(staging, `model-int${bits}.safetensors`);
        const written = await writeCandidate(file, folder.tensors, made, request.cache).catch((error: unknown) => {
          throw error instanceof HarnessError ? error : writeError(file, error);
        });
        return {
          artifact: { file, layers: made },
          recipe: strategy.name,
          ...written,
          ...measure(made),
          worstLayer: worstLayer(
            made.map(({ record }) => ({ name: record.row.name, weight_sqnr_db: record.row.sqnr_db })),
          ),
        };
      },
    });
    signal?.throwIfAborted();
    return await publish(request, ladder, { staging, seconds: () => secondsSince(systemClock, start), name, rows });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Layers count by their weights: a small one must not hide what happens in a large one. */
function measure(layers: readonly FinishedLayer[]): {
  readonly quality: number | null;
  readonly cosine: number | null;
} {
  let weights = 0;
  let sum = 0;
  for (const { record } of layers) {
    const { shape, cosine } = record.row;
    if (cosine === null) return { quality: null, cosine: null };
    const own = shape.reduce((product, dim) => product * dim, 1);
    weights += own;
    sum += own * cosine;
  }
  return { quality: sum / weights, cosine: sum / weights };
}

async function writeCandidate(
  file: string,
  tensors: readonly FolderTensor[],
  made: readonly FinishedLayer[],
  cache: LayerCache,
) {
  const byName = new Map(made.map((layer) => [layer.record.row.name, layer]));
  const stored = Object.fromEntries(made.map(({ record }) => [record.row.name, record.stored]));
  const toWrite = tensors.flatMap((tensor): TensorToWrite[] => {
    const layer = byName.get(tensor.name);
    if (layer === undefined) return [{ ...tensor, bytes: () => tensor.read() }];
    return layerTensors(layer.record, async () => {
      const found = await cache.get(layer.key);
      if (found !== undefined) return found.bytes;
      throw new HarnessError("STORE_MISSING", `The cached layer ${tensor.name} vanished while it was needed.`, {
        hint: "Something empties the cache folder; run again.",
      });
    });
  });
  const twice = toWrite.find((tensor, i) => toWrite.findIndex((other) => other.name === tensor.name) !== i);
  if (twice !== undefined) {
    throw new HarnessError(
      "QUANTIZE_UNSUPPORTED",
      `A tensor named '${twice.name}' is in the way of a quantized layer's.`,
      {
        hint: "Rename it in the source.",
      },
    );
  }
  return writeSafetensors(file, toWrite, layersMetadata(stored));
}

/** Moves the kept candidate, the other files and the report into place, in one rename. */
async function publish(
  request: FolderRequest,
  ladder: LadderResult<Candidate>,
  {
    staging,
    seconds,
    name,
    rows,
  }: {
    readonly staging: string;
    readonly seconds: () => number;
    readonly name: (bits: RungBits) => string;
    readonly rows: ReadonlyMap<string, LayerRows>;
  },
): Promise<LadderQuantization> {
  const { folder, outDir } = request;
  const { kept } = ladder;
  const sourceBytes = await Promise.all(folder.weightFiles.map(async (file) => (await stat(file)).size));
  const digests = await Promise.all(folder.weightFiles.map(sha256OfFile));
  const source = {
    name: basename(folder.path),
    kind: folder.kind,
    sha256: digests.length === 1 ? (digests[0] as string) : sha256(digests.join("\n")),
    bytes: sourceBytes.reduce((sum, bytes) => sum + bytes, 0),
  };
  const path = kept === undefined ? null : join(outDir, name(kept.bits));
  const report = describe(request, ladder, { source, seconds: seconds(), path, rows });
  checkReport(report);
  let reportPath = join(outDir, `${basename(folder.path)}-${REPORT_FILE}`);
  if (kept === undefined || path === null) await atomicWrite(reportPath, artifactJson(report));
  else {
    const whole = join(staging, "whole");
    await ensureFolder(whole);
    for (const file of folder.otherFiles) await copyFile(join(folder.path, file), join(whole, file));
    await rename(kept.result.artifact.file, join(whole, basename(kept.result.artifact.file)));
    await atomicWrite(join(whole, REPORT_FILE), artifactJson(report));
    request.signal?.throwIfAborted();
    await replaceFolder(whole, path);
    reportPath = join(path, REPORT_FILE);
  }
  return {
    path,
    passes: kept?.passes ?? false,
    modality: request.modality.value,
    bits: kept?.bits ?? null,
    bytes: kept?.result.bytes ?? null,
    compressionRatio: report.result?.compression_ratio ?? null,
    quality: kept?.result.quality ?? null,
    seconds: report.seconds,
    reportPath,
    report,
    manifest: undefined,
  };
}

function describe(
  request: FolderRequest,
  ladder: LadderResult<Candidate>,
  facts: {
    readonly source: QuantizeReport["source"];
    readonly seconds: number;
    readonly path: string | null;
    readonly rows: ReadonlyMap<string, LayerRows>;
  },
): QuantizeReport {
  const { folder, profile, modality } = request;
  const { kept } = ladder;
  const made = kept?.result.artifact.layers.map(reportRow) ?? [];
  const carried = folder.tensors.flatMap((tensor): QuantizedLayerRow[] => {
    const reason = whyKept(tensor);
    const { name, shape, bytes } = tensor;
    const nothing = { bits: null, sqnr_db: null, cosine: null, calibration: null, steps: [], reused: false };
    return reason === undefined ? [] : [{ ...nothing, name, shape: [...shape], bytes, kept_reason: reason }];
  });
  const counts = [...facts.rows.values()].map((rows) => Math.min(rows.count, profile.calibration_samples));
  const used = counts.length > 0 ? Math.max(...counts) : profile.calibration_samples;
  const allMeasured = made.length > 0 && made.every((row) => row.calibration === "measured");
  return {
    schema_version: "quantgate.quantize_report.v1",
    source: facts.source,
    modality,
    strategy: { name: strategyFor(modality.value).name, disabled: [...request.disabled] },
    profile: profileRow(profile),
    calibration: {
      origin: allMeasured || facts.rows.size > 0 ? "rows" : "synthetic",
      items: used,
      held_out: used < 5 ? used : Math.floor(used / 5),
      seed: allMeasured ? null : request.seed,
    },
    fail_fast: request.failFast,
    status: ladder.status,
    attempts: [...ladder.attempts] as QuantizeReport["attempts"],
    fallbacks: ladder.attempts.filter((attempt) => attempt.status !== "pass").length,
    result:
      kept === undefined || facts.path === null
        ? null
        : {
            path: basename(kept.result.artifact.file),
            sha256: kept.result.sha256,
            bits: kept.bits,
            bytes: kept.result.bytes,
            compression_ratio: facts.source.bytes / kept.result.bytes,
            quality: kept.result.quality,
            passes: kept.passes,
          },
    gains: stepGains(made),
    layers: [...made, ...carried],
    carried_over: [...folder.otherFiles],
    seconds: facts.seconds,
  };
}

function stepGains(layers: readonly QuantizedLayerRow[]): StepGain[] {
  const steps = layers.flatMap((layer) => layer.steps);
  return [...new Set(steps.map(({ step }) => step))].map((step) => {
    const own = steps.filter((row) => row.step === step);
    const gains = own
      .flatMap(({ with_db: after, without_db: before }) => (after === null || before === null ? [] : [after - before]))
      .sort((a, b) => a - b);
    const middle = gains.length >> 1;
    const median = gains.length % 2 === 1 ? gains[middle] : ((gains[middle - 1] ?? 0) + (gains[middle] ?? 0)) / 2;
    return {
      step,
      layers: own.filter((row) => row.applied).length,
      measured: gains.length,
      median_gain_db: gains.length === 0 ? null : (median ?? null),
      added_bytes: own.reduce((sum, row) => sum + (row.applied ? (row.added_bytes ?? 0) : 0), 0),
    };
  });
}

/** An older result of ours is replaced; anything else in the way is somebody's. */
async function refuseForeignFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  const isOurs = found.isDirectory() && (await stat(join(path, REPORT_FILE)).catch(() => undefined)) !== undefined;
  if (isOurs) return;
  throw new HarnessError("STORE_WRITE", `${path} exists, and is no earlier result of quantize.`, {
    hint: "Choose another --out-dir, or move it away.",
  });
}

async function replaceFolder(from: string, to: string): Promise<void> {
  try {
    const aside = join(dirname(from), "replaced");
    if ((await stat(to).catch(() => undefined)) !== undefined) await rename(to, aside);
    await rename(from, to);
  } catch (error) {
    throw writeError(to, error);
  }
}
