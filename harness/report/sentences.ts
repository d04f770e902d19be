import type { Summary } from "../domain/generated/summary-v1.ts";
import { findingSentences } from "./finding-sentences.ts";
import { counted } from "./numbers.ts";
import { rowSentences } from "./row-sentences.ts";
import { shipSentences } from "./ship-sentences.ts";
import { stopSentences } from "./stop-sentences.ts";
import { visible } from "./visible-text.ts";

/**
 * What a run means, most important first: what may ship and why, what would settle each inconclusive, why something failed or is slow,
 * which trials are missing, and the doubts worth a sentence. One paragraph each, no line breaks.
 */
export function sentences(summary: Summary): string[] {
  const noun = summary.dataset.item_noun ?? "items";
  const state = stateSentences(summary);
  // Without trials there are no verdicts to explain.
  if (summary.state === "canary-abort") return [...state, ...findingSentences(summary)];
  return [
    ...state,
    ...shipSentences(summary),
    ...stopSentences(summary, noun),
    ...rowSentences(summary, noun),
    ...findingSentences(summary),
  ];
}

function stateSentences(summary: Summary): string[] {
  const simulated = summary.simulated
    ? ["Simulated: no real model ran, so these verdicts are about invented numbers."]
    : [];
  if (summary.state === "canary-abort") {
    return [
      ...simulated,
      "The canary stopped this run before the sweep: the machine, the model or the items are not fit to be measured. canary.json says why.",
    ];
  }
  if (summary.state === "partial") {
    const missing = summary.rows.reduce((sum, row) => sum + row.trials.missing, 0);
    return [
      ...simulated,
      `This run is not complete: ${counted(missing, "trials")} did not run. Go on with --resume ${visible(summary.run_id)}.`,
    ];
  }
  return simulated;
}
