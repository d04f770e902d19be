import { type CellSamples, present } from "../aggregate/cell-samples.ts";
import { energyPerItem } from "../aggregate/energy-per-item.ts";
import { evaluatedItems } from "../aggregate/item-sequence.ts";
import { rowMachine } from "../aggregate/row-machine.ts";
import type { RowQuality } from "../aggregate/row-quality.ts";
import { rowSidecar } from "../aggregate/row-sidecar.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import { tokenMetrics } from "../aggregate/token-metrics.ts";
import { REASONS, type Reason } from "../domain/codes.ts";
import type { Comparison, EarlyStop, PairedScores } from "../domain/comparison.ts";
import type { ArrayRef } from "../domain/generated/journal-v1.ts";
import type { PlannedVariant } from "../domain/generated/plan-v1.ts";
import type { ClassRowDoc, EstimateDoc, ParityDoc, SummaryRow } from "../domain/generated/summary-v1.ts";
import { numericParity } from "../evaluators/numeric-parity.ts";
import { chanceGates, type RowDecision } from "../gate/decide-row.ts";
import { type Effect, effectDoc, mapEffect, relativeChange, scoreDrop, speedupOf } from "../gate/effect.ts";
import { accuracySequence, dropSequence } from "../gate/measure-early.ts";
import { claimFamilies, itemsSettledAt } from "../gate/stopping.ts";
import * as stats from "../stats/index.ts";
import type { CellDetection } from "./compare-detections.ts";
import { type DetectionRowOptions, detectionRow } from "./detection-row.ts";

/** One row of the summary: what was measured in a cell, beside its baseline, and what the gates said. */
export function summaryRow(options: {
  readonly record: RunRecord;
  readonly sample: CellSamples;
  /** COCO figures, where items have boxes. */
  readonly detection?: CellDetection | undefined;
  /** Of language models: determinism on token ids, and divergence. */
  readonly likeness?: Pick<SummaryRow, "divergence" | "token_determinism"> | undefined;
  readonly baseline: CellSamples;
  readonly comparison: Comparison;
  readonly decision: RowDecision;
  readonly alpha: number;
  /** Absent: no trial is polluted. */
  readonly rowQuality?: RowQuality | undefined;
}): SummaryRow {
  const { record, sample, baseline, comparison, decision, alpha, rowQuality } = options;
  const own = rowQuality === undefined ? sample : undisturbed(sample, rowQuality);
  const { cell, variant, made, quality } = sample;
  const level = 1 - 2 * alpha;
  const isBaseline = cell.cell_id === cell.baseline_cell_id;
  const { overall } = comparison;
  const { early } = comparison;
  const hasQuality = overall !== undefined && overall.n > 0 && (quality !== undefined || early !== undefined);
  const topK = early === undefined ? quality?.topK : evaluatedItems(sample.finished).topK;
  const bytes = comparison.bytesOnDisk;
  const baselineBytes = comparison.baselineBytesOnDisk;
  const classes = classRows(comparison, { level, isBaseline, dropFlag: record.plan.drop_flag });
  const row: SummaryRow = {
    cell_id: cell.cell_id,
    variant_id: variant.variant_id,
    model_id: variant.model_id,
    quant_tag: variant.quant_tag,
    quant_rank: variant.quant_rank,
    role: variant.role,
    kind: variant.kind,
    ...frameworkOf(record, variant),
    ...absenceOf(made),
    threads: cell.threads,
    batch_size: cell.batch_size,
    model_sha256: made?.sha256 ?? null,
    trials: sample.trials,
    n: hasQuality ? overall.n : 0,
    ...(early === undefined ? {} : { items_used: itemsUsed(record, comparison, early) }),
    correct: hasQuality ? Math.round(overall.total) : null,
    b: overall?.table?.b ?? null,
    c: overall?.table?.c ?? null,
    accuracy: hasQuality ? effectDoc(accuracyOf(overall, early, level)) : null,
    top_k: topK ?? null,
    drop:
      hasQuality && !isBaseline
        ? (gateEffect(decision, "quality.accuracy") ?? effectDoc(dropOf(overall, early, level)))
        : null,
    invalid_rows: comparison.invalidRows,
    per_class: classes,
    worst_class: isBaseline ? null : worstOf(classes),
    speedup:
      isBaseline || comparison.latencyLogRatios.length === 0
        ? null
        : effectDoc(speedupOf(latencyChange(decision, comparison, level))),
    latency: {
      p50: quantile(own.latencyS, 0.5, level),
      p90: quantile(own.latencyS, 0.9, level),
      p99: quantile(own.latencyS, 0.99, level),
      block_medians: own.latencyMedianS.map((value) => value ?? null),
      samples: own.latencyS.length,
    },
    throughput: center(own.itemsPerSecond, level),
    load: center(own.loadS, level),
    peak_memory: center(sample.peakRssBytes, level),
    peak_memory_ratio:
      isBaseline || comparison.memoryLogRatios.length === 0
        ? null
        : effectDoc(mapEffect(relativeChange(comparison.memoryLogRatios, level), (x) => x + 1)),
    bytes_on_disk: bytes ?? null,
    bytes_packed: made?.bytes_packed ?? null,
    bytes_ratio:
      bytes === undefined || baselineBytes === undefined || baselineBytes === 0 ? null : bytes / baselineBytes,
    kernels: made?.kernels ?? null,
    slow_layers: made?.slow_layers ?? [],
    layers: made?.layers ?? null,
    parity: isBaseline ? null : parity(record, baseline, sample),
    determinism_rate: sample.determinism.n < 2 ? null : sample.determinism.matching / sample.determinism.n,
    determinism:
      sample.determinism.n < 2
        ? null
        : effectDoc(
            stats.clopperPearson(
              { successes: sample.determinism.n - sample.determinism.matching, n: sample.determinism.n },
              { level },
            ),
          ),
    ...runQuality(sample, comparison, rowQuality),
    ...tokenRow(sample, comparison, level),
    ...options.likeness,
    hardware_sidecar: rowSidecar(
      record.sidecars?.find((line) => line.cell_id === cell.cell_id),
      sample,
    ),
    ...machineOf(sample, { level, counts: rowQuality?.counts }),
    gates: [...decision.gates],
    verdict: decision.verdict,
    reasons: reasonTexts(decision),
  };
  if (record.plan.detection === undefined) return row;
  return asDetector(row, options.detection, {
    names: record.plan.dataset.class_names,
    level,
    isBaseline,
    seed: record.plan.experimental_controls.seed,
  });
}

