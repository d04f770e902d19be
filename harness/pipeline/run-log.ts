import { canonicalJson } from "../domain/canonical-json.ts";
import { type Clock, isoTime } from "../platform/clock.ts";
import { atomicWrite } from "../platform/files.ts";
import type { RunFolder } from "../store/run-folder.ts";
import type { SweepEvent } from "./progress.ts";

type Step = "plan" | "prepare" | "canary" | "trials";

/** `logs/<step>.ndjson`, one structured line an event. Kept in memory and written at the end, so that no trial waits for it. */
export class RunLog {
  readonly #folder: RunFolder;
  readonly #clock: Clock;
  readonly #lines = new Map<Step, string[]>();
  #isClosed = false;

  constructor(folder: RunFolder, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  event(event: SweepEvent): void {
    const { step, fields } = describe(event);
    const line = canonicalJson({ at: isoTime(this.#clock), event: event.kind, ...fields });
    const lines = this.#lines.get(step);
    if (lines === undefined) this.#lines.set(step, [line]);
    else lines.push(line);
  }

  /** Writes what was logged; a second call does nothing. Failing to write a log loses no result, so it is not an error. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const stamp = isoTime(this.#clock).replaceAll(/[-:.]/g, "");
    for (const [step, lines] of this.#lines) {
      const path = this.#folder.file("logs", `${step}-${stamp}.ndjson`);
      await atomicWrite(path, `${lines.join("\n")}\n`).catch(() => undefined);
    }
  }
}

function describe(event: SweepEvent): { step: Step; fields: object } {
  switch (event.kind) {
    case "planned":
      return {
        step: "plan",
        fields: { plan: event.plan.plan_digest, trials: event.plan.trial_counts.total, done: event.done },
      };
    case "variant":
      return { step: "prepare", fields: { variant_id: event.variantId, cached: event.cached } };
    case "step":
      return {
        step: "prepare",
        fields: { step_id: event.stepId, state: event.state ?? "started", cached: event.cached, reason: event.reason },
      };
    case "canary":
      return { step: "canary", fields: { verdict: event.report.verdict, checks: event.report.checks } };
    case "trial":
      return { step: "trials", fields: { trial_id: event.label, done: event.done, total: event.total } };
    case "warning":
      return { step: "trials", fields: { message: event.message } };
  }
}
