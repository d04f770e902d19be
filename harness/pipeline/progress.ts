import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { StepLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";

/** What a sweep tells its caller while it works; never sent from inside a timed region. */
export type SweepEvent =
  | { readonly kind: "planned"; readonly plan: Plan; readonly runFolder: string; readonly done: number }
  | {
      readonly kind: "variant";
      readonly variantId: string;
      readonly index: number;
      readonly total: number;
      readonly cached: boolean;
    }
  | {
      readonly kind: "step";
      readonly stepId: string;
      /** Undefined while it runs. */
      readonly state: StepLine["state"] | undefined;
      readonly cached: boolean;
      readonly reason: string | null;
      readonly log: string | undefined;
    }
  | { readonly kind: "canary"; readonly report: CanaryReport; readonly secondsLeft: number }
  | {
      readonly kind: "trial";
      readonly done: number;
      readonly total: number;
      readonly label: string;
      readonly secondsLeft: number;
    }
  | { readonly kind: "warning"; readonly message: string };

export type OnProgress = (event: SweepEvent) => void;

/** Time left from the mean of what each cell's trials took so far; cells not seen yet count as the mean of all. */
export class TimeLeft {
  readonly #spent = new Map<string, { seconds: number; count: number }>();

  add(key: string, seconds: number): void {
    const entry = this.#spent.get(key) ?? { seconds: 0, count: 0 };
    this.#spent.set(key, { seconds: entry.seconds + seconds, count: entry.count + 1 });
  }

  /** Seconds for the remaining keys (a key a trial); 0 while nothing was measured. */
  estimate(remaining: readonly string[]): number {
    let all = 0;
    let count = 0;
    for (const entry of this.#spent.values()) {
      all += entry.seconds;
      count += entry.count;
    }
    const overall = count === 0 ? 0 : all / count;
    return remaining.reduce((sum, key) => {
      const entry = this.#spent.get(key);
      return sum + (entry === undefined ? overall : entry.seconds / entry.count);
    }, 0);
  }
}
