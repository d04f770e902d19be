import type { Frontier, FrontierSession, QuantRow } from "../domain/generated/frontier-v1.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { FRONTIER_OBJECTIVES } from "../domain/metric.ts";
import { RNG_ALGORITHM, rng } from "../stats/index.ts";
import { choose } from "./frontier-choice.ts";
import { type DominanceShares, dominanceShares, dominates, type Merits, paretoFront } from "./frontier-front.ts";
import { objectiveMerits } from "./frontier-merits.ts";
import { type Objective, type ObjectiveId, objectiveValue, usableObjectives } from "./frontier-objectives.ts";
import { byPrecision, type Candidate, candidateOf, sessionsOf } from "./frontier-rows.ts";
import { savings } from "./frontier-savings.ts";

export interface FrontierOptions {
  /** Where the summary lies relative to the document, and the digest of its bytes. */
  readonly source: { readonly path: string; readonly sha256: string };
  /** Default {@link FRONTIER_OBJECTIVES}. */
  readonly objectives?: readonly ObjectiveId[] | undefined;
  readonly allowPolluted?: boolean | undefined;
  /** Lets rows that fail or were not measured in full take part in the front; they are never recommended. */
  readonly includeInvalid?: boolean | undefined;
  /** Reference recorded in provenance; default: the summary's. */
  readonly ref?: string | undefined;
  /** Default 2,000: a share is known to about .01. */
  readonly resamples?: number;
}

const RESAMPLES = 2000;
const METHOD = "paired resamples: discordant items, blocks drawn together, normal by interval elsewhere";

/** `explorer.frontier.v1` of a summary. Equal summaries give equal documents, whatever the order of their rows. */
export function buildFrontier(summary: Summary, options: FrontierOptions): Frontier {
  const { source, objectives = FRONTIER_OBJECTIVES, resamples = RESAMPLES } = options;
  const policy = { allow_polluted: options.allowPolluted === true, include_invalid: options.includeInvalid === true };
  const { used, dropped } = usableObjectives(objectives, summary.rows);
  const seed = summary.journal.sha256.slice(0, 16);
  const sessions = sessionsOf(summary.rows).map((rows) =>
    sessionOf(rows, { summary, objectives: used, policy, resamples, seed }),
  );
  const [only, ...others] = [...new Set(sessions.map((session) => session.model_id))];
  const recommended = [...new Set(sessions.map((session) => session.recommendation))];
  return {
    schema_version: "explorer.frontier.v1",
    generated_at: summary.generated_at,
    hardware_fingerprint: summary.hardware_fingerprint,
    execution_lane: summary.execution_lane,
    vram_profile: summary.vram_profile,
    model_id: others.length === 0 ? (only ?? null) : null,
    quant_tag: others.length === 0 && recommended.length === 1 ? (recommended[0] ?? null) : null,
    provenance: { ...summary.provenance, ref: options.ref ?? summary.provenance.ref },
    simulated: summary.simulated,
    source: {
      run_id: summary.run_id,
      summary_path: source.path,
      summary_sha256: source.sha256,
      journal_sha256: summary.journal.sha256,
    },
    policy,
    objectives: used.map(({ metric, unit, better }) => ({ metric, unit, better })),
    dropped_objectives: dropped,
    uncertainty: { method: METHOD, resamples, rng: RNG_ALGORITHM, seed },
    sessions,
  };
}

/** 0: something is recommended; 4: nothing, but more data could change that; 3: nothing can ship. */
export function frontierExitCode({ sessions }: Frontier): 0 | 3 | 4 {
  if (sessions.some((session) => session.recommendation !== null)) return 0;
  return sessions.some((session) => session.undecided) ? 4 : 3;
}

interface SessionContext {
  readonly summary: Summary;
  readonly objectives: readonly Objective[];
  readonly policy: Frontier["policy"];
  readonly resamples: number;
  readonly seed: string;
}

