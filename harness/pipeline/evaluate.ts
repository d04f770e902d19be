import { join, resolve } from "node:path";
import { loadDataset } from "../datasets/load-dataset.ts";
import type { Dataset } from "../domain/dataset.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import type { PlannedDetection } from "../domain/generated/plan-v1.ts";
import type { TrialMeasurement, TrialRequest } from "../domain/runtime-port.ts";
import { effectDoc } from "../gate/effect.ts";
import { planDetection } from "../plan/plan-detection.ts";
import { planRandom } from "../plan/plan-random.ts";
import { resolveConfig } from "../plan/resolve-config.ts";
import { sha256 } from "../platform/digest.ts";
import { writePrepared } from "../platform/prepared-items.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import * as stats from "../stats/index.ts";
import { pathRoots, readConfig, resolvePath } from "../store/config-file.ts";
import { cacheFolder } from "../store/variant-cache.ts";
import { detectionFigures, rowMapping } from "./detect-items.ts";
import { type ModelSource, readModelFile, refuseBrokenModel } from "./model-file.ts";
import { plainTrial } from "./plain-trial.ts";
import { rowDataset } from "./row-dataset.ts";
import { type ItemScores, scoreItems } from "./score-items.ts";

export interface EvaluateOptions extends ModelSource {
  /** Matrix config whose dataset, warm-up and latency settings are used. */
  readonly config: string;
  readonly threads: number;
  readonly batchSize?: number | undefined;
  /** Detectors: the first so many image ids; and a path of a list of them. */
  readonly maxImages?: number | undefined;
  readonly imageIdsList?: string | undefined;
  readonly signal?: AbortSignal;
}

const LEVEL = 0.95;
const LATENCY_ITEMS = 200;

/** Evaluates one model on every item of a dataset, once, in its own process. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { cwd = process.cwd(), env = process.env, signal = new AbortController().signal } = options;
  const { path, bytes } = await readModelFile(options);
  refuseBrokenModel(bytes, path);
  const raw = await readConfig(resolve(cwd, options.config));
  const roots = pathRoots({
    configPath: options.config,
    flag: options.dataDir,
    env: env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd,
  });
  const list = options.imageIdsList;
  const { config } = resolveConfig(raw, {
    maxImages: options.maxImages,
    imageIdsList: list === undefined ? undefined : resolve(cwd, list),
  });
  const dataset = await loadDataset(rowDataset(config.dataset), { resolvePath: (name) => resolvePath(name, roots) });
  const itemsPath = join(cacheFolder(env), "items", `${dataset.digest}.items`);
  await writePrepared(itemsPath, dataset.items, dataset.labels);
  const digest = sha256(bytes);
  const detection = planDetection(config);
  const rows = detection && rowMapping(detection, dataset.classNames.length);
  const request = plainTrial({
    trialId: "evaluate",
    cellId: "evaluate",
    config,
    model: { path, sha256: digest },
    itemsPath,
    threads: options.threads,
    subset: planRandom(config.seed).permutation("subset", dataset.count).slice(0, LATENCY_ITEMS),
    evaluation: { batchSize: options.batchSize ?? config.evaluate_batch_size, rows },
  });
  const runtime = onnxruntime();
  try {
    const measurement = await runtime.runTrial(request, { signal });
    const model = { path: options.model, sha256: digest, bytes: bytes.length };
    const figures = detection && detectionFigures(measurement, dataset, detection);
    const scored = report(measurement, { dataset, request, detection });
    return { ...scored, ...(figures === undefined ? {} : { detection: figures }), model };
  } finally {
    await runtime.close();
  }
}

function report(
  measured: TrialMeasurement,
  given: { dataset: Dataset; request: TrialRequest; detection: PlannedDetection | undefined },
): Omit<Evaluation, "model" | "detection"> {
  const { dataset, request, detection } = given;
  const outputs = measured.allOutputs ?? new Float32Array(0);
  const { labels, boxes, classNames } = dataset;
  const scored = { labels, boxes, detection, classes: classNames.length };
  const score = scoreItems(scored, { outputs, rowSize: measured.outputSize, items: undefined });
  const share = (correct: number, n: number) => effectDoc(stats.wilson({ successes: correct, n }, { level: LEVEL }));
  const quantile = (p: number) => effectDoc(stats.quantileInterval(measured.latencyS, { quantile: p, level: LEVEL }));
  return {
    dataset: { id: dataset.id, digest: dataset.digest, count: dataset.count, item_noun: dataset.itemNoun },
    accuracy: share(score.top1, dataset.count),
    correct: score.top1,
    top_k: { k: score.topK.k, correct: score.topK.correct },
    invalid_rows: score.invalidRows,
    per_class: perClass(score, dataset).map(({ label, n, correct }) => ({
      class: dataset.classNames[label] ?? String(label),
      n,
      correct,
      accuracy: share(correct, n),
    })),
    latency: {
      batch_size: request.latency.batchSize,
      samples: measured.latencyS.length,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
    },
    throughput: { batch_size: request.evaluateBatchSize, items_per_second: measured.throughput.itemsPerSecond },
    load_s: measured.loadS,
    peak_rss_bytes: measured.memory.peakRssBytes,
    threads: request.session.threads,
  };
}

/** Right items by class; none for detectors, whose items have no class. */
function perClass(score: ItemScores, { labels, classNames, boxes }: Dataset) {
  if (boxes !== undefined) return [];
  return classNames.map((_, label) => {
    const own = Array.from(labels.keys()).filter((item) => labels[item] === label);
    return { label, n: own.length, correct: own.filter((item) => score.correct[item] === 1).length };
  });
}
