// Finds the thresholds of change-seeded.ts and writes harness/stats/change-threshold-table.ts. Needs dist/; some two minutes.
// For every length, stationary AR(1) series of many autocorrelations are simulated, their statistic and *estimated* autocorrelation kept; the
// threshold as a function of the estimate is raised where it is needed until no true autocorrelation gives more false series than RATE.
import { writeFileSync } from "node:fs";

const { rng } = await import("../dist/harness/stats/rng.js");
const { normalScores, stepFreeAutocorrelation } = await import("../dist/harness/stats/change-scores.js");
const { largestStatistic } = await import("../dist/harness/stats/change-seeded.js");

const RATE = 0.04;
const PHIS = [-0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const TRUE_PHIS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93];
const STEP = 0.04;
const RUNS = { 20: 4000, 30: 4000, 50: 4000, 100: 4000, 200: 2000, 500: 1000, 1000: 600, 4000: 200 };

function series(n, phi, random) {
  const data = new Float64Array(n);
  let x = random.normal();
  const innovation = Math.sqrt(1 - phi * phi);
  for (let i = 0; i < n; i++) {
    data[i] = x;
    x = phi * x + innovation * random.normal();
  }
  return data;
}

/** Knot at or left of an estimate, and how much of the next one counts. */
function place(phi) {
  const right = PHIS.findIndex((knot) => knot >= phi);
  if (right === 0) return [0, 0];
  if (right < 0) return [PHIS.length - 2, 1];
  return [right - 1, (phi - PHIS[right - 1]) / (PHIS[right] - PHIS[right - 1])];
}

function simulate(n, phi, runs) {
  const random = rng(`change-thresholds/${n}/${phi}`);
  const sample = { statistic: new Float64Array(runs), knot: new Int32Array(runs), share: new Float64Array(runs) };
  for (let run = 0; run < runs; run++) {
    const scores = normalScores(series(n, phi, random));
    sample.statistic[run] = largestStatistic(scores);
    [sample.knot[run], sample.share[run]] = place(stepFreeAutocorrelation(scores));
  }
  return sample;
}

function alarmsOf({ statistic, knot, share }, limits) {
  const alarms = [];
  for (let run = 0; run < statistic.length; run++) {
    const [low, high] = [limits[knot[run]], limits[knot[run] + 1]];
    if (statistic[run] > low + share[run] * (high - low)) alarms.push(run);
  }
  return alarms;
}

const table = Object.entries(RUNS).map(([length, runs]) => {
  const n = Number(length);
  const samples = TRUE_PHIS.map((phi) => simulate(n, phi, runs));
  const base = samples[0].statistic.toSorted()[Math.floor(runs * (1 - RATE))];
  const limits = PHIS.map(() => base);
  for (let round = 0; round < 4000; round++) {
    const alarms = samples.map((sample) => alarmsOf(sample, limits));
    const worst = alarms.reduce((best, list, at) => (list.length > alarms[best].length ? at : best), 0);
    if (alarms[worst].length <= RATE * runs) break;
    const { knot, share } = samples[worst];
    const weight = 0.05 / Math.max(1, alarms[worst].length / 20);
    for (const run of alarms[worst]) {
      limits[knot[run]] += weight * (1 - share[run]);
      limits[knot[run] + 1] += weight * share[run];
    }
    for (let at = 1; at < limits.length; at++) limits[at] = Math.max(limits[at], limits[at - 1]);
  }
  // What was raised too far on the way is taken back, small correlation first: most series have little.
  const isFine = () => samples.every((sample) => alarmsOf(sample, limits).length <= RATE * runs);
  for (const at of [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) {
    for (;;) {
      const lowered = limits[at] - STEP;
      const [least, most] = [limits[at - 1] ?? 0, limits[at]];
      // Those to the left come along: the threshold never falls with the correlation.
      const before = limits.slice();
      limits[at] = lowered;
      for (let left = 0; left < at; left++) limits[left] = Math.min(limits[left], lowered);
      if (lowered > 0 && (lowered >= least || at === 2) && lowered < most && isFine()) continue;
      limits.splice(0, limits.length, ...before);
      break;
    }
  }
  const rates = samples.map((sample) => alarmsOf(sample, limits).length / runs);
  console.log(n, limits.map((x) => x.toFixed(2)).join(" "), "| rates", rates.map((x) => x.toFixed(3)).join(" "));
  return { n, limits };
});

const text = `// Written by scripts/change-thresholds.mjs. Do not edit.

/** Threshold by length of the series and estimated lag-1 autocorrelation: at most ${RATE * 100} % of simulated AR(1) series exceed it. */
export const CHANGE_THRESHOLDS: {
  readonly lengths: readonly number[];
  readonly phis: readonly number[];
  /** One row a length, one column a φ. */
  readonly thresholds: readonly (readonly number[])[];
} = {
  lengths: [${table.map(({ n }) => n).join(", ")}],
  phis: [${PHIS.join(", ")}],
  thresholds: [
${table.map(({ limits }) => `    [${limits.map((x) => Math.ceil(x * 200) / 200).join(", ")}],`).join("\n")}
  ],
};
`;
writeFileSync(new URL("../harness/stats/change-threshold-table.ts", import.meta.url), text);
