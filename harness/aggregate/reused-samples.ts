import type { TrialLine } from "../domain/generated/journal-v1.ts";

/** With fewer distinct values a coarse clock may give the same samples twice; with so many nothing does. */
const TELLING_VALUES = 8;

/** Two trials that hold the very same latency samples, as trial ids: one measurement that was written down twice. */
export function reusedSamples(trials: readonly TrialLine[]): readonly [string, string] | undefined {
  const owner = new Map<string, string>();
  for (const { trial_id, measured } of trials) {
    if (measured === null || new Set(measured.latency_ns).size < TELLING_VALUES) continue;
    const samples = measured.latency_ns.join();
    const other = owner.get(samples);
    if (other !== undefined) return [other, trial_id];
    owner.set(samples, trial_id);
  }
  return undefined;
}
