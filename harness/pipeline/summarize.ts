import { type CellSamples, cellSamples } from "../aggregate/cell-samples.ts";
import { compareCells } from "../aggregate/compare.ts";
import { languageLikeness } from "../aggregate/language-likeness.ts";
import { allowsPolluted, rowQuality } from "../aggregate/row-quality.ts";
import { runMarks } from "../aggregate/run-marks.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import type { Comparison } from "../domain/comparison.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { GateArtifact } from "../domain/generated/gate-v1.ts";
import type { EndLine } from "../domain/generated/journal-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { certificateDoubt as doubtOf } from "../gate/certificate-doubt.ts";
import { decideRow, type RowDecision } from "../gate/decide-row.ts";
import { decideSuite } from "../gate/decide-suite.ts";
import { relativeChange, speedupOf } from "../gate/effect.ts";
import { assessNoise } from "../gate/session-noise.ts";
import { collectFindings } from "./collect-findings.ts";
import { compareDetections } from "./compare-detections.ts";
import { preparationDoc } from "./preparation-doc.ts";
import { summaryRow } from "./summary-row.ts";

/** How the journal ended, and its identity. */
export interface JournalFacts {
  readonly sha256: string;
  readonly lines: number;
  readonly end: EndLine | undefined;
}

/**
 * Journal → comparisons → gates → summary. Everything is recomputed from the record; every time comes from the journal, so that
 * equal journals give equal bytes. `gates` replaces the plan's gates when a stored run is decided again.
 */
export function summarize(
  record: RunRecord,
  journal: JournalFacts,
  options: {
    readonly gates?: readonly GateSpecDoc[];
    readonly policyDigest: string;
    readonly ref?: string | undefined;
    /** A certificate that times must be vouched for by. */
    readonly certificate?: Certificate | undefined;
  },
): { readonly summary: Summary; readonly gate: GateArtifact } {
  const { plan, header } = record;
  const gates = options.gates ?? plan.gates;
  const samples = cellSamples(record);
  const noise = assessNoise(baselineBlocks(samples), latencyMargin(gates), rowAlpha(plan.gates));
  const certificateDoubt =
    options.certificate &&
    doubtOf(options.certificate, { hardware: header.host.hard, plan: { ...plan, gates: [...gates] } });
  const detections = compareDetections(record, samples);
  const comparisons = compareCells(samples, {
    labels: record.labels,
    classNames: plan.dataset.class_names,
    isNoisy: noise.isNoisy,
    quality: plan.run_quality,
    early: plan.stop && record.early && { claim: plan.stop.claim, order: record.early.order },
  })
    .map((comparison) => (certificateDoubt === undefined ? comparison : { ...comparison, certificateDoubt }))
    .map((comparison) => {
      const detection = detections?.get(comparison.cellId)?.comparison;
      return detection === undefined ? comparison : { ...comparison, detection };
    });
  const decisions = comparisons.map((comparison) => decideRow(gates, comparison));
  const alpha = rowAlpha(gates);
  const marks = runMarks(record);
  const limits = plan.run_quality;
  const isAllowed = allowsPolluted(plan);
  const qualities = samples.map((sample) => rowQuality(sample, marks, { limits, allowsPolluted: isAllowed }));
  const isPolluted = (index: number) =>
    !isAllowed && (qualities[index]?.isPolluted === true || comparisons[index]?.pollution?.isPolluted === true);
  const suite = decideSuite(
    decisions,
    comparisons.map((comparison, index) => ({ ...merit(comparison, alpha), isPolluted: isPolluted(index) })),
    alpha,
  );
  const likeness = languageLikeness(samples, (trialId) => record.replies?.get(trialId), {
    seed: plan.experimental_controls.seed,
    level: 1 - 2 * alpha,
  });
  const byId = new Map(samples.map((sample) => [sample.cell.cell_id, sample]));
  const rows = samples.map((sample, index) =>
    summaryRow({
      record,
      sample,
      detection: detections?.get(sample.cell.cell_id),
      likeness: likeness.get(sample.cell.cell_id),
      baseline: byId.get(sample.cell.baseline_cell_id) as CellSamples,
      comparison: comparisons[index] as Comparison,
      decision: decisions[index] as RowDecision,
      alpha,
      rowQuality: limits === undefined ? undefined : qualities[index],
    }),
  );
  const common = {
    generated_at: header.created_at,
    hardware_fingerprint: header.host.hard,
    execution_lane: plan.execution_lane,
    vram_profile: plan.vram_profile,
  };
  const facts = header.host.facts as { cores?: number; cpu_model?: string; isa_flags?: readonly string[] | null };
  const preparation = preparationDoc(record);
  const summary: Summary = {
    schema_version: "quantgate.summary.v1",
    ...common,
    simulated: plan.simulated,
    name: plan.name,
    run_id: header.run_id,
    state: journal.end?.state ?? "partial",
    plan: { digest: plan.plan_digest, path: "plan.json" },
    journal: { path: "journal.ndjson", sha256: journal.sha256, lines: journal.lines },
    provenance: {
      commit_sha: plan.commit_sha,
      config_digest: plan.config_digest,
      plan_digest: plan.plan_digest,
      tool_versions: header.tool_versions,
      ref: options.ref ?? null,
    },
    dataset: plan.dataset,
    ...(plan.stop === undefined ? {} : { stop: { mode: plan.stop.mode, claim: plan.stop.claim } }),
    host: {
      cores: facts.cores ?? null,
      cpu: facts.cpu_model ?? null,
      features: [...(facts.isa_flags ?? [])],
    },
    ...(preparation === undefined ? {} : { preparation }),
    noise: { latency_cv: noise.latencyCv, split_half: noise.splitHalf },
    rows,
    ...(isAllowed ? { allow_polluted_frontier: true } : {}),
    suite: plan.certification ? undecided(suite) : complete(suite, journal, samples),
    findings: collectFindings({
      record,
      rows,
      samples,
      noise,
      marks,
      dropFlag: plan.drop_flag,
    }),
  };
  const gate: GateArtifact = {
    schema_version: "quantgate.gate.v1",
    ...common,
    run_id: header.run_id,
    simulated: plan.simulated,
    plan_digest: plan.plan_digest,
    journal_sha256: journal.sha256,
    policy_digest: options.policyDigest,
    gates: [...gates],
    results: decisions.map(({ cellId, role, verdict, gates: results }) => ({
      cell_id: cellId,
      role,
      verdict,
      gates: [...results],
    })),
    suite: summary.suite,
  };
  return { summary, gate };
}

