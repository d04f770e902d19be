// Compares two ways to calibrate the change-point threshold: the simulated AR(1) table that ships, and block permutation of each series;
// writes docs/studies/change-calibration.json. Needs dist/. `node scripts/change-calibration.mjs [RUNS] [MODEL,...]`; five minutes for all.
import { writeFileSync } from "node:fs";

const { rng } = await import("../dist/harness/stats/rng.js");
const { normalScores } = await import("../dist/harness/stats/change-scores.js");
const { changePoints, largestStatistic } = await import("../dist/harness/stats/change-seeded.js");
const { clopperPearson } = await import("../dist/harness/stats/proportion.js");
const { STATIONARY_NOISE, withStep } = await import("../dist/tests/fixtures/noise-models.js");

const POINTS = 100;
const RUNS = Number(process.argv[2] ?? 400);
const MODELS = process.argv[3]?.split(",") ?? Object.keys(STATIONARY_NOISE);
const PERMUTATIONS = 99;
const ALPHA = 0.05;
const BLOCKS = [1, 5, 10, 20];

const share = (hits) => {
  const { low, high } = clopperPearson({ successes: hits, n: RUNS }, { level: 0.98 });
  return { rate: hits / RUNS, low99: Number(low.toFixed(4)), high99: Number(high.toFixed(4)) };
};

/** Whether the series' statistic is among the largest of series made of its own blocks in random order. */
function flagged(series, block, random) {
  const scores = normalScores(series);
  const own = largestStatistic(scores);
  const count = Math.ceil(POINTS / block);
  let atLeast = 0;
  for (let i = 0; i < PERMUTATIONS; i++) {
    const order = random.permutation(count);
    const mixed = new Float64Array(POINTS);
    let at = 0;
    for (const k of order) for (let j = k * block; j < Math.min(POINTS, (k + 1) * block); j++) mixed[at++] = scores[j];
    if (largestStatistic(mixed) >= own) atLeast++;
  }
  return (1 + atLeast) / (1 + PERMUTATIONS) <= ALPHA;
}

function measure(name, make) {
  const random = rng(`change-calibration/${name}`);
  const hits = { table: 0 };
  for (const block of BLOCKS) hits[`blocks of ${block}`] = 0;
  for (let run = 0; run < RUNS; run++) {
    const series = make(random);
    if (changePoints(series).changes.length > 0) hits.table++;
    for (const block of BLOCKS) if (flagged(series, block, random)) hits[`blocks of ${block}`]++;
  }
  const result = Object.fromEntries(Object.entries(hits).map(([way, n]) => [way, share(n)]));
  console.log(
    name,
    Object.entries(result)
      .map(([way, { rate }]) => `${way} ${rate}`)
      .join(", "),
  );
  return result;
}

const result = { points: POINTS, runs: RUNS, permutations: PERMUTATIONS, alpha: ALPHA, false_series: {}, power: {} };
for (const name of MODELS)
  result.false_series[name] = measure(name, (random) => STATIONARY_NOISE[name](POINTS, random));
for (const [name, after, size] of [
  ["2 % after 30 points", 30, 0.02],
  ["5 % after 8 points", 8, 0.05],
]) {
  result.power[name] = measure(name, (random) => withStep(STATIONARY_NOISE.iid(POINTS, random), after, size));
}
writeFileSync(
  new URL("../docs/studies/change-calibration.json", import.meta.url),
  `${JSON.stringify(result, null, 2)}\n`,
);
