import type { PairedTable } from "../domain/comparison.ts";
import type { NeededDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import type { Effect } from "./effect.ts";

/** Power at which "what would settle it" is planned. */
const POWER = 0.8;
/** Beyond this many the answer is "not worth asking": the effect sits on the margin. */
const MOST = 10_000_000;

/** Beyond this many items the exact search takes longer than its last per cent is worth. */
const EXACT_UP_TO = 20_000;

/**
 * Further items that would settle a paired accuracy gate with 80 % power, if the discordance and drop seen are the true ones: the
 * power of the gate's own interval, summed over all tables (normal approximation where that is too many), but no fewer than Tango's
 * limit needs to fall below δ where no item differs: z(1-α)²(1-δ)/δ.
 */
export function itemsNeeded(options: {
  readonly effect: Effect;
  readonly table: PairedTable | undefined;
  readonly margin: number;
  readonly alpha: number;
  readonly secondsPerItem: number | undefined;
}): NeededDoc | undefined {
  const { effect, table, margin, alpha, secondsPerItem } = options;
  if (table === undefined || effect.value === undefined) return undefined;
  const total = pairedTotal((table.b + table.c) / effect.n, effect.value, { margin, alpha });
  const least =
    effect.value < margin && margin > 0 ? (stats.normalQuantile(1 - alpha) ** 2 * (1 - margin)) / margin : 0;
  return needed(Math.max(total, least) - effect.n, "items", secondsPerItem);
}

/**
 * Further blocks that would settle a gate with 80 % power, by the power of Wilcoxon's test with the spread seen. `values` and `margin` on
 * one scale: log ratios and ln(1 + δ), or differences and δ.
 */
export function blocksNeeded(options: {
  readonly values: Float64Array;
  readonly margin: number;
  readonly alpha: number;
  readonly secondsPerBlock: number | undefined;
}): NeededDoc | undefined {
  const { values, margin, alpha, secondsPerBlock } = options;
  const n = values.length;
  // The smallest n at which the exact Wilcoxon interval is finite at this level: 2^-n ≤ α.
  const finite = Math.ceil(Math.log2(1 / alpha));
  if (n < 2) return needed(finite - n, "trials", secondsPerBlock);
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const total = blocksTotal(Math.sqrt(variance), margin - mean, alpha);
  return needed(Math.max(total, finite) - n, "trials", secondsPerBlock);
}

/** Further calls that would support a quantile limit if the share over it stays what was seen; undefined where that share is too large. */
export function callsNeeded(options: {
  readonly over: number;
  readonly n: number;
  readonly quantile: number;
  readonly alpha: number;
}): NeededDoc | undefined {
  const { over, n, quantile, alpha } = options;
  const share = over / n;
  if (share >= 1 - quantile) return undefined;
  const settles = (total: number) =>
    stats.binomialCdf(Math.ceil(share * total), { n: total, p: 1 - quantile }) <= alpha;
  let total = n + 1;
  while (!settles(total)) {
    total = Math.ceil(total * 1.05);
    if (total > MOST) return undefined;
  }
  return needed(total - n, "calls", undefined);
}

function pairedTotal(
  discordance: number,
  drop: number,
  { margin, alpha }: { readonly margin: number; readonly alpha: number },
): number {
  const variance = discordance - drop ** 2;
  const normal = (zSum(alpha) ** 2 * variance) / (margin - drop) ** 2;
  if (!(discordance > 0 && discordance < 1 && normal > 0 && normal <= EXACT_UP_TO)) return normal;
  const claim = drop < margin ? "pass" : "fail";
  const plan = { discordance, drop, margin, alpha, claim, power: POWER, method: "exact" } as const;
  return stats.pairedSampleSize(plan).n ?? normal;
}

function blocksTotal(logRatioSd: number, room: number, alpha: number): number {
  const normal = (zSum(alpha) * logRatioSd) ** 2 / room ** 2;
  // Blocks without any spread are enough as they are; a change that sits on the margin, or is no number, never is.
  if (logRatioSd === 0 || !(normal <= EXACT_UP_TO)) return normal;
  const margin = Math.expm1(Math.abs(room));
  return stats.ratioSampleSize({ logRatioSd, margin, alpha, power: POWER }).n ?? normal;
}

function zSum(alpha: number): number {
  return stats.normalQuantile(1 - alpha) + stats.normalQuantile(POWER);
}

function needed(quantity: number, unit: NeededDoc["unit"], secondsEach: number | undefined): NeededDoc | undefined {
  if (!Number.isFinite(quantity) || quantity > MOST) return undefined;
  // The formula may say "enough already" where the exact interval is wider than the normal one: then at least one more.
  const whole = Math.max(1, Math.ceil(quantity));
  return { quantity: whole, unit, seconds: secondsEach === undefined ? null : whole * secondsEach };
}
