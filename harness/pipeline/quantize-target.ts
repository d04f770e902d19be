import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { TensorValue } from "../domain/session-port.ts";
import { highest } from "../evaluators/classify.ts";
import { sha256 } from "../platform/digest.ts";
import { type LayerSensitivity, type MixedPrecisionStep, searchMixedPrecision } from "../quantize/mixed-precision.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { embedData } from "./embed-data.ts";
import { TUNING_SHARE } from "./foreign-items.ts";
import { loadRecipe } from "./load-recipe.ts";
import { qualityBench } from "./measure-quality.ts";
import { readModelFile, refuseBrokenModel } from "./model-file.ts";
import { type QuantizedFile, type QuantizeOptions, writeQuantized } from "./quantize.ts";
import { readQuantizeItems } from "./quantize-items.ts";
import { threadedRounding } from "./threaded-rounding.ts";

export interface TargetOptions extends Omit<QuantizeOptions, "recipes"> {
  readonly config: string;
  /** Recipe whose bits are mixed, by name or file; weights in int8. Default w4a8. */
  readonly recipe?: string | undefined;
  /** Largest packed size, B. */
  readonly targetBytes?: number | undefined;
  /** Largest drop of accuracy on the tuning items against the original, 0 to 1. */
  readonly maxDrop?: number | undefined;
}

export interface TargetQuantization {
  readonly file: QuantizedFile;
  /** True where every target given is met. */
  readonly met: boolean;
  /** Accuracy of the original and of the result on the tuning items, shares. */
  readonly reference: number;
  readonly accuracy: number;
  readonly tuningItems: number;
  readonly sensitivity: readonly LayerSensitivity[];
  readonly steps: readonly MixedPrecisionStep[];
}

/** Bit widths that layers may get. */
const WIDTHS = [2, 4, 8] as const;

/**
 * Mixed precision: the fewest bits a layer that keep the drop, or the best accuracy within the bytes. With both, bytes lead the search
 * and the drop is checked. All choices are made on a fifth of the calibration set that calibration does not see.
 */
export async function quantizeToTarget(options: TargetOptions): Promise<TargetQuantization> {
  const { cwd = process.cwd(), env = process.env, config, dataDir, targetBytes, maxDrop, signal } = options;
  const start = process.hrtime.bigint();
  const recipe = await loadRecipe(options.recipe ?? "w4a8", cwd);
  const { path, bytes: graph } = await readModelFile(options);
  refuseBrokenModel(graph, path);
  const bytes = await embedData(path, graph);
  const { items } = await readQuantizeItems({ config, dataDir, cwd, env, tuningShare: TUNING_SHARE });
  if (items?.tuningLabels === undefined) {
    throw new HarnessError("QUANTIZE_CALIBRATION", "A target needs calibration items to search on.", {
      hint: "Give --config with a config that has a calibration section.",
    });
  }
  const { calibration, tuning, tuningLabels: labels } = items;
  const session = childSessions();
  try {
    const bench = await qualityBench({
      model: bytes,
      tuning,
      labels,
      metric: "task",
      session,
      threads: availableParallelism(),
      signal,
    });
    const n = bench.items;
    const reference = (bench.reference ?? 0) / n;
    const least = reference - (maxDrop ?? 0);
    const found = await searchMixedPrecision({
      model: bytes,
      recipe,
      calibration,
      tuning,
      ladder: WIDTHS,
      target: targetBytes === undefined ? { kind: "quality", least } : { kind: "bytes", bytes: targetBytes },
      score: (output, batch) => rightAnswers(output, labels, batch),
      session,
      sha256,
      threads: availableParallelism(),
      roundRows: threadedRounding({ threads: availableParallelism() }),
      ...(signal === undefined ? {} : { signal }),
      onProgress: (progress) => options.onProgress?.(`${recipe.id}-mixed`, progress),
    });
    const measured = await bench.measure(found.model, found.recipe.session);
    const accuracy = (measured.correct ?? 0) / n;
    // A share of whole items: equal counts must not differ by rounding.
    const keeps = maxDrop === undefined || accuracy >= least - 1e-9;
    const fits = targetBytes === undefined || found.manifest.bytes_packed <= targetBytes;
    signal?.throwIfAborted();
    const stem = join(resolve(cwd, options.outDir), `${basename(path, ".onnx")}-${found.recipe.id}`);
    const { model, manifest, sensitivity, steps } = found;
    const seconds = () => Number(process.hrtime.bigint() - start) / 1e9;
    const file = await writeQuantized(stem, { recipe: found.recipe.id, model, manifest, seconds });
    return { file, met: keeps && fits, reference, accuracy, tuningItems: n, sensitivity, steps };
  } finally {
    await session.close();
  }
}

function rightAnswers(
  output: TensorValue,
  labels: Int32Array,
  { first, count }: { readonly first: number; readonly count: number },
): number {
  if (!(output.data instanceof Float32Array)) return 0;
  const classes = output.data.length / count;
  let right = 0;
  for (let row = 0; row < count; row++) {
    if (highest(output.data, row * classes, classes) === labels[first + row]) right++;
  }
  return right;
}