/** Which runtime a row is of, where the run has several; and what its weights are, where the plan says so. */
function frameworkOf({ plan }: RunRecord, variant: PlannedVariant): Pick<SummaryRow, "framework" | "dtype"> {
  if (!plan.variants.some(({ kind }) => kind === "pytorch")) return {};
  const { weights } = (variant.recipe ?? {}) as { weights?: { bits: number; symmetric: boolean } | null };
  const recipeType = weights == null ? "fp32" : `${weights.symmetric ? "int" : "uint"}${weights.bits}`;
  const dtype = variant.dtype ?? (variant.kind === "recipe" ? recipeType : undefined);
  return {
    framework: variant.kind === "pytorch" ? "pytorch" : "onnxruntime",
    ...(dtype === undefined ? {} : { dtype }),
  };
}

function absenceOf(made: CellSamples["made"]): Pick<SummaryRow, "absence"> {
  if (made?.state !== "unavailable" && made?.state !== "unsupported") return {};
  return { absence: { state: made.state, reason: made.failure ?? "unknown" } };
}

/** A detector's quality is its mean average precision; whether the surest box of an image is right is no figure to publish. */
function asDetector(row: SummaryRow, cell: CellDetection | undefined, options: DetectionRowOptions): SummaryRow {
  const own = { correct: null, b: null, c: null, top_k: null, per_class: [], worst_class: null };
  if (cell === undefined) return { ...row, ...own, n: 0, accuracy: null, drop: null };
  const detection = detectionRow(cell, options);
  return { ...row, ...own, n: detection.images, accuracy: detection.map, drop: detection.drop, detection };
}

/** What only language models have. */
function tokenRow(
  sample: CellSamples,
  { adherence }: Comparison,
  level: number,
): Pick<SummaryRow, "token_metrics_status" | "token_metrics" | "adherence" | "weights"> {
  const metrics = tokenMetrics(sample, (blocks) => center(blocks, level));
  const weights = sample.made?.weights;
  const { name, quantization, bits_per_weight, parameters } = weights ?? {};
  const kept = adherence && { successes: Math.round(adherence.total), n: adherence.n };
  return {
    token_metrics_status: metrics?.status ?? "NOT_APPLICABLE",
    ...(metrics === undefined ? {} : { token_metrics: metrics }),
    ...(kept === undefined ? {} : { adherence: effectDoc(stats.wilson(kept, { level })) }),
    ...(name === undefined
      ? {}
      : {
          weights: {
            name,
            quantization: quantization ?? null,
            bits_per_weight: bits_per_weight ?? null,
            parameters: parameters ?? null,
          },
        }),
  };
}

