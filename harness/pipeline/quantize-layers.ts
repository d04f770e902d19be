import type { LayerRows } from "../datasets/activation-rows.ts";
import type { QuantizedLayerRow } from "../domain/generated/quantize-report-v1.ts";
import { secondsSince, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { runOnThreads, type ThreadTask } from "../platform/thread-pool.ts";
import { workerModule } from "../platform/worker-module.ts";
import type { DeploymentProfile, RungBits } from "../quantize/deployment-profile.ts";
import type { LayerOutcome, LayerTask } from "../quantize/quantize-layer.ts";
import { QUANTIZER_REVISION } from "../quantize/revision.ts";
import type { StrategyStep } from "../quantize/strategy.ts";
import type { LayerCache } from "../store/layer-cache.ts";
import type { FolderTensor } from "../store/model-folder.ts";
import { type LayerRecord, recordLayer } from "./layer-artifact.ts";
import { layerFloats, layerRows } from "./read-layer.ts";

export interface LayersJob {
  readonly tensors: readonly FolderTensor[];
  readonly bits: RungBits;
  readonly profile: DeploymentProfile;
  readonly steps: readonly StrategyStep[];
  readonly disabled: ReadonlySet<StrategyStep>;
  readonly rows: ReadonlyMap<string, LayerRows>;
  readonly seed: number;
  readonly cache: LayerCache;
  readonly workers: number;
  readonly budgetBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LayersProgress) => void) | undefined;
}

export interface LayersProgress {
  readonly bits: RungBits;
  readonly done: number;
  readonly total: number;
  readonly layer: string;
  /** Undefined while no layer has been made in this run. */
  readonly secondsLeft: number | undefined;
}

export interface FinishedLayer {
  readonly key: string;
  readonly record: LayerRecord;
  readonly reused: boolean;
}

/** What a layer under way holds, in bytes of its float32 weights: source, codes, two candidates and their real values. */
const WORKING_COPIES = 6;

/**
 * Quantizes every layer at one width on worker threads. Finished layers go to the cache at once, by the digest of all they are made
 * from, so that a run that was cut off makes only what is missing, and memory holds only layers under way.
 */
export async function quantizeLayers(job: LayersJob): Promise<FinishedLayer[]> {
  const { tensors, cache, signal } = job;
  const finished: (FinishedLayer | undefined)[] = tensors.map(() => undefined);
  const keys: string[] = [];
  const missing: number[] = [];
  let done = 0;
  const report = (index: number, secondsLeft: number | undefined) => {
    const layer = tensors[index]?.name ?? "";
    job.onProgress?.({ bits: job.bits, done: ++done, total: tensors.length, layer, secondsLeft });
  };
  for (const [index, tensor] of tensors.entries()) {
    signal?.throwIfAborted();
    const key = cache.key(await madeFrom(job, tensor));
    keys.push(key);
    const found = await cache.get(key);
    if (found === undefined) missing.push(index);
    else {
      finished[index] = { key, record: found.document as LayerRecord, reused: true };
      report(index, undefined);
    }
  }
  const start = systemClock.monotonicNs();
  const sizeOf = (index: number) => (tensors[index] as FolderTensor).shape.reduce((product, dim) => product * dim, 4);
  const all = missing.reduce((sum, index) => sum + sizeOf(index), 0);
  let made = 0;
  const calibration = new Map<number, "measured" | "synthetic">();
  await runOnThreads<LayerTask, LayerOutcome>({
    module: workerModule("./layer-worker", import.meta.url),
    threads: job.workers,
    budgetBytes: job.budgetBytes,
    signal,
    tasks: missing.map(
      (index): ThreadTask<LayerTask> => ({
        bytes: WORKING_COPIES * sizeOf(index),
        load: async () => {
          const task = await layerTask(job, tensors[index] as FolderTensor);
          calibration.set(index, task.calibration);
          return { input: task, transfer: [task.weights.buffer] };
        },
      }),
    ),
    onDone: async (position, outcome) => {
      const index = missing[position] as number;
      const { name, shape } = tensors[index] as FolderTensor;
      const layer = { name, shape, bits: job.bits, calibration: calibration.get(index) ?? "synthetic" };
      const { record, bytes } = recordLayer(outcome, layer);
      await cache.put(keys[index] as string, record, bytes);
      finished[index] = { key: keys[index] as string, record, reused: false };
      made += sizeOf(index);
      report(index, (secondsSince(systemClock, start) / made) * (all - made));
    },
  });
  return finished as FinishedLayer[];
}

export function reportRow({ record, reused }: FinishedLayer): QuantizedLayerRow {
  return { ...record.row, reused };
}

async function layerTask(job: LayersJob, tensor: FolderTensor): Promise<LayerTask> {
  const { name, shape } = tensor;
  const { profile, seed } = job;
  const weights = layerFloats(tensor, await tensor.read());
  const columns = weights.length / (shape[0] as number);
  const { rows, calibration } = layerRows({ name, columns }, job.rows.get(name), {
    samples: profile.calibration_samples,
    seed,
  });
  return {
    name,
    shape,
    weights,
    rows,
    calibration,
    bits: job.bits,
    groupSize: profile.group_size,
    timeGroups: profile.time_groups,
    steps: job.steps,
    disabled: [...job.disabled].sort(),
  };
}

/** All that a layer's outcome depends on. */
async function madeFrom(job: LayersJob, tensor: FolderTensor): Promise<object> {
  const { profile, seed } = job;
  const given = job.rows.get(tensor.name);
  return {
    revision: QUANTIZER_REVISION,
    name: tensor.name,
    shape: tensor.shape,
    dtype: tensor.dtype,
    weights: sha256(await tensor.read()),
    rows: given === undefined ? { seed } : { values: digest(given.values), times: digest(given.times) },
    bits: job.bits,
    group_size: profile.group_size,
    time_groups: profile.time_groups,
    samples: profile.calibration_samples,
    steps: job.steps,
    disabled: [...job.disabled].sort(),
  };
}

function digest({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}
