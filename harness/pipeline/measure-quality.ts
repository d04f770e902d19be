import { HarnessError } from "../domain/errors.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { classify } from "../evaluators/classify.ts";
import { numericParity } from "../evaluators/numeric-parity.ts";
import type { CalibrationInput } from "../quantize/calibration-job.ts";
import type { QualityMetric } from "../quantize/deployment-profile.ts";
import { soleInput } from "../quantize/derived-model.ts";
import { runBatches } from "../quantize/model-runner.ts";
import { graphOf, parseModel } from "../quantize/onnx-file.ts";

/** How a candidate does beside the original on the same items. */
export interface MeasuredQuality {
  /** Share of the original's quality, by the metric; null where it cannot be told. */
  readonly quality: number | null;
  readonly cosine: number | null;
  /** Items right, where there are labels. */
  readonly correct: number | undefined;
}

export interface QualityBench {
  /** Items right by the original, where there are labels. */
  readonly reference: number | undefined;
  readonly items: number;
  measure(model: Uint8Array, sessionConfig: Readonly<Record<string, string>>): Promise<MeasuredQuality>;
}

/** Runs the original once over the tuning items; each candidate is then compared with what it answered. */
export async function qualityBench(options: {
  readonly model: Uint8Array;
  readonly tuning: CalibrationInput;
  readonly labels: Int32Array | undefined;
  readonly metric: QualityMetric;
  readonly session: SessionPort;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<QualityBench> {
  const { labels, metric, tuning } = options;
  if (tuning.indices.length === 0) {
    throw new HarnessError("QUANTIZE_CALIBRATION", "There are no items left to measure quality on.", {
      hint: "Give the calibration dataset more items: a fifth of them is kept apart for choices.",
    });
  }
  const run = (model: Uint8Array, sessionConfig: Readonly<Record<string, string>>) =>
    firstOutputs({ ...options, model, sessionConfig });
  const reference = await run(options.model, {});
  const right = (outputs: FirstOutputs) =>
    labels === undefined
      ? undefined
      : classify({ outputs: outputs.values, classes: outputs.rowSize, labels: labels.slice(0, outputs.rows) }).top1;
  const referenceRight = metric === "task" ? right(reference) : undefined;
  if (metric === "task" && !(referenceRight !== undefined && referenceRight > 0)) {
    const why = labels === undefined ? "the items have no labels" : "the original answers none of them rightly";
    throw new HarnessError("QUANTIZE_CALIBRATION", `The task metric cannot be measured: ${why}.`, {
      hint: "Give a config with labelled calibration items, or ask for --quality-metric cosine.",
    });
  }
  return {
    reference: referenceRight,
    items: reference.rows,
    async measure(model, sessionConfig) {
      const outputs = await run(model, sessionConfig);
      const parity = numericParity(reference.values, outputs.values, reference.rowSize);
      // A candidate with NaN has no direction to compare: its rows count as lost.
      const cosine =
        parity.cosineMean === undefined ? null : (parity.cosineMean * parity.cosineRows) / Math.max(1, parity.rows);
      if (metric === "cosine") return { quality: cosine, cosine, correct: undefined };
      const correct = right(outputs);
      return { quality: (correct ?? 0) / (referenceRight as number), cosine, correct };
    },
  };
}

interface FirstOutputs {
  readonly values: Float32Array;
  readonly rows: number;
  readonly rowSize: number;
}

/** The model's first output over the items, a row an item. */
async function firstOutputs(options: {
  readonly model: Uint8Array;
  readonly tuning: CalibrationInput;
  readonly session: SessionPort;
  readonly sessionConfig: Readonly<Record<string, string>>;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<FirstOutputs> {
  const parsed = parseModel(options.model);
  const output = graphOf(parsed).output[0]?.name ?? "";
  const parts: Float32Array[] = [];
  let rows = 0;
  await runBatches({
    model: options.model,
    input: soleInput(parsed),
    outputs: [output],
    ...options.tuning,
    session: options.session,
    sessionConfig: options.sessionConfig,
    threads: options.threads,
    signal: options.signal,
    onBatch: (results, { count }) => {
      const data = results[output]?.data;
      if (!(data instanceof Float32Array)) {
        throw new HarnessError("QUANTIZE_UNSUPPORTED", `The model's first output '${output}' is not float32.`, {
          hint: "Quality is measured on a float32 output; quantize by --recipe instead.",
        });
      }
      parts.push(data);
      rows += count;
    },
  });
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { values, rows, rowSize: values.length / rows };
}
