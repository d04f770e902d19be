import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { it } from "node:test";
import { stats } from "./namespace.ts";

/** Every number in a result, depth first, as the 16 hexadecimal digits of its double. */
function bitsOf(result: unknown): string[] {
  if (typeof result === "number") {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, result);
    return [view.getBigUint64(0).toString(16).padStart(16, "0")];
  }
  if (typeof result !== "object" || result === null) return [];
  return Object.values(result).flatMap(bitsOf);
}

it("results are the same bits on every system and Node version: this digest is frozen", () => {
  const random = stats.rng("portable bits");
  const x = Array.from({ length: 41 }, () => random.normal());
  const y = Array.from({ length: 37 }, () => 0.4 + 1.3 * random.normal());
  const flips = Array.from({ length: 300 }, () => random.below(20)).map((k) => (k === 0 ? 1 : k === 1 ? -1 : 0));
  const table = { a: 801, b: 23, c: 17, d: 159 };
  const results: unknown[] = [
    x,
    y,
    random.permutation(50),
    [-30, -3.2, -0.7, 1.1, 6].map((z) => [stats.normalCdf(z), stats.tCdf(z, { df: 7.5 })]),
    [1e-200, 1e-9, 0.03, 0.5, 0.8, 0.999].map((p) => [
      stats.normalQuantile(p),
      stats.tQuantile(p, { df: 11 }),
      stats.betaQuantile(p, { a: 2.5, b: 70 }),
      stats.chiSquareQuantile(p, { df: 3 }),
    ]),
    stats.tangoInterval(table),
    stats.tangoTest(table, { difference: 0.01 }),
    stats.newcombeInterval(table),
    stats.mcnemar(table),
    stats.clopperPearson({ successes: 15, n: 148 }),
    stats.wilson({ successes: 15, n: 148 }),
    stats.midPInterval({ successes: 15, n: 148 }),
    stats.hodgesLehmann(x),
    stats.hodgesLehmann(x, y),
    stats.signedRank(x),
    stats.mannWhitney(x, y),
    stats.quantileInterval(x, { quantile: 0.7 }),
    stats.tInterval(x),
    stats.coefficientOfVariation(y.map(Math.abs)),
    stats.bootstrapBca(x, { rng: stats.rng(1), resamples: 500 }),
    stats.bootstrapBca(x, { rng: stats.rng(1), resamples: 500, statistic: { quantile: 0.6 } }),
    stats.blockBootstrap(x, { rng: stats.rng(1), resamples: 200 }),
    stats.permutationTest(x, y, { rng: stats.rng(1), permutations: 200 }),
    stats.bettingTest(flips, { margin: 0.02 }),
    stats.bettingTest(flips, { margin: 0.02, claim: "finite-set", items: 400 }),
    stats.confidenceSequence(flips, { lower: -1 }),
    stats.normalMixtureBound({ variance: 30, optimalVariance: 100, sides: "one" }),
    stats.gammaExponentialBound({ variance: 30, optimalVariance: 100, scale: 1.5 }),
    stats.bernoulliConfidenceSequence({ successes: 30, n: 170 }, { optimalN: 50 }),
    stats.mannKendall(x),
    stats.autocorrelation(x),
    stats.bimodality(x, { rng: stats.rng(1), resamples: 50 }),
    stats.pairedPower({ n: 900, discordance: 0.04, margin: 0.01 }),
    stats.ratioPower({ n: 14, logRatioSd: 0.03, margin: 0.02 }),
    stats.flipRateBound({ items: 100, runs: 3 }),
  ];
  const bits = results.flatMap(bitsOf);
  assert.ok(bits.length > 300);
  const digest = createHash("sha256").update(bits.join("\n")).digest("hex");
  assert.equal(digest, "521e642f1dfbf7ae98157bacbdff301120ae7b87e050a814ac613b15f8b94428");
});