function sessionOf(rows: readonly SummaryRow[], context: SessionContext): FrontierSession {
  const candidates = [...rows].sort(byPrecision).map((row) => candidateOf(row, context.objectives, context.policy));
  const first = candidates[0]?.row as SummaryRow;
  const eligible = candidates.filter(({ isEligible }) => isEligible);
  const sound = candidates.filter(({ isSound }) => isSound);
  const shown = holdAgainst(eligible, context);
  const soundFront = new Set(holdAgainst(sound, { ...context, resamples: 0 }).front);
  const { baselineRow, ...choices } = choose(candidates, { front: soundFront, summary: context.summary });
  return {
    model_id: first.model_id,
    threads: first.threads,
    batch_size: first.batch_size,
    ...choices,
    quant_rows: candidates.map((candidate) => quantRow(candidate, { shown, baselineRow, ...context })),
  };
}

/** The rows that take part, held against each other. */
interface Held {
  readonly rows: readonly SummaryRow[];
  readonly merits: readonly Merits[];
  /** Cells on the front by the point estimates. */
  readonly front: readonly string[];
  /** Undefined where some objective of some row has no spread. */
  readonly shares: DominanceShares | undefined;
}

function holdAgainst(candidates: readonly Candidate[], context: SessionContext): Held {
  const rows = candidates.map(({ row }) => row);
  const reference = context.summary.rows.find((row) => row.role === "baseline" && isSameSession(row, rows[0]));
  const stream = rng(context.seed).derive("frontier");
  const columns = context.objectives.map((objective) =>
    objectiveMerits(objective, { rows, reference, resamples: context.resamples, rng: stream.derive(objective.metric) }),
  );
  const merits = rows.map((_, i) => columns.map(({ points }) => points[i] as number));
  const draws = rows.map((_, i) => columns.map(({ draws: column }) => column[i]));
  const isKnown = draws.every((row) => row.every((values) => values !== undefined));
  return {
    rows,
    merits,
    front: paretoFront(merits).map((i) => rows[i]?.cell_id as string),
    shares:
      isKnown && context.resamples > 0 && context.objectives.length > 0
        ? dominanceShares(draws as Float64Array[][], context.resamples)
        : undefined,
  };
}

function isSameSession(a: SummaryRow, b: SummaryRow | undefined): boolean {
  return a.model_id === b?.model_id && a.threads === b.threads && a.batch_size === b.batch_size;
}

function quantRow(
  { row, reasons, isValid, isEligible }: Candidate,
  context: SessionContext & { readonly shown: Held; readonly baselineRow: SummaryRow | undefined },
): QuantRow {
  const { shown, objectives, baselineRow } = context;
  const index = shown.rows.indexOf(row);
  return {
    cell_id: row.cell_id,
    variant_id: row.variant_id,
    quant_tag: row.quant_tag,
    bits_per_weight: row.quant_rank,
    role: row.role,
    verdict: row.verdict,
    run_quality_status: row.run_quality_status,
    valid: isValid,
    eligible: isEligible,
    reasons: [...reasons],
    objectives: objectives.map((objective) => objectiveValue(objective, row)),
    on_front: isEligible && objectives.length > 0 && shown.front.includes(row.cell_id),
    on_front_probability: isEligible ? (shown.shares?.front[index] ?? null) : null,
    dominated_by: isEligible ? dominators(index, shown) : [],
    ...savings(row, baselineRow),
  };
}

function dominators(index: number, { rows, merits, shares }: Held): QuantRow["dominated_by"] {
  return rows
    .map((row, i) => ({
      cell_id: row.cell_id,
      quant_tag: row.quant_tag,
      by_point_estimates: dominates(merits[i] as Merits, merits[index] as Merits),
      probability: shares?.pair[i]?.[index] ?? null,
    }))
    .filter((one) => one.by_point_estimates || (one.probability ?? 0) >= 0.5)
    .sort((a, b) => (b.probability ?? 0) - (a.probability ?? 0) || (a.cell_id < b.cell_id ? -1 : 1));
}
