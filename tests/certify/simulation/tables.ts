import type { CertifySimulated } from "../../../harness/domain/generated/certify-simulated-v1.ts";
import { pairedSampleSize } from "../../../harness/stats/paired-power.ts";
import { clopperPearson } from "../../../harness/stats/proportion.ts";
import { ratioPower } from "../../../harness/stats/ratio-power.ts";
import { ALPHAS, type Cell, type Counts, CV } from "./cells.ts";
import { CHOICE_BLOCKS, countKey, SUITE_BLOCKS } from "./error-rates.ts";
import { pairedRates } from "./paired-exact.ts";

type ErrorRate = CertifySimulated["error_rates"][number];
type Share = Pick<ErrorRate, "suites" | "count" | "rate" | "low" | "high">;

/** Level of the exact limits about every simulated share. */
export const LIMITS_LEVEL = 0.99;

export function share(count: number, suites: number): Share {
  const { low, high } = clopperPearson({ successes: count, n: suites }, { level: LIMITS_LEVEL });
  return { suites, count, rate: count / suites, low, high };
}

/** Section 10: the lower 99 % limit does not exceed α, the upper one not 1.1 α. */
export function isWithin({ low, high }: { readonly low: number; readonly high: number }, alpha: number): boolean {
  return low <= alpha && high <= 1.1 * alpha;
}

export function errorRates(results: ReadonlyMap<Cell, Counts>): ErrorRate[] {
  const rows: ErrorRate[] = [];
  for (const [cell, counts] of results) {
    const { model, suites } = cell;
    const add = (of: Pick<ErrorRate, "design" | "error" | "policy" | "blocks">, what: "pass" | "fail" | "error") => {
      for (const alpha of ALPHAS) {
        const measured = share(counts[countKey(what, alpha)] ?? 0, suites);
        rows.push({ ...of, model, alpha, ...measured, within: isWithin(measured, alpha) });
      }
    };
    if (cell.kind === "single") {
      const of = { design: "single gate", policy: cell.policy, blocks: cell.blocks } as const;
      add({ ...of, error: "false-fail" }, "fail");
      if (cell.policy === "non-inferiority") add({ ...of, error: "false-pass" }, "pass");
    } else if (cell.kind === "suite-36") {
      const of = { design: "suite of 36 gates", policy: cell.policy, blocks: SUITE_BLOCKS } as const;
      add({ ...of, error: cell.error }, "error");
    } else if (cell.kind === "choice") {
      const design = `choice among ${cell.candidates === 7 ? 7 : 16} candidates` as const;
      add({ design, policy: "non-inferiority", blocks: CHOICE_BLOCKS, error: "false-pass" }, "error");
    }
  }
  return rows;
}

/** Two-sided coverage of the interval at the margin, out of the same sessions: neither limit was on the wrong side. */
export function coverage(results: ReadonlyMap<Cell, Counts>): CertifySimulated["coverage"] {
  return [...results].flatMap(([cell, counts]) => {
    if (cell.kind !== "single" || cell.policy !== "non-inferiority") return [];
    return ALPHAS.map((alpha) => {
      const missed = (counts[countKey("pass", alpha)] ?? 0) + (counts[countKey("fail", alpha)] ?? 0);
      const level = 1 - 2 * alpha;
      const covered = share(cell.suites - missed, cell.suites);
      return { model: cell.model, blocks: cell.blocks, level, ...covered, within: covered.high >= level - 0.005 };
    });
  });
}

/** Found slowdowns and passed identical code. The target holds for CV 2 % an arm and α .01 (section 10), so for the iid model. */
export function power(results: ReadonlyMap<Cell, Counts>): CertifySimulated["power"] {
  return [...results].flatMap(([cell, counts]) => {
    if (cell.kind !== "power") return [];
    return ALPHAS.map((alpha) => powerRow(cell, counts, alpha));
  });
}

function powerRow(
  cell: Extract<Cell, { kind: "power" }>,
  counts: Counts,
  alpha: number,
): CertifySimulated["power"][number] {
  const { model, policy, blocks, effect, margin } = cell;
  const verdict = policy === "any-regression" ? ("fail" as const) : ("pass" as const);
  const measured = share(counts[countKey(verdict, alpha)] ?? 0, cell.suites);
  const plan = { logRatioSd: Math.SQRT2 * CV, effect, alpha, n: blocks };
  const claimed = verdict === "fail" ? { ...plan, margin: 0, claim: verdict } : { ...plan, margin, claim: verdict };
  const planned = model === "iid" ? ratioPower(claimed) : null;
  const asPlanned = planned === null ? null : Math.abs(measured.rate - planned) <= 0.02;
  const hasTarget = model === "iid" && alpha === 0.01 && verdict === "fail";
  const target = hasTarget ? 0.9 : null;
  const within = target === null ? null : measured.low >= target;
  return {
    model,
    alpha,
    policy,
    blocks,
    effect,
    margin,
    verdict,
    ...measured,
    target,
    within,
    planned,
    as_planned: asPlanned,
  };
}

/** Beside the certified rates: what one arm after the other with Welch's t gives, and how often the in-session A/A calls a session noisy. */
export function context(results: ReadonlyMap<Cell, Counts>): CertifySimulated["context"] {
  return [...results].flatMap(([cell, counts]) => {
    if (cell.kind !== "context") return [];
    const { model, blocks, suites } = cell;
    return ALPHAS.map((alpha) => ({
      model,
      alpha,
      blocks,
      sequential_welch: share(counts[countKey("welch", alpha)] ?? 0, suites),
      called_noisy: share(counts[countKey("noisy", alpha)] ?? 0, suites),
    }));
  });
}

const PAIRED_ITEMS = [200, 500, 1000, 2000, 5000] as const;
const PAIRED_MARGINS = [0.01, 0.02] as const;
const PAIRED_DISCORDANCES = [1, 1.2, 2, 5, 10] as const;

/** Accuracy gates at the margin, summed over all tables: exact, so the rate itself is held against α and 1.1 α. */
export function pairedTable({
  items = PAIRED_ITEMS,
}: {
  readonly items?: readonly number[];
} = {}): CertifySimulated["paired"] {
  return ALPHAS.flatMap((alpha) =>
    PAIRED_MARGINS.flatMap((margin) =>
      PAIRED_DISCORDANCES.flatMap((times) =>
        items.map((n) => {
          const discordance = margin * times;
          const rates = pairedRates({ n, discordance, drop: margin, margin, alpha });
          const upper = (rate: number) => rate + Math.max(0, rates.leftOut);
          const within = upper(rates.pass) <= 1.1 * alpha && upper(rates.fail) <= 1.1 * alpha;
          const { pass: false_pass, fail: false_fail, covered } = rates;
          return { n, discordance, margin, alpha, false_pass, false_fail, coverage: covered, within };
        }),
      ),
    ),
  );
}

/** Planned against realized power of accuracy gates for a candidate without a drop, exact. */
export function pairedPlans(): CertifySimulated["paired_plans"] {
  return ALPHAS.flatMap((alpha) =>
    [0.8, 0.9].flatMap((planned) =>
      [
        [0.02, 0.01],
        [0.04, 0.01],
        [0.05, 0.02],
        [0.1, 0.02],
      ].map(([discordance = 0, margin = 0]) => {
        const n = pairedSampleSize({ discordance, margin, alpha, power: planned, method: "exact" }).n as number;
        const realized = pairedRates({ n, discordance, drop: 0, margin, alpha }).pass;
        return { discordance, margin, alpha, planned, n, realized, within: Math.abs(realized - planned) <= 0.02 };
      }),
    ),
  );
}
