// Measures false series, power and the run length of the online detector by simulation; writes tests/fixtures/stats/change-rates.json.
// Needs dist/; some two minutes.
import { writeFileSync } from "node:fs";

const { rng } = await import("../dist/harness/stats/rng.js");
const { changePoints } = await import("../dist/harness/stats/change-seeded.js");
const { eDivisive } = await import("../dist/harness/stats/e-divisive.js");
const { OnlineDetector } = await import("../dist/harness/stats/online-detector.js");
const { STATIONARY_NOISE, withStep } = await import("../dist/tests/fixtures/noise-models.js");
const { clopperPearson } = await import("../dist/harness/stats/proportion.js");

const POINTS = 100;
const RUNS = 4000;

const share = (hits, n) => {
  const { low, high } = clopperPearson({ successes: hits, n }, { level: 0.98 });
  return { hits, n, rate: hits / n, low99: Number(low.toFixed(4)), high99: Number(high.toFixed(4)) };
};

const falseSeries = Object.fromEntries(
  Object.entries(STATIONARY_NOISE).map(([name, noise]) => {
    const random = rng(`change-rates/false/${name}`);
    let hits = 0;
    for (let run = 0; run < RUNS; run++) if (changePoints(noise(POINTS, random)).changes.length > 0) hits++;
    return [name, share(hits, RUNS)];
  }),
);

const power = Object.fromEntries(
  [
    ["2 % after 30 points", 30, 0.02],
    ["5 % after 8 points", 8, 0.05],
    ["3 % after 15 points", 15, 0.03],
  ].map(([name, after, size]) => {
    const random = rng(`change-rates/power/${name}`);
    let hits = 0;
    for (let run = 0; run < RUNS; run++) {
      const { changes } = changePoints(withStep(STATIONARY_NOISE.iid(POINTS, random), after, size));
      if (changes.some(({ index }) => Math.abs(index - (POINTS - after)) <= after / 2)) hits++;
    }
    return [name, share(hits, RUNS)];
  }),
);

const E_RUNS = 200;
const eDivisiveFalse = Object.fromEntries(
  ["iid", "ar1-0.5"].map((name) => {
    const random = rng(`change-rates/e-divisive/${name}`);
    let hits = 0;
    for (let run = 0; run < E_RUNS; run++)
      if (eDivisive(STATIONARY_NOISE[name](POINTS, random), { permutations: 99, random }).length > 0) hits++;
    return [name, share(hits, E_RUNS)];
  }),
);

// The model is the true one: what is measured is the detector, not the estimate of its model.
const online = Object.fromEntries(
  [
    ["iid", 0],
    ["ar1-0.5", 0.5],
    ["ar1-0.9", 0.9],
  ].map(([name, phi]) => {
    const random = rng(`change-rates/online/${name}`);
    const runLength = 1000;
    const total = 2_000_000;
    const detector = new OnlineDetector({ mean: 1, sd: 0.02, phi }, { runLength });
    let alarms = 0;
    for (const value of STATIONARY_NOISE[name](total, random)) if (detector.add(value) !== undefined) alarms++;
    return [
      name,
      { promised: runLength, points: total, alarms, measured: alarms === 0 ? null : Math.round(total / alarms) },
    ];
  }),
);

const delays = Object.fromEntries(
  [0.02, 0.05].map((size) => {
    const random = rng(`change-rates/delay/${size}`);
    const waits = [];
    for (let run = 0; run < RUNS; run++) {
      const detector = new OnlineDetector({ mean: 1, sd: 0.02, phi: 0 }, { runLength: 1000 });
      let wait = 0;
      while (detector.add((1 + size) * (1 + 0.02 * random.normal())) === undefined) wait++;
      waits.push(wait + 1);
    }
    waits.sort((x, y) => x - y);
    return [`${size * 100} %`, { median: waits[RUNS / 2], p90: waits[RUNS * 0.9] }];
  }),
);

const result = {
  points: POINTS,
  cv: 0.02,
  false_series: falseSeries,
  power,
  e_divisive_false_series: eDivisiveFalse,
  online_run_length: online,
  online_delay: delays,
};
writeFileSync(
  new URL("../tests/fixtures/stats/change-rates.json", import.meta.url),
  `${JSON.stringify(result, null, 2)}\n`,
);
console.log(JSON.stringify(result));
