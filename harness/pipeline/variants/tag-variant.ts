import type { PlannedVariant } from "../../domain/generated/plan-v1.ts";
import { labelProblem } from "../language/resolve-tags.ts";
import { failedVariant, type PrepareContext, type Prepared, readyLine } from "./prepared.ts";

/** A tag is its weights: the provider, or the file, is asked again what it stands for, and must say what it said before. */
export async function tagVariant({ inputs, signal }: PrepareContext, variant: PlannedVariant): Promise<Prepared> {
  const { language } = inputs;
  const ref = language?.refs.get(variant.variant_id);
  if (language === undefined || ref === undefined) throw new Error(`${variant.variant_id} has no tag`);
  const identity = await language.runtime.identify(ref, { signal });
  const problem =
    labelProblem(variant.quant_tag, identity) ??
    ((identity.digest ?? null) === variant.sha256 ? undefined : "its weights changed since the plan was made");
  if (problem !== undefined) return failedVariant(variant.variant_id, problem);
  const digest = identity.digest ?? null;
  return {
    line: readyLine(variant.variant_id, {
      sha256: digest,
      bytes_on_disk: identity.bytes ?? null,
      weights: {
        name: identity.name,
        quantization: identity.quantization ?? null,
        bits_per_weight: identity.bitsPerWeight ?? null,
        parameters: identity.parameters ?? null,
        context_length: identity.contextLength ?? null,
      },
    }),
    result: { state: "ready", model: undefined, sessionConfig: {} },
    cached: true,
  };
}
