import type { Rng } from "../../../harness/stats/rng.ts";
import { type NoiseModel, normals, type Session } from "./noise-models.ts";

/** One arm of a simulated session: how much slower than the baseline it truly is, as a fraction. */
export interface Arm {
  readonly effect: number;
}

/**
 * Simulated sessions of one noise model: every block holds the baseline and each candidate once, in an order drawn uniformly for
 * that block (as harness/plan/schedule.ts does), along one stretch of noise. Yields ln(candidate/baseline) of each block; the arrays
 * are used again by the next call.
 */
export function sessions(options: {
  readonly model: NoiseModel;
  readonly blocks: number;
  readonly candidates: readonly Arm[];
  readonly random: Rng;
}): () => readonly Float64Array[] {
  const { model, blocks, candidates, random } = options;
  const arms = candidates.length + 1;
  const session: Session = { random, normal: normals(random) };
  const shifts = Float64Array.from([0, ...candidates.map(({ effect }) => Math.log1p(effect))]);
  const noise = new Float64Array(blocks * arms);
  const latencies = new Float64Array(arms);
  const order = new Uint32Array(arms);
  const ratios = candidates.map(() => new Float64Array(blocks));
  const { candidateNoise, measure } = model;
  return () => {
    model.fill(noise, session);
    for (let block = 0; block < blocks; block++) {
      shuffle(order, random);
      for (let position = 0; position < arms; position++) {
        const arm = order[position] as number;
        let log = (noise[block * arms + position] as number) + (shifts[arm] as number);
        if (candidateNoise !== undefined && arm > 0) log += candidateNoise(session);
        latencies[arm] = measure === undefined ? log : Math.log(measure(Math.exp(log)));
      }
      for (let arm = 1; arm < arms; arm++) {
        (ratios[arm - 1] as Float64Array)[block] = (latencies[arm] as number) - (latencies[0] as number);
      }
    }
    return ratios;
  };
}

/** A uniform permutation of 0 ... n-1, in place: the rule of `Rng.permutation` without its allocation. Two arms need one bit. */
function shuffle(order: Uint32Array, random: Rng): void {
  order[0] = 0;
  if (order.length === 2) {
    const bit = random.uint32() >>> 31;
    order[0] = bit;
    order[1] = 1 - bit;
    return;
  }
  for (let i = 1; i < order.length; i++) {
    const j = random.below(i + 1);
    order[i] = order[j] as number;
    order[j] = i;
  }
}
