import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { openSimulatedRuntime } from "../runtimes/simulated.ts";
import type { SweepInputs } from "./gather-inputs.ts";
import { languageTrials } from "./language/language-trials.ts";

/** The adapter that the plan's config names. */
export function openRuntime({ plan, language }: Pick<SweepInputs, "plan" | "language">): Runtime<AnyMeasurement> {
  if (language !== undefined) {
    const { runtime, prompts, refs } = language;
    return languageTrials({
      plan,
      runtime,
      prompts,
      refOf: ({ variant_id }) => refs.get(variant_id) ?? { name: variant_id },
    });
  }
  return plan.simulated ? openSimulatedRuntime(plan) : onnxruntime();
}
