import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Runtime } from "../domain/runtime-port.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { openSimulatedRuntime } from "../runtimes/simulated.ts";

/** The adapter that the plan's config names. */
export function openRuntime(plan: Plan): Runtime {
  return plan.simulated ? openSimulatedRuntime(plan) : onnxruntime();
}
