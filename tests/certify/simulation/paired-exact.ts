import { decideGate } from "../../../harness/gate/decide-gate.ts";
import { logGamma } from "../../../harness/stats/gamma.ts";
import { accuracyGate, comparison } from "./gates.ts";

/** A paired accuracy gate and a truth. All are fractions but n. */
export interface PairedTruth {
  readonly n: number;
  /** Share of items on which the arms differ; at least |drop|. */
  readonly discordance: number;
  readonly drop: number;
  readonly margin: number;
  readonly alpha: number;
}

/** Tables rarer than this are left out; all of them together stay below 1e-6, which is added to both rates. */
const NEGLIGIBLE = 1e-13;

/** What the real gate does, summed exactly over all tables (b, c, rest) of the trinomial distribution: no simulation error. */
export function pairedRates({ n, discordance, drop, margin, alpha }: PairedTruth): {
  pass: number;
  fail: number;
  covered: number;
  leftOut: number;
} {
  const spec = accuracyGate(alpha, margin);
  const pB = (discordance + drop) / 2;
  const pC = (discordance - drop) / 2;
  const rates = { pass: 0, fail: 0, covered: 0, leftOut: 1 };
  const [bLow, bHigh] = range(n, pB);
  const [cLow, cHigh] = range(n, pC);
  for (let b = bLow; b <= bHigh; b++) {
    for (let c = cLow; c <= Math.min(cHigh, n - b); c++) {
      const p = trinomial(n, b, c, pB, pC);
      if (p < NEGLIGIBLE) continue;
      rates.leftOut -= p;
      const { verdict, effect } = decideGate(spec, comparison("paired", { table: { a: n - b - c, b, c, d: 0 } }), {
        withNeeded: false,
      });
      if (verdict === "pass" || verdict === "fail") rates[verdict] += p;
      if (effect !== null && (effect.low ?? -1) <= drop && drop <= (effect.high ?? 1)) rates.covered += p;
    }
  }
  return rates;
}

/** Counts within 8.5 standard deviations, and at least 12, of the mean. */
function range(n: number, p: number): [number, number] {
  const reach = Math.max(12, 8.5 * Math.sqrt(n * p * (1 - p)) + 12);
  return [Math.max(0, Math.floor(n * p - reach)), Math.min(n, Math.ceil(n * p + reach))];
}

function trinomial(n: number, b: number, c: number, pB: number, pC: number): number {
  if ((pB <= 0 && b > 0) || (pC <= 0 && c > 0)) return 0;
  const rest = n - b - c;
  const log =
    logGamma(n + 1) -
    logGamma(b + 1) -
    logGamma(c + 1) -
    logGamma(rest + 1) +
    (b > 0 ? b * Math.log(pB) : 0) +
    (c > 0 ? c * Math.log(pC) : 0) +
    rest * Math.log1p(-pB - pC);
  return Math.exp(log);
}
