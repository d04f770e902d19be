import { join } from "node:path";
import { loadDataset } from "../datasets/load-dataset.ts";
import { overlap } from "../datasets/overlap.ts";
import { HarnessError } from "../domain/errors.ts";
import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import type { ItemTensor } from "../domain/item-tensor.ts";
import type { TrialRequest } from "../domain/runtime-port.ts";
import { classify } from "../evaluators/classify.ts";
import { effectDoc } from "../gate/effect.ts";
import { planRandom } from "../plan/plan-random.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import { writePrepared } from "../platform/prepared-items.ts";
import { confoundedPairs } from "../quantize/matched-granularity.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import * as stats from "../stats/index.ts";
import { resolvePath } from "../store/config-file.ts";
import { cacheFolder } from "../store/variant-cache.ts";
import { readQuantizeItems } from "./quantize-items.ts";
import { rowDataset } from "./row-dataset.ts";
import { layerProfiler, type ProfiledVariant, type SlowLayers } from "./slow-layers.ts";

export interface ComparedFile {
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
  readonly sessionConfig: Readonly<Record<string, string>>;
  readonly kernels: { readonly native: number; readonly emulated: number; readonly skipped: number } | null;
  /** The manifest's layers; without them nobody can say which are slow. */
  readonly layers?: ProfiledVariant["layers"] | undefined;
  readonly recipe?: Recipe | undefined;
}

/** One row of the comparison; the first is the original. */
export interface ComparedVariant extends Omit<ComparedFile, "sessionConfig" | "layers" | "recipe"> {
  /** Share of the items right, with a Wilson interval; null where the items have no labels. */
  readonly accuracy: EstimateDoc | null;
  /** Items that the original had right and this one wrong, and the reverse. */
  readonly b: number;
  readonly c: number;
  /** Median of the rounds' median seconds a call at batch 1. */
  readonly latency_s: number;
  /** Original's latency by this one's. */
  readonly speedup: number;
  /** Where it is slower than the original: the layers that are. */
  readonly slower: SlowLayers | null;
}

export interface Comparison {
  readonly items: number;
  readonly noun: string;
  readonly rounds: number;
  readonly variants: readonly ComparedVariant[];
  /** Pairs that are no comparison of bits, a sentence each. */
  readonly confounded: readonly string[];
}

/** Rounds of the latency loop; each round runs every variant once, so that a change of the machine meets all of them. */
const ROUNDS = 3;
const LEVEL = 0.95;
const LATENCY_ITEMS = 50;

/**
 * Runs the original and its variants on the config's dataset: accuracy once, latency in interleaved rounds. A first look, not a verdict:
 * that is what a sweep is for. Undefined where the dataset is not a classification.
 */
