import { decideGate } from "../../../harness/gate/decide-gate.ts";
import { assessNoise } from "../../../harness/gate/session-noise.ts";
import { welchTest } from "../../../harness/stats/welch.ts";
import type { Stretch } from "./error-rates.ts";
import { comparison, latencyGate } from "./gates.ts";
import { normals } from "./noise-models.ts";
import { sessions } from "./session.ts";

/** False alarms of the usual practice on identical code: all trials of one arm, then all of the other, Welch's t at one-sided α. */
export function sequentialWelch({ model, alpha, suites, random }: Stretch, blocks: number): number {
  const session = { random, normal: normals(random) };
  const noise = new Float64Array(2 * blocks);
  let alarms = 0;
  for (let suite = 0; suite < suites; suite++) {
    model.fill(noise, session);
    const latencies = noise.map((log, slot) => {
      const own = slot >= blocks ? (model.candidateNoise?.(session) ?? 0) : 0;
      return model.measure?.(Math.exp(log + own)) ?? Math.exp(log + own);
    });
    const test = welchTest(latencies.subarray(blocks), latencies.subarray(0, blocks), { alternative: "greater" });
    if (test.p <= alpha) alarms++;
  }
  return alarms;
}

/** Sessions whose in-session A/A calls them noisy, so that their latency gates would be inconclusive. */
export function calledNoisy(
  { model, alpha, suites, random }: Stretch,
  { blocks, margin }: { blocks: number; margin: number },
): number {
  const session = { random, normal: normals(random) };
  const noise = new Float64Array(2 * blocks);
  let noisy = 0;
  for (let suite = 0; suite < suites; suite++) {
    model.fill(noise, session);
    const baseline = Array.from({ length: blocks }, (_, block) =>
      Math.exp(noise[2 * block + random.below(2)] as number),
    );
    if (assessNoise([baseline], margin, alpha).isNoisy) noisy++;
  }
  return noisy;
}

/** How often the real gate gives each verdict, without the screen: for power, where most verdicts are decided. */
export function verdictRates(
  { model, alpha, suites, random }: Stretch,
  options: { policy: "non-inferiority" | "any-regression"; blocks: number; effect: number; margin: number },
): { pass: number; fail: number } {
  const spec = latencyGate(options.policy, alpha, options.margin);
  const next = sessions({ model, blocks: options.blocks, candidates: [{ effect: options.effect }], random });
  const counts = { pass: 0, fail: 0 };
  for (let suite = 0; suite < suites; suite++) {
    const { verdict } = decideGate(spec, comparison("power", { logRatios: next()[0] as Float64Array }));
    if (verdict === "pass" || verdict === "fail") counts[verdict]++;
  }
  return counts;
}
