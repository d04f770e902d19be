import type { CellSamples } from "../aggregate/cell-samples.ts";
import type { QualitySample } from "../aggregate/quality-samples.ts";
import { packBits, type RunRecord, unpackBits } from "../aggregate/run-record.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import type { Baseline, BaselineQuality, BaselineRow, QuantileSketch } from "../domain/generated/baseline-v1.ts";
import type { JournalHeader } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import { sha256 } from "../platform/digest.ts";
import * as stats from "../stats/index.ts";

/** Where the latency sketch reads the samples: the middle coarsely, the upper tail finely, as latency is asked about. */
const SKETCH_P = [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1];

/** The run's cell as a record keeps it: distributions, not single numbers. */
export function baselineRow(record: RunRecord, sample: CellSamples, row: SummaryRow): BaselineRow {
  const { cell, variant, made } = sample;
  const base = record.plan.models.find((model) => model.id === variant.model_id);
  return {
    cell_id: cell.cell_id,
    variant_id: variant.variant_id,
    model_id: variant.model_id,
    quant_tag: variant.quant_tag,
    quant_rank: variant.quant_rank,
    role: variant.role,
    verdict: row.verdict,
    run_quality: row.run_quality_status,
    lineage: { base_sha256: base?.sha256 ?? null, variant_sha256: made?.sha256 ?? null },
    runtime: runtimeOf(record.plan, record.header),
    threads: cell.threads,
    batch_size: cell.batch_size,
    trials: { ...sample.trials },
    quality: qualityOf(sample),
    latency: {
      samples: sample.latencyS.length,
      blocks: sample.latencyMedianS.map((value) => value ?? null),
      sketch: sketch(sample.latencyS),
    },
    throughput_blocks: sample.itemsPerSecond.map((value) => value ?? null),
    peak_rss_blocks: sample.peakRssBytes.map((value) => value ?? null),
    load_blocks: sample.loadS.map((value) => value ?? null),
    bytes_on_disk: made?.bytes_on_disk ?? null,
    bytes_packed: made?.bytes_packed ?? null,
    determinism: { ...sample.determinism },
  };
}

/** Name of what a plan measures again and again, unless the caller has another. */
export function testIdOf(plan: Plan): string {
  return plan.name;
}

/**
 * Revision of a plan's task: the config's own `task_revision`, and a digest of what makes outcomes and times comparable (items,
 * session, warm-up, sampling). Runs, seed and gates are left out: with other ones the results still compare.
 */
export function taskRevisionOf(plan: Plan): string {
  const { session, warmup_iterations, warmup_ms, min_samples, max_samples, time_budget_ms, evaluate_batch_size } =
    plan.experimental_controls;
  const { timeout_sec: _, ...sessionRules } = session;
  const rules = {
    dataset: plan.dataset.digest,
    session: sessionRules,
    warmup: [warmup_iterations, warmup_ms],
    samples: [min_samples, max_samples, time_budget_ms],
    evaluate_batch_size,
    process_per_trial: plan.experimental_controls.process_per_trial,
  };
  const label = (plan.config as { task_revision?: string }).task_revision ?? "1";
  return `${label}-${sha256(canonicalJson(rules)).slice(0, 12)}`;
}

function runtimeOf(plan: Plan, header: JournalHeader): BaselineRow["runtime"] {
  const kind = (plan.config as { runtime?: { kind?: string } }).runtime?.kind ?? "onnxruntime";
  return { kind, version: header.tool_versions[kind] ?? "" };
}

function qualityOf({ quality }: CellSamples): BaselineQuality | null {
  if (quality === undefined) return null;
  const { n, runs, failedRuns, scores } = quality;
  const counts = Uint8Array.from(scores, (score) => Math.round(score * runs));
  const correct = scores.reduce((sum, score) => sum + score, 0);
  const common = { n, runs, failed_runs: failedRuns, correct };
  const isSettled = failedRuns === 0 && counts.every((count) => count === 0 || count === runs);
  if (isSettled) return { ...common, encoding: "bits", outcomes: packBits(counts) };
  return { ...common, encoding: "counts", outcomes: Buffer.from(counts).toString("base64") };
}

/** Item scores as they were aggregated when the record was made. */
export function qualitySampleOf({ n, runs, failed_runs, encoding, outcomes }: BaselineQuality): QualitySample {
  const counts =
    encoding === "bits"
      ? unpackBits(outcomes, n).map((bit) => bit * runs)
      : Uint8Array.from(Buffer.from(outcomes, "base64"));
  const completed = runs - failed_runs;
  return {
    n,
    runs,
    failedRuns: failed_runs,
    scores: Float64Array.from(counts, (count) => count / runs),
    reference: completed === 0 ? undefined : Float64Array.from(counts, (count) => count / completed),
    topK: undefined,
    invalidRows: 0,
  };
}

function sketch(samples: Float64Array): QuantileSketch | null {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted();
  // Nanoseconds are as fine as the clock: more digits would only make the record longer.
  const seconds = SKETCH_P.map((p) => Number(stats.quantileOfSorted(sorted, p).toFixed(9)));
  return { p: [...SKETCH_P], seconds };
}

/** The row of the record that this cell may be compared with, or why there is none. */
export function matchRow(
  baseline: Baseline,
  row: BaselineRow,
): { readonly row: BaselineRow } | { readonly why: string } {
  const same = baseline.rows.filter((other) => other.model_id === row.model_id && other.quant_tag === row.quant_tag);
  const [found] = same.filter((other) => other.threads === row.threads && other.batch_size === row.batch_size);
  if (found === undefined) {
    return {
      why:
        same.length === 0
          ? "the baseline has no such variant"
          : `the baseline ran it with other threads or batch sizes (${same.map((other) => `${other.threads}/${other.batch_size}`).join(", ")})`,
    };
  }
  if (found.lineage.base_sha256 !== row.lineage.base_sha256) return { why: "its full-precision model is another one" };
  const major = ({ version }: BaselineRow["runtime"]) => version.split(".")[0];
  if (found.runtime.kind !== row.runtime.kind || major(found.runtime) !== major(row.runtime)) {
    return { why: `the baseline ran on ${found.runtime.kind} ${found.runtime.version}`.trim() };
  }
  if (!baseline.forced && found.verdict !== "pass" && found.verdict !== "reference") {
    return { why: `its verdict in the baseline is ${found.verdict}, so it approves nothing` };
  }
  return { row: found };
}