export async function compareVariants(options: {
  readonly files: readonly [ComparedFile, ...ComparedFile[]];
  readonly config: string;
  readonly dataDir?: string | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number, label: string) => void) | undefined;
}): Promise<Comparison | undefined> {
  const { files, signal } = options;
  const { config, roots, items: learnt } = await readQuantizeItems(options);
  if (config.runtime.kind !== "onnxruntime") return undefined;
  const dataset = await loadDataset(rowDataset(config.dataset), {
    resolvePath: (path) => resolvePath(path, roots),
    signal,
  });
  if (dataset.boxes !== undefined) return undefined;
  const shared = overlap(learnt?.dataset.hashes ?? [], dataset.hashes);
  if (shared.length > 0) {
    throw new HarnessError(
      "CONFIG_CALIBRATION_OVERLAP",
      `${shared.length} calibration items are also in the dataset that accuracy is measured on.`,
      { hint: "Separate the two sets, or leave the comparison out with --no-compare." },
    );
  }
  const itemsPath = join(cacheFolder(options.env), "items", `${dataset.digest}.items`);
  await writePrepared(itemsPath, dataset.items, dataset.labels);
  const subset = planRandom(config.seed).permutation("subset", dataset.count).slice(0, LATENCY_ITEMS);
  const request = async (file: ComparedFile, round: number): Promise<TrialRequest> => ({
    trialId: `compare.${file.id}.${round}`,
    cellId: file.id,
    variantId: file.id,
    block: round,
    seed: config.seed,
    model: { path: file.path, sha256: await sha256OfFile(file.path) },
    itemsPath,
    session: {
      threads: 1,
      optimizationLevel: config.runtime.optimization_level,
      cpuMemArena: config.runtime.cpu_mem_arena,
      memPattern: config.runtime.mem_pattern,
      sessionConfig: { ...config.runtime.session_config, ...file.sessionConfig },
    },
    latency: { batchSize: 1, warmupIterations: 10, warmupMs: 50, minSamples: 20, maxSamples: 2000, timeBudgetMs: 250 },
    subset,
    evaluateAll: round === 0,
    evaluateBatchSize: config.evaluate_batch_size,
    timeoutMs: config.runtime.timeout_sec * 1000,
  });
  const runtime = onnxruntime();
  const measured = files.map(() => ({ medians: [] as number[], correct: new Uint8Array(), top1: 0 }));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, file] of files.entries()) {
        signal.throwIfAborted();
        options.onProgress?.(round * files.length + i, ROUNDS * files.length, file.id);
        const trial = await runtime.runTrial(await request(file, round), { signal });
        const into = measured[i] as (typeof measured)[number];
        into.medians.push(median(trial.latencyS));
        if (trial.allOutputs === undefined) continue;
        const score = classify({ outputs: trial.allOutputs, classes: trial.outputSize, labels: dataset.labels });
        Object.assign(into, { correct: score.correct, top1: score.top1 });
      }
    }
  } finally {
    await runtime.close();
  }
  const [first] = measured;
  const base = median(first?.medians ?? []);
  const slower = await profileSlower(options, dataset.items, (i) => base / median(measured[i]?.medians ?? []));
  const variants = files.map(({ sessionConfig: _, layers: __, recipe: ___, ...file }, i): ComparedVariant => {
    const { correct, medians, top1 } = measured[i] as (typeof measured)[number];
    const both = stats.wilson({ successes: top1, n: dataset.count }, { level: LEVEL });
    const differ = (was: number) =>
      correct.reduce((sum, right, n) => sum + (right !== first?.correct[n] && first?.correct[n] === was ? 1 : 0), 0);
    const latency = median(medians);
    return {
      ...file,
      accuracy: effectDoc(both),
      b: differ(1),
      c: differ(0),
      latency_s: latency,
      speedup: base / latency,
      slower: slower[i] ?? null,
    };
  });
  const recipes = files.flatMap(({ id, recipe }) => (recipe === undefined ? [] : [{ id, recipe }]));
  const confounded = confoundedPairs(recipes).map(({ message }) => message);
  return { items: dataset.count, noun: dataset.itemNoun, rounds: ROUNDS, variants, confounded };
}

/** What is slow in the files that are slower than the first. */
async function profileSlower(
  { files, signal }: { readonly files: readonly [ComparedFile, ...ComparedFile[]]; readonly signal: AbortSignal },
  items: ItemTensor,
  speedupOf: (index: number) => number,
): Promise<(SlowLayers | undefined)[]> {
  const isSlow = files.map(({ layers }, i) => i > 0 && layers !== undefined && speedupOf(i) < 1);
  if (!isSlow.some(Boolean)) return [];
  const session = childSessions({ signal });
  try {
    const [{ path }] = files;
    const bytes = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
    const profile = await layerProfiler({ original: { path, bytes }, items, session });
    const found: (SlowLayers | undefined)[] = [];
    for (const [i, file] of files.entries()) {
      found.push(isSlow[i] ? await profile({ ...file, layers: file.layers ?? [] }) : undefined);
    }
    return found;
  } finally {
    await session.close();
  }
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