/** Twins of the baseline, some slowed on purpose, tell about the gates: nothing may ship, and nothing failed. */
function undecided(suite: Summary["suite"]): Summary["suite"] {
  const reasons = ["a certification run: its variants are twins of the baseline, so it decides nothing about them"];
  return { ...suite, ship: null, certified: [], verdict: "inconclusive", exit_code: 4, reasons };
}

/** A run that did not reach its end ships nothing and never passes, whatever its rows say; one that measured nothing fails. */
function complete(suite: Summary["suite"], { end }: JournalFacts, samples: readonly CellSamples[]): Summary["suite"] {
  const nothing = { ...suite, ship: null, certified: [] };
  if (end?.state !== "canary-abort" && samples.every(({ trials }) => trials.completed === 0)) {
    return { ...nothing, verdict: "fail", exit_code: 3, reasons: ["nothing was measured"] };
  }
  if (end?.state === "complete") return suite;
  if (suite.verdict !== "pass") return nothing;
  const why = end === undefined ? "the run is not finished" : `the canary stopped the run: ${end.reason ?? "unknown"}`;
  return { ...nothing, verdict: "inconclusive", exit_code: 4, reasons: [why] };
}

/** α of the session's claims: the smallest of the primary gates. */
function rowAlpha(gates: readonly GateSpecDoc[]): number {
  const primary = gates.filter((gate) => gate.tier === "primary");
  return Math.min(...(primary.length > 0 ? primary : gates).map((gate) => gate.alpha), 0.05);
}

function latencyMargin(gates: readonly GateSpecDoc[]): number {
  const margins = gates.filter((gate) => gate.metric === "latency.call").map((gate) => gate.margin ?? 0);
  return margins.length === 0 ? 0.05 : Math.min(...margins);
}

function baselineBlocks(samples: readonly CellSamples[]) {
  return samples
    .filter((s) => s.cell.cell_id === s.cell.baseline_cell_id)
    .map((s) => (s.tpotS.some((value) => value !== undefined) ? s.tpotS : s.latencyMedianS));
}

function merit(comparison: Comparison, alpha: number) {
  const change = relativeChange(comparison.latencyLogRatios, 1 - 2 * alpha);
  return { cellId: comparison.cellId, speedup: speedupOf(change).value, bytes: comparison.bytesOnDisk };
}
