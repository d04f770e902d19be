import type { PlannedVariant } from "../../domain/generated/plan-v1.ts";
import type { StepSource } from "../steps/step-results.ts";
import type { PrepareContext } from "./prepared.ts";

/** The step's output that a variant is, or is made of; undefined where it is a file that was there before. */
export function sourceOf({ inputs, steps }: PrepareContext, variant: PlannedVariant): StepSource | undefined {
  const base = inputs.plan.models.find((model) => model.id === variant.model_id);
  const path = variant.kind === "recipe" ? base?.path : variant.path;
  return path == null ? undefined : steps.find(path);
}
