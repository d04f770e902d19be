import * as stats from "../../harness/stats/index.ts";

const ROUNDS = 5;

/** Fastest of some rounds, in ms: other work on the machine only ever adds time. */
function fastest(work: () => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6);
  }
  return best;
}

/** The three speeds that the statistics promise: a suite of BCa gates, Hodges-Lehmann on 2 x 1,000, one e-process update. */
export async function bench(): Promise<void> {
  const random = stats.rng("bench");
  const sample = () => Float64Array.from({ length: 1000 }, () => random.normal());
  const gates = Array.from({ length: 100 }, sample);
  for (const statistic of ["mean", "median"] as const) {
    const ms = fastest(() => {
      for (const gate of gates) stats.bootstrapBca(gate, { rng: random, statistic, resamples: 10_000 });
    });
    console.log(
      `BCa of the ${statistic}, 100 gates, n = 1,000, 10,000 resamples: ${(ms / 1000).toFixed(2)} s (target 2 s)`,
    );
  }
  const [x, y] = [sample(), sample()];
  const ms = fastest(() => {
    stats.hodgesLehmann(x, y);
  });
  console.log(`Hodges-Lehmann with interval, 2 x 1,000: ${ms.toFixed(2)} ms (target 50 ms)`);
  const updates = 1_000_000;
  const differences = Float64Array.from({ length: updates }, () => [0, 0, 0, 1, -1][random.below(5)]!);
  for (const claim of ["super-population", "finite-set"] as const) {
    const whole = fastest(() => {
      const process = stats.bettingProcess({ margin: 0.01, claim, items: updates });
      for (const difference of differences) process.update(difference);
    });
    console.log(`one e-process update (${claim}): ${((whole / updates) * 1e6).toFixed(0)} ns (target 1,000 ns)`);
  }
}
