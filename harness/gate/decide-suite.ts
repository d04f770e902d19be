import type { SuiteDoc } from "../domain/generated/summary-v1.ts";
import { fastestSmallest, type Merit } from "../domain/ship-choice.ts";
import * as stats from "../stats/index.ts";
import { chanceGates, type RowDecision, rowFailPValue, rowPValue } from "./decide-row.ts";

/** Gates carry a disturbance that both arms of a pair meet; a choice among variants by their figures does not. */
const POLLUTED = "every passing variant was measured while something else used the machine, so none is recommended";

/**
 * The suite's verdict. Required variants were named before anything was measured, so each is judged at its own α. Picking any
 * passing candidate is a claim about the best of many, so candidates count only where their pass survives Holm over all of them.
 * Exit code 3 is a union as well ("a required variant, or a baseline, violates a gate"). A row's fail is already Holm's smallest
 * p-value over its primary gates; it counts where it survives Holm over all required rows and all baselines that have gates of
 * their own. So the chance of a 3 while all of them meet all their gates is at most α, whatever their number and dependence.
 * Without required variants a 3 says that *every* candidate failed: an intersection, which needs no more than each row's own α.
 */
export function decideSuite(rows: readonly RowDecision[], merits: readonly Merit[], alpha: number): SuiteDoc {
  const required = rows.filter((row) => row.role === "required");
  const candidates = rows.filter((row) => row.role === "candidate");
  const certified = holmCertified(candidates, alpha);
  const shippable = [...required.filter((row) => row.verdict === "pass").map((row) => row.cellId), ...certified];
  const rule = `required variants at their own alpha; Holm over ${candidates.length} candidates; then the fastest, the smaller of equals`;
  const base = { certified, ship: null as string | null, recommendation_rule: rule };
  const baselines = rows.filter((row) => row.role === "baseline" && chanceGates(row.gates) > 0);
  const family = [...required, ...baselines];
  const proven = holmFailed(family, alpha);
  const broken = rows.find((row) => row.role === "baseline" && row.gates.some(isBroken));
  if (broken !== undefined) {
    const isProven = rowFailPValue(broken) === 0 || proven.has(broken.cellId);
    const after = isProven ? "" : ", but not after correcting for the number of claims";
    const reasons = [`the baseline ${broken.cellId} fails its own gates${after}`];
    return {
      ...base,
      certified: [],
      verdict: isProven ? "fail" : "inconclusive",
      exit_code: isProven ? 3 : 4,
      reasons,
    };
  }
  const ship =
    fastestSmallest(merits.filter(({ cellId, isPolluted }) => shippable.includes(cellId) && isPolluted !== true))
      ?.cellId ?? null;
  const failed = required.filter((row) => row.verdict === "fail" && proven.has(row.cellId));
  const open = required.filter((row) => row.verdict === "inconclusive" || row.verdict === "fail");
  if (failed.length > 0) {
    return {
      ...base,
      ship,
      verdict: "fail",
      exit_code: 3,
      reasons: failed.map((row) => `required ${row.cellId} failed`),
    };
  }
  if (open.length > 0) {
    const reasons = open.map((row) =>
      row.verdict === "fail"
        ? `required ${row.cellId} fails alone, but not after correcting for ${family.length} rows`
        : `required ${row.cellId} is inconclusive`,
    );
    return { ...base, ship, verdict: "inconclusive", exit_code: 4, reasons };
  }
  if (required.length > 0 || certified.length > 0) {
    const reasons = ship === null && shippable.length > 0 ? [POLLUTED] : [];
    return { ...base, ship, verdict: "pass", exit_code: 0, reasons };
  }
  const undecided = candidates.filter((row) => row.verdict !== "fail");
  if (undecided.length > 0) {
    const reasons = undecided.map((row) =>
      row.verdict === "pass"
        ? `${row.cellId} passes alone, but not after correcting for ${candidates.length} candidates`
        : `${row.cellId} is inconclusive`,
    );
    return { ...base, verdict: "inconclusive", exit_code: 4, reasons };
  }
  const reasons = [candidates.length === 0 ? "there is no variant to judge" : "every candidate failed"];
  return { ...base, verdict: "fail", exit_code: 3, reasons };
}

function isBroken(gate: RowDecision["gates"][number]): boolean {
  return gate.tier === "primary" && gate.verdict === "fail";
}

function holmCertified(candidates: readonly RowDecision[], alpha: number): string[] {
  // A variant that does not pass has p = 1: it counts in the number of claims that were tried.
  const ps = candidates.map((row) => rowPValue(row) ?? 1);
  const { adjusted } = stats.holm(ps);
  return candidates
    .filter((row, i) => row.verdict === "pass" && (adjusted[i] as number) <= alpha)
    .map((row) => row.cellId);
}

/** Cells whose fail survives Holm over all the rows of the family. */
function holmFailed(family: readonly RowDecision[], alpha: number): ReadonlySet<string> {
  const ps = family.map((row) => rowFailPValue(row) ?? 1);
  const { adjusted } = stats.holm(ps);
  return new Set(family.filter((_, i) => (adjusted[i] as number) <= alpha).map((row) => row.cellId));
}
