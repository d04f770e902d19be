import type { Plan } from "../domain/generated/plan-v1.ts";
import { planRandom } from "./plan-random.ts";
import { itemOrder } from "./plan-stop.ts";

/** The random item order of a run that may stop early; empty where every item is evaluated. */
export function runOrder({ stop, dataset, experimental_controls: { seed } }: Plan): Int32Array {
  return stop === undefined ? new Int32Array(0) : Int32Array.from(itemOrder(dataset.count, planRandom(seed)));
}
