import type { FrontierSession } from "../domain/generated/frontier-v1.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { fastestSmallest } from "../domain/ship-choice.ts";
import { byPrecision, type Candidate } from "./frontier-rows.ts";
import { savings } from "./frontier-savings.ts";

export type Choices = Omit<FrontierSession, "model_id" | "threads" | "batch_size" | "quant_rows">;

/**
 * Baseline, minimum viable, best value and recommendation of a session. They are made from sound rows alone, whatever else is shown.
 * `front` holds the cells that no sound row dominates.
 */
export function choose(
  candidates: readonly Candidate[],
  { front, summary }: { readonly front: ReadonlySet<string>; readonly summary: Summary },
): Choices & { readonly baselineRow: SummaryRow | undefined } {
  const sound = candidates
    .filter(({ isSound }) => isSound)
    .map(({ row }) => row)
    .sort(byPrecision);
  const baselineRow = sound[0];
  const passing = sound.filter((row) => row.verdict === "pass");
  const minimum = [...passing].sort(
    (a, b) => a.quant_rank - b.quant_rank || bytes(a) - bytes(b) || -byPrecision(a, b),
  )[0];
  const best = bestValue(passing, baselineRow, front);
  const recommended = recommend(passing, summary);
  return {
    baselineRow,
    baseline_quant: baselineRow?.quant_tag ?? null,
    baseline_reason: baselineReason(baselineRow, candidates),
    minimum_viable_quant: minimum?.quant_tag ?? null,
    minimum_viable_reason:
      minimum === undefined
        ? nonePasses(candidates)
        : `fewest bits per weight (${minimum.quant_rank}) of the ${passing.length} that pass`,
    best_value_quant: best.row?.quant_tag ?? null,
    best_value_reason: best.reason,
    recommendation: recommended.row?.quant_tag ?? null,
    recommendation_reason: recommended.row === undefined ? whyNone(candidates, passing, summary) : recommended.reason,
    undecided: recommended.row === undefined && isOpen(candidates, summary),
  };
}

function baselineReason(row: SummaryRow | undefined, candidates: readonly Candidate[]): string {
  if (row === undefined) return "no row is valid";
  const declared = candidates.find((one) => one.row.role === "baseline");
  const said = `highest valid precision, ${row.quant_rank} bits per weight`;
  if (declared === undefined || declared.row === row) return said;
  return declared.isSound
    ? `${said}; the run's own baseline ${declared.row.quant_tag} has ${declared.row.quant_rank}`
    : `${said}; the run's own baseline ${declared.row.quant_tag} is left out: ${declared.reasons.join(", ")}`;
}

/** Quality gained by a smaller file is no loss, and chance alone: it counts as none, so that no saving of a few bytes wins by it. */
function bestValue(
  passing: readonly SummaryRow[],
  baseline: SummaryRow | undefined,
  front: ReadonlySet<string>,
): { row: SummaryRow | undefined; reason: string } {
  const priced = passing
    .filter((row) => front.has(row.cell_id))
    .map((row) => ({ row, ...savings(row, baseline) }))
    .filter(({ vibe_delta }) => vibe_delta !== null)
    .map((one) => ({ ...one, price: Math.max(0, one.vibe_delta as number), saved: one.gib_saved as number }))
    .sort((a, b) => a.price - b.price || b.saved - a.saved || -byPrecision(a.row, b.row));
  const [best] = priced;
  if (best === undefined) {
    const why =
      passing.length === 0 ? "no row passes" : "no row that passes is smaller than the baseline and on the front";
    return { row: undefined, reason: why };
  }
  const price = best.price === 0 ? "no quality lost" : "least quality lost per GiB saved";
  const reason = `${price} among the ${priced.length} that pass, are smaller than ${baseline?.quant_tag ?? "the baseline"} and on the front`;
  return { row: best.row, reason: best.price === 0 ? `${reason}; it saves most` : reason };
}

/** What the run itself ships where that is one of this session; else the same rule over this session's own. */
function recommend(
  passing: readonly SummaryRow[],
  { suite, state }: Summary,
): { row: SummaryRow | undefined; reason: string } {
  if (state !== "complete" || suite.ship === null) return { row: undefined, reason: "" };
  const pool = passing.filter((row) => row.role === "required" || suite.certified.includes(row.cell_id));
  const shipped = pool.find((row) => row.cell_id === suite.ship);
  const chosen =
    shipped?.cell_id ??
    fastestSmallest(
      pool.map((row) => ({
        cellId: row.cell_id,
        speedup: row.speedup?.value ?? undefined,
        bytes: row.bytes_on_disk ?? undefined,
      })),
    )?.cellId;
  return { row: pool.find((row) => row.cell_id === chosen), reason: suite.recommendation_rule };
}

function whyNone(candidates: readonly Candidate[], passing: readonly SummaryRow[], summary: Summary): string {
  if (summary.state !== "complete") return `nothing is recommended from a run that is not complete (${summary.state})`;
  if (passing.length === 0) return nonePasses(candidates);
  const counted = passing.filter((row) => row.role === "required" || summary.suite.certified.includes(row.cell_id));
  if (counted.length === 0) return "what passes alone does not after correcting for the number of candidates";
  return summary.suite.reasons.join("; ") || "the run ships nothing";
}

function nonePasses(candidates: readonly Candidate[]): string {
  const compared = candidates.filter(({ row }) => row.role !== "baseline");
  if (compared.length === 0) return "there is no row to hold against the baseline";
  const failed = compared.filter(({ row }) => row.verdict === "fail").length;
  if (failed === compared.length) return "every row fails its gates";
  const left = compared.filter(({ isSound, row }) => !isSound && row.verdict !== "fail").length;
  return [
    "no row passes",
    ...(failed > 0 ? [`${failed} fail`] : []),
    ...(left > 0 ? [`${left} are left out as polluted or not measured in full`] : []),
    ...(failed + left < compared.length ? [`${compared.length - failed - left} are inconclusive`] : []),
  ].join("; ");
}

/** More data, or a quieter machine, could change that nothing is recommended. */
function isOpen(candidates: readonly Candidate[], { state }: Summary): boolean {
  const compared = candidates.filter(({ row }) => row.role !== "baseline");
  return compared.length > 0 && (state !== "complete" || compared.some(({ row }) => row.verdict !== "fail"));
}

function bytes(row: SummaryRow): number {
  return row.bytes_on_disk ?? Infinity;
}
