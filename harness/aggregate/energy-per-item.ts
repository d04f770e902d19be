import type { TrialLine } from "../domain/generated/journal-v1.ts";
import { growthOf } from "./trial-readings.ts";
import { watchedDevice } from "./watched-device.ts";

/**
 * Energy of each finished trial over the items it worked on, J, in the order of trials: calls that warmed up or were timed, and items that
 * were evaluated; of language models, its prompts. Loading and idling are in it, as whoever pays for the model pays for them. Undefined
 * where a trial failed or no energy was read.
 */
export function energyPerItem(trials: readonly TrialLine[], batchSize: number): (number | undefined)[] {
  return trials.map((trial) => {
    const device = watchedDevice(trial);
    const energyJ = device === undefined ? undefined : growthOf(device, "energy_j")?.change;
    const items = itemsOf(trial, batchSize);
    return energyJ === undefined || energyJ <= 0 || items === 0 ? undefined : energyJ / items;
  });
}

function itemsOf({ measured }: TrialLine, batchSize: number): number {
  if (measured === null) return 0;
  const { language, latency_ns, warmup, throughput } = measured;
  if (language !== undefined) return language.requests.length;
  return (latency_ns.length + warmup.iterations) * batchSize + throughput.items;
}
