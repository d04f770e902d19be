import type { Summary } from "../domain/generated/summary-v1.ts";
import { count, percent } from "./numbers.ts";
import { variantName } from "./rows.ts";

/** How far a run that may stop early went, and what its verdicts speak of; nothing for other runs. */
export function stopSentences(summary: Summary, itemNoun: string): string[] {
  const { stop, rows } = summary;
  if (stop === undefined) return [];
  const used = rows.flatMap((row) => (row.items_used === undefined || row.role === "baseline" ? [] : [row]));
  const early = used.filter((row) => row.items_used !== undefined && row.items_used.evaluated < row.items_used.of);
  const texts = early.map((row) => {
    const { evaluated, share } = row.items_used as NonNullable<typeof row.items_used>;
    return `${variantName(summary, row)} after ${count(evaluated)} ${itemNoun} (${percent(share, { limits: [1] })})`;
  });
  const of = `${count(summary.dataset.count)} ${itemNoun}`;
  return [
    ...(texts.length === 0 ? [] : [`Stopped as soon as the verdict was certain, of ${of}: ${texts.join(", ")}.`]),
    ...(stop.claim === "finite-set"
      ? [`Verdicts on accuracy are about exactly these ${of}: a weaker claim than one about more like them.`]
      : []),
  ];
}