/** How far the run went into its items, and after how many the gates on items were settled. */
function itemsUsed(record: RunRecord, comparison: Comparison, early: EarlyStop): NonNullable<SummaryRow["items_used"]> {
  const { plan } = record;
  const evaluated = early.sequence.labels.length;
  const cells = plan.cells.map((cell) => ({
    role: (plan.variants.find((variant) => variant.variant_id === cell.variant_id) as PlannedVariant).role,
  }));
  const families = claimFamilies(plan.gates, cells, comparison.role);
  const settledAt = comparison.role === "baseline" ? undefined : itemsSettledAt(plan.gates, comparison, families);
  return { evaluated, of: early.population, share: evaluated / early.population, settled_at: settledAt ?? null };
}

/** Wilson's interval on a planned number of items; a confidence sequence where the run chose the number. */
function accuracyOf(scores: PairedScores, early: EarlyStop | undefined, level: number): Effect {
  if (early !== undefined) return accuracySequence(early, (1 - level) / 2);
  return stats.wilson({ successes: Math.round(scores.total), n: scores.n }, { level });
}

function dropOf(scores: PairedScores, early: EarlyStop | undefined, level: number, label?: number): Effect {
  if (early === undefined) return scoreDrop(scores, level);
  return dropSequence({ alpha: (1 - level) / 2, margin_kind: "absolute" }, early, label);
}

/** The change of latency as its gate saw it where the run may stop early: an interval for a fixed number of blocks would not hold. */
function latencyChange(decision: RowDecision, { early, latencyLogRatios }: Comparison, level: number): Effect {
  const gate = decision.gates.find((g) => g.metric === "latency.call" && g.margin_kind === "relative" && g.effect);
  if (early === undefined || gate?.effect?.value == null) return relativeChange(latencyLogRatios, level);
  const { value, low, high, n, method } = gate.effect;
  return { value, low: low ?? -Infinity, high: high ?? Infinity, level: gate.effect.level, n, method };
}

/** The effect the gate used, so that the interval shown is the one that decided. */
function gateEffect(decision: RowDecision, metric: string): EstimateDoc | null {
  const gate = decision.gates.find((g) => g.metric === metric && g.margin !== null && g.margin_kind === "absolute");
  return gate?.effect ?? null;
}

function classRows(
  comparison: Comparison,
  { level, isBaseline, dropFlag }: { level: number; isBaseline: boolean; dropFlag: number },
): ClassRowDoc[] {
  const { early } = comparison;
  return comparison.classes.map((scores: PairedScores & { readonly name: string }) => {
    const label = early?.classNames.indexOf(scores.name);
    const drop: Effect | undefined = isBaseline ? undefined : dropOf(scores, early, level, label);
    return {
      class: scores.name,
      n: scores.n,
      correct: Math.round(scores.total),
      b: scores.table?.b ?? null,
      c: scores.table?.c ?? null,
      drop: drop === undefined ? null : effectDoc(drop),
      flagged: drop?.value !== undefined && drop.value > dropFlag,
    };
  });
}

function worstOf(classes: readonly ClassRowDoc[]): string | null {
  let worst: ClassRowDoc | undefined;
  for (const row of classes) {
    if (worst === undefined || (row.drop?.value ?? -Infinity) > (worst.drop?.value ?? -Infinity)) worst = row;
  }
  return worst?.class ?? null;
}

function quantile(samples: Float64Array, p: number, level: number): EstimateDoc | null {
  return samples.length === 0 ? null : effectDoc(stats.quantileInterval(samples, { quantile: p, level }));
}

/** Hodges-Lehmann center of one value a block. */
function center(blocks: readonly (number | undefined)[], level: number): EstimateDoc | null {
  const values = present(blocks);
  return values.length === 0 ? null : effectDoc(stats.hodgesLehmann(values, { level }));
}

