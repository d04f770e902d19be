import { HarnessError } from "../domain/errors.ts";
import { type Classification, type ClassifyInput, classify } from "../evaluators/classify.ts";

/** Scores outputs that are there; nothing to score is an error here, never a score of 0 (CONFIG_DATA_INVALID). */
export function scoreOutputs(input: ClassifyInput): Extract<Classification, { status: "scored" }> {
  const result = classify(input);
  if (result.status === "scored") return result;
  throw new HarnessError("CONFIG_DATA_INVALID", `Nothing can be scored: ${result.reason}`, {
    hint: "Check the dataset.",
  });
}
