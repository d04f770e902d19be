import type { Plan } from "../domain/generated/plan-v1.ts";
import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import { pythonProgram } from "../platform/python-program.ts";
import { byFramework } from "../runtimes/by-framework.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { pytorch } from "../runtimes/pytorch/pytorch.ts";
import { openSimulatedRuntime } from "../runtimes/simulated.ts";
import type { SweepInputs } from "./gather-inputs.ts";
import { languageTrials } from "./language/language-trials.ts";

/** The adapter that the plan's config names; where the plan has PyTorch variants, these run in PyTorch. */
export function openRuntime(
  { plan, language }: Pick<SweepInputs, "plan" | "language">,
  env: NodeJS.ProcessEnv = process.env,
): Runtime<AnyMeasurement> {
  if (language !== undefined) {
    const { runtime, prompts, refs } = language;
    return languageTrials({
      plan,
      runtime,
      prompts,
      refOf: ({ variant_id }) => refs.get(variant_id) ?? { name: variant_id },
    });
  }
  if (plan.simulated) return openSimulatedRuntime(plan);
  const hasTorch = plan.variants.some(({ kind }) => kind === "pytorch");
  return hasTorch ? byFramework(onnxruntime(), pytorch({ python: planPython(plan, env), env })) : onnxruntime();
}

/** Interpreter of a plan's steps and PyTorch variants. */
export function planPython(plan: Plan, env: NodeJS.ProcessEnv): string {
  const { python } = plan.config as { python?: unknown };
  return pythonProgram({ env, named: typeof python === "string" ? python : undefined });
}