function parity(record: RunRecord, baseline: CellSamples, sample: CellSamples): ParityDoc | null {
  // Rows of boxes in order of score are no outputs that could be compared place by place.
  if (record.plan.detection !== undefined) return null;
  const [reference, candidate] = [outputsOf(baseline), outputsOf(sample)];
  if (reference === undefined || candidate === undefined) return null;
  if (firstStretch(baseline) !== firstStretch(sample)) return null;
  const [rows = 0, width = 0] = candidate.shape;
  if (reference.shape[0] !== rows || reference.shape[1] !== width || rows * width === 0) return null;
  const result = numericParity(record.floats(reference), record.floats(candidate), width);
  return {
    rows,
    max_abs: result.maxAbs ?? null,
    mean_abs: result.meanAbs ?? null,
    p99_abs: result.p99Abs ?? null,
    cosine: result.cosineMean ?? null,
    sqnr_db: result.sqnrDb ?? null,
    argmax_agreement: result.argmaxAgreement ?? null,
    invalid: result.invalid,
  };
}

/** Where in the random order the first kept outputs start; undefined where all items were evaluated. */
function firstStretch({ finished }: CellSamples): number | undefined {
  return finished.find(({ measured }) => measured?.outputs)?.items?.from;
}

/** Outputs of the first full evaluation that was kept. */
export function outputsOf(sample: CellSamples): ArrayRef | undefined {
  for (const { measured } of sample.finished) if (measured?.outputs) return measured.outputs;
  return undefined;
}

/** The trials that nothing disturbed, for figures that stand alone. */
function undisturbed(
  sample: CellSamples,
  { counts }: RowQuality,
): Pick<CellSamples, "latencyS" | "latencyMedianS" | "itemsPerSecond" | "loadS"> {
  const left = new Set(sample.finished.filter((trial) => !counts(trial)).map(({ block }) => block));
  if (left.size === 0) return sample;
  const without = (values: CellSamples["loadS"]) => values.map((value, block) => (left.has(block) ? undefined : value));
  const kept = sample.finished.filter((trial) => counts(trial) && trial.state === "completed");
  return {
    latencyS: Float64Array.from(kept.flatMap((t) => t.measured?.latency_ns.map((ns) => ns * 1e-9) ?? [])),
    latencyMedianS: without(sample.latencyMedianS),
    itemsPerSecond: without(sample.itemsPerSecond),
    loadS: without(sample.loadS),
  };
}

/** Absent where no trial was watched, as in all runs of before. Energy an item is of the trials that count. */
function machineOf(
  { finished, cell }: CellSamples,
  { level, counts }: { readonly level: number; readonly counts: RowQuality["counts"] | undefined },
): Pick<SummaryRow, "machine"> {
  const machine = rowMachine(finished);
  if (machine === null) return {};
  const energy = center(
    energyPerItem(counts === undefined ? finished : finished.filter(counts), cell.batch_size),
    level,
  );
  return { machine: { ...machine, ...(energy === null ? {} : { energy_per_item: energy }) } };
}

function runQuality(
  sample: CellSamples,
  comparison: Comparison,
  quality: RowQuality | undefined,
): Pick<SummaryRow, "run_quality_status" | "run_quality_reasons" | "trial_marks" | "polluted_trials"> {
  const trials = quality?.reasons ?? [];
  const marks = {
    ...(quality === undefined ? {} : { polluted_trials: quality.pollutedTrials }),
    ...(quality === undefined || quality.marks.length === 0 ? {} : { trial_marks: [...quality.marks] }),
  };
  const of = (status: SummaryRow["run_quality_status"], reasons: readonly string[]) => ({
    run_quality_status: status,
    run_quality_reasons: [...reasons, ...trials],
    ...marks,
  });
  if (sample.trials.completed === 0) return of("missing", ["missing-trials"]);
  if (comparison.pollution?.isPolluted || quality?.isPolluted) return of("polluted", ["polluted"]);
  if (comparison.isNoisy) return of("noisy", ["noisy"]);
  return of("ok", []);
}

function reasonTexts({ gates, verdict }: RowDecision): string[] {
  const isUncertain = verdict === "inconclusive" && gates.some((g) => g.tier === "primary" && g.verdict === "fail");
  const correction = `A gate fails alone, but not after correcting for ${chanceGates(gates)} gates.`;
  const texts = gates
    .filter((gate) => gate.tier === "primary" && gate.verdict !== "pass" && gate.verdict !== "reference")
    .map((gate) => {
      const reasons = gate.reasons.map((code) => REASONS[code as Reason] ?? code);
      return `${gate.gate_id}: ${gate.verdict}${reasons.length > 0 ? `. ${reasons.join(" ")}` : ""}`;
    });
  return isUncertain ? [...texts, correction] : texts;
}
