import type { TrialRequest } from "../../domain/runtime-port.ts";
import type { LatencyLoopResult } from "./latency-loop.ts";
import { type ChildMeasurement, type OpenTrial, openTrial } from "./run-trial.ts";
import { joinSlices, sliceSettings } from "./slices.ts";

/** What the owner asks of the process of a trial that is timed in turns, one after another: open, every slice, finish. */
export type StepRequest =
  | { readonly step: "open"; readonly request: TrialRequest }
  | { readonly step: "slice" }
  | { readonly step: "finish" };

/** The trial of this process, in steps that its owner calls for. */
export class SlicedTrial {
  private trial: OpenTrial | undefined;
  private ahead: ReturnType<typeof sliceSettings> = [];
  private readonly slices: LatencyLoopResult[] = [];

  /** Open and slice answer with the number of slices ahead, finish with the whole measurement. */
  async run(asked: StepRequest): Promise<number | ChildMeasurement> {
    if (asked.step === "open") {
      const { latency } = asked.request;
      this.ahead = sliceSettings({ ...latency, sliceMs: latency.sliceMs ?? latency.timeBudgetMs });
      this.trial = await openTrial(asked.request);
      return this.ahead.length;
    }
    const { trial } = this;
    if (trial === undefined) throw new Error("no trial is open");
    if (asked.step === "finish") {
      try {
        return await trial.finish(joinSlices(this.slices));
      } finally {
        trial.close();
      }
    }
    const settings = this.ahead.shift();
    if (settings === undefined) throw new Error("no slice is left");
    this.slices.push(await trial.time(settings, { collectsFirst: this.slices.length === 0 }));
    return this.ahead.length;
  }
}
