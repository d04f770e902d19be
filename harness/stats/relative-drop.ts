import { type Estimate, type Unjudged, unjudged } from "./estimate.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { type PairedTable, requirePairedTable } from "./paired-table.ts";
import { bisect, type LevelOption } from "./proportion.ts";
import { requireFraction } from "./require.ts";

/** Score test of "the candidate loses this share of the baseline's right answers". */
export type RelativeDropTest = {
  /** 1 - (right in the candidate)/(right in the baseline); undefined where the baseline has none right. */
  readonly value: number | undefined;
  readonly drop: number;
  /** Negative when the observed relative drop is smaller than the tested one. */
  readonly z: number;
  /** One-sided p of H0 "relative drop ≥ drop". */
  readonly pBelow: number;
  /** One-sided p of H0 "relative drop ≤ drop". */
  readonly pAbove: number;
  readonly n: number;
  readonly method: "paired-ratio-score";
  readonly reason?: "no-data";
};

/** Largest improvement that is looked for: a candidate right 1,001 times as often as its baseline. */
const LOWEST_DROP = -1000;

/**
 * z of "accuracy of the candidate = R times that of the baseline", R = 1 - drop. Under it, w = R·(baseline right) - (candidate
 * right) has mean 0 and variance R(p10 + p01), with p10 + p01 the discordance that is most likely under the hypothesis
 * (Nam & Blackwelder 2002; Tang, Tang & Chan 2003). The constrained cell probabilities are n_j/(n(1 + λw_j)).
 */
export function relativeDropZ({ a, b, c, d }: PairedTable, drop: number): number {
  const n = a + b + c + d;
  const ratio = 1 - drop;
  const numerator = ratio * (a + b) - (a + c);
  const variance = n * ratio * likelyDiscordance({ a, b, c }, ratio, n);
  if (variance > 0) return numerator / Math.sqrt(variance);
  if (numerator === 0) return 0;
  return numerator > 0 ? Infinity : -Infinity;
}

function likelyDiscordance({ a, b, c }: Omit<PairedTable, "d">, ratio: number, n: number): number {
  // The constraint falls as λ grows; λ lies where every 1 + λw is positive: w is R for b, -1 for c and R - 1 for a.
  const constraint = (lambda: number) =>
    (a * (ratio - 1)) / (1 + lambda * (ratio - 1)) +
    (b === 0 ? 0 : (b * ratio) / (1 + lambda * ratio)) -
    (c === 0 ? 0 : c / (1 - lambda));
  const low = -1 / ratio;
  const lambda = bisect(low, 1, (x) => constraint(x) > 0);
  const lost = b === 0 ? 0 : b / (n * (1 + lambda * ratio));
  const gained = c === 0 ? 0 : c / (n * (1 - lambda));
  const both = a / (n * (1 + lambda * (ratio - 1)));
  // At an end of the interval a cell without a count takes what the others leave open.
  const open = both * (ratio - 1) + lost * ratio - gained;
  if (b === 0 && open < 0) return -open / ratio + gained;
  if (c === 0 && open > 0) return lost + open;
  return lost + gained;
}

/** Score test that the candidate loses the share `drop` < 1 of the baseline's accuracy, on a paired table. */
export function relativeDropTest(table: PairedTable, { drop = 0 }: { readonly drop?: number } = {}): RelativeDropTest {
  const n = requirePairedTable(table);
  if (!(drop < 1)) throw new RangeError(`drop must be below 1, got ${drop}`);
  const method = "paired-ratio-score";
  const right = table.a + table.b;
  if (right + table.c === 0)
    return { value: undefined, drop, z: 0, pBelow: 1, pAbove: 1, n, method, reason: "no-data" };
  const z = relativeDropZ(table, drop);
  return {
    value: right === 0 ? undefined : 1 - (table.a + table.c) / right,
    drop,
    z,
    pBelow: normalCdf(z),
    pAbove: normalCdf(z, { tail: "upper" }),
    n,
    method,
  };
}

/** Interval of the relative drop 1 - p(candidate)/p(baseline): all drops that {@link relativeDropTest} keeps. */
export function relativeDropInterval(table: PairedTable, { level = 0.95 }: LevelOption = {}): Estimate | Unjudged {
  const n = requirePairedTable(table);
  requireFraction("level", level);
  const method = "paired-ratio-score";
  const right = table.a + table.b;
  if (right === 0) return unjudged("no-data", { level, n, method });
  const z = -normalQuantile((1 - level) / 2);
  const value = 1 - (table.a + table.c) / right;
  // z falls as the tested drop grows; a drop of 1 is where the candidate has nothing right.
  const top = 1 - 1e-12;
  const low = bisect(LOWEST_DROP, Math.min(value, top), (drop) => relativeDropZ(table, drop) > z);
  const high = value >= top ? 1 : bisect(value, top, (drop) => relativeDropZ(table, drop) > -z);
  return { value, low, high, level, n, method };
}
