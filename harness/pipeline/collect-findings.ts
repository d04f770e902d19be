import { starvation } from "../aggregate/block-quality.ts";
import type { CellSamples } from "../aggregate/cell-samples.ts";
import { clockSteps } from "../aggregate/clock-steps.ts";
import type { RunMarks } from "../aggregate/run-marks.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import type { Finding } from "../domain/codes.ts";
import type { VariantLine } from "../domain/generated/journal-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import type { SessionNoise } from "../gate/session-noise.ts";
import { confoundedPairs } from "../quantize/matched-granularity.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { languageFindings } from "./language/language-findings.ts";
import { controlFindings, probeFindings, rowMachineFindings } from "./machine-findings.ts";
import { stepFindings } from "./preparation-doc.ts";

/** Every coded doubt about a run, in the order of its rows. */
export function collectFindings(options: {
  readonly record: RunRecord;
  readonly rows: readonly SummaryRow[];
  readonly samples: readonly CellSamples[];
  readonly noise: SessionNoise;
  readonly marks: RunMarks;
  readonly dropFlag: number;
}): Finding[] {
  const { record, rows, samples, noise, marks, dropFlag } = options;
  const findings: Finding[] = [];
  const add = (code: Finding["code"], subject: string, message: string) => findings.push({ code, subject, message });
  if (record.plan.certification) {
    add(
      "CERTIFICATION_RUN",
      "run",
      "The variants are twins of the baseline, some slowed on purpose: nothing here is a result.",
    );
  }
  if (noise.isNoisy) {
    const change = noise.splitHalf?.value;
    const size = change === null || change === undefined ? "" : ` by ${(Math.abs(change) * 100).toFixed(1)} %`;
    add("SPLIT_HALF_DISAGREES", "run", `The baseline differs from itself${size} between odd and even blocks.`);
  }
  findings.push(...stepFindings(record));
  for (const trial of record.trials) {
    const limits = record.plan.run_quality;
    const why = limits === undefined ? [] : starvation(trial, limits);
    if (why.length > 0) add("TRIAL_STARVED", trial.trial_id, `The trial was starved: ${why.join("; ")}.`);
  }
  for (const trialId of clockSteps(record.trials)) {
    add("CLOCK_STEP", trialId, "The system clock was set while the trial ran, or before it.");
  }
  findings.push(...probeFindings(record), ...controlFindings(marks));
  const made = new Map(record.variants.map((line) => [line.variant_id, line]));
  for (const row of rows) {
    rowFindings(row, { dropFlag, made }, add);
    findings.push(...rowMachineFindings(row, record.plan));
  }
  if (record.plan.language !== undefined) for (const sample of samples) languageFindings(sample, add);
  for (const [subject, message] of confoundedRows(record, rows)) add("GRANULARITY_CONFOUNDED", subject, message);
  for (const [subject, other] of identicalWeights(rows)) {
    add("IDENTICAL_WEIGHTS", subject, `${subject} has the same bytes as ${other}.`);
  }
  return findings;
}

function rowFindings(
  row: SummaryRow,
  { dropFlag, made }: { readonly dropFlag: number; readonly made: ReadonlyMap<string, VariantLine> },
  add: (code: Finding["code"], subject: string, message: string) => void,
): void {
  const id = row.cell_id;
  const percent = (x: number) => (x * 100).toFixed(1);
  const broken = made.get(row.variant_id);
  if (broken?.state === "failed") {
    add("VARIANT_FAILED", id, `${row.variant_id} could not be made: ${broken.failure ?? "unknown"}`);
  }
  if (row.absence !== undefined) {
    add("VARIANT_UNAVAILABLE", id, `${row.variant_id} is ${row.absence.state}: ${row.absence.reason}`);
    return;
  }
  if (row.trials.failed > 0) add("TRIALS_FAILED", id, `${row.trials.failed} of ${row.trials.planned} trials failed.`);
  if (row.trials.missing > 0)
    add("TRIALS_MISSING", id, `${row.trials.missing} of ${row.trials.planned} trials were not run.`);
  if (row.drop?.value != null && row.drop.value > dropFlag) {
    add("ACCURACY_DROP_ABOVE_FLAG", id, `Accuracy dropped by ${percent(row.drop.value)} points.`);
  }
  for (const entry of row.per_class.filter((c) => c.flagged)) {
    add("ACCURACY_DROP_ABOVE_FLAG", id, `Class ${entry.class} dropped by ${percent(entry.drop?.value ?? 0)} points.`);
  }
  const emulated = row.kernels?.emulated ?? 0;
  if (emulated > 0)
    add("EMULATED_KERNELS", id, `${emulated} of ${row.layers} layers are emulated: ${row.slow_layers.join(", ")}.`);
  if (emulated > 0 && row.speedup?.high != null && row.speedup.high < 1) {
    add(
      "SLOWER_WITH_EMULATION",
      id,
      `Slower than the baseline (${row.speedup.value?.toFixed(2)}x) with emulated layers: ${row.slow_layers.join(", ")}.`,
    );
  }
  const native = made.get(row.variant_id)?.native_layers ?? [];
  if (emulated === 0 && native.length > 0 && row.speedup?.high != null && row.speedup.high < 1) {
    add(
      "SLOWER_ON_INTEGERS",
      id,
      `Slower than the baseline (${row.speedup.value?.toFixed(2)}x) though no layer is emulated; on integer kernels run: ${native.join(", ")}.`,
    );
  }
  if ((row.kernels?.skipped ?? 0) > 0 && row.role !== "baseline") {
    add("LAYERS_SKIPPED", id, `${row.kernels?.skipped} layers were left in full precision.`);
  }
  if (row.determinism_rate !== null && row.determinism_rate < 1) {
    add("OUTPUTS_VARY", id, `Outputs equal the mode in ${percent(row.determinism_rate)} % of the trials.`);
  }
  if (row.invalid_rows > 0) add("INVALID_OUTPUTS", id, `${row.invalid_rows} rows of outputs hold NaN or Inf.`);
}

/** Comparisons of bits that are none, by the first cell of the variant with fewer bits. */
function confoundedRows({ plan }: RunRecord, rows: readonly SummaryRow[]): [string, string][] {
  return plan.models.flatMap((model) => {
    const variants = plan.variants.flatMap(({ variant_id: id, model_id, recipe }) =>
      model_id === model.id && recipe !== null ? [{ id, recipe: recipe as unknown as Recipe }] : [],
    );
    return confoundedPairs(variants).map(({ fewer, message }): [string, string] => [
      rows.find((row) => row.variant_id === fewer.id)?.cell_id ?? fewer.id,
      message,
    ]);
  });
}

function identicalWeights(rows: readonly SummaryRow[]): [string, string][] {
  const owner = new Map<string, SummaryRow>();
  const pairs: [string, string][] = [];
  for (const row of rows) {
    if (row.model_sha256 === null) continue;
    const other = owner.get(row.model_sha256);
    if (other === undefined) owner.set(row.model_sha256, row);
    else if (other.variant_id !== row.variant_id) pairs.push([row.cell_id, other.cell_id]);
  }
  return pairs;
}
