import { rng } from "../stats/rng.ts";
import type { PlanRandom } from "./schedule.ts";

/** The plan's randomness: one independent stream a label, all from one seed. */
export function planRandom(seed: number): PlanRandom {
  const root = rng(seed);
  return {
    permutation: (label, n) => Array.from(root.derive(label).permutation(n)),
    seed: (label) => root.derive(label).uint32(),
  };
}
