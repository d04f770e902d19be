import type { TrialLine } from "../domain/generated/journal-v1.ts";

/** The two clocks of a trial may disagree by this much, s: the system clock is slewed. */
const MOST_DISAGREEMENT_S = 1;

/**
 * Trials in which a clock stepped: the monotonic and the system clock disagree on how long it took, or it began before the trial that
 * was run before it. `trials` in any order.
 */
export function clockSteps(trials: readonly TrialLine[]): ReadonlySet<string> {
  const steps = new Set<string>();
  let latest = Number.NEGATIVE_INFINITY;
  for (const { trial_id, started_at, measured } of [...trials].sort((x, y) => x.seq - y.seq)) {
    const began = Date.parse(started_at);
    const host = measured?.host;
    const disagrees = host !== undefined && !(Math.abs(host.wall_s - host.system_clock_s) <= MOST_DISAGREEMENT_S);
    if (disagrees || !(began >= latest)) steps.add(trial_id);
    latest = Math.max(latest, began);
  }
  return steps;
}
