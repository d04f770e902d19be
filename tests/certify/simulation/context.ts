import { decideGate } from "../../../harness/gate/decide-gate.ts";
import { assessNoise } from "../../../harness/gate/session-noise.ts";
import { welchTest } from "../../../harness/stats/welch.ts";
import type { Counts } from "./cells.ts";
import { type Stretch, Tally } from "./error-rates.ts";
import { comparison, latencyGate } from "./gates.ts";
import { normals } from "./noise-models.ts";
import { sessions } from "./session.ts";

/** False alarms of the usual practice on identical code: all trials of one arm, then all of the other, Welch's t at one-sided α. */
export function sequentialWelch({ model, alphas, suites, random }: Stretch, blocks: number): Counts {
  const session = { random, normal: normals(random) };
  const noise = new Float64Array(2 * blocks);
  const tally = new Tally();
  for (let suite = 0; suite < suites; suite++) {
    model.fill(noise, session);
    const latencies = noise.map((log, slot) => {
      const own = slot >= blocks ? (model.candidateNoise?.(session) ?? 0) : 0;
      return model.measure?.(Math.exp(log + own)) ?? Math.exp(log + own);
    });
    const test = welchTest(latencies.subarray(blocks), latencies.subarray(0, blocks), { alternative: "greater" });
    for (const alpha of alphas) if (test.p <= alpha) tally.add("welch", alpha);
  }
  return tally.counts;
}

/** Sessions whose in-session A/A calls them noisy, so that their latency gates would be inconclusive. */
export function calledNoisy(
  { model, alphas, suites, random }: Stretch,
  { blocks, margin }: { blocks: number; margin: number },
): Counts {
  const session = { random, normal: normals(random) };
  const noise = new Float64Array(2 * blocks);
  const tally = new Tally();
  for (let suite = 0; suite < suites; suite++) {
    model.fill(noise, session);
    const baseline = Array.from({ length: blocks }, (_, block) =>
      Math.exp(noise[2 * block + random.below(2)] as number),
    );
    for (const alpha of alphas) if (assessNoise([baseline], margin, alpha).isNoisy) tally.add("noisy", alpha);
  }
  return tally.counts;
}

/** How often the real gate gives each verdict, without the screen: for power, where most verdicts are decided. */
export function verdictRates(
  { model, alphas, suites, random }: Stretch,
  options: { policy: "non-inferiority" | "any-regression"; blocks: number; effect: number; margin: number },
): Counts {
  const specs = alphas.map((alpha) => latencyGate(options.policy, alpha, options.margin));
  const next = sessions({ model, blocks: options.blocks, candidates: [{ effect: options.effect }], random });
  const tally = new Tally();
  for (let suite = 0; suite < suites; suite++) {
    const given = comparison("power", { logRatios: next()[0] as Float64Array });
    for (const spec of specs) {
      const { verdict } = decideGate(spec, given, { withNeeded: false });
      if (verdict === "pass" || verdict === "fail") tally.add(verdict, spec.alpha);
    }
  }
  return tally.counts;
}
