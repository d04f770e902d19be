import { type CellSamples, present } from "../../aggregate/cell-samples.ts";
import type { Finding } from "../../domain/codes.ts";
import { quantRank } from "../../domain/quant-ranks.ts";
import * as stats from "../../stats/index.ts";

/** Small models keep large embeddings in more bits than their label: only a difference that changes a decision is told. */
const LABEL_TOLERANCE = 0.2;
/** A fall of the decode rate that is worth telling, over the session. */
const HEAT_TOLERANCE = 0.05;

type Add = (code: Finding["code"], subject: string, message: string) => void;

/** Doubts about one cell of a language model. */
export function languageFindings(sample: CellSamples, add: Add): void {
  const { cell, variant, made } = sample;
  const id = cell.cell_id;
  const weights = made?.weights;
  if (weights !== undefined && made?.state === "ready" && made.sha256 === null) {
    add("UNVERIFIED_WEIGHTS", id, `The provider gives no digest of ${weights.name}: nothing proves which weights ran.`);
  }
  const label = quantRank(weights?.quantization ?? variant.quant_tag);
  const bits = weights?.bits_per_weight;
  if (label !== undefined && bits != null && Math.abs(bits / label.bitsPerWeight - 1) > LABEL_TOLERANCE) {
    const message = `${label.tag} stands for about ${label.bitsPerWeight.toFixed(1)} bits per weight, and this file has ${bits.toFixed(2)}.`;
    add("QUANT_LABEL_LIES", id, message);
  }
  const docs = sample.finished.flatMap(({ measured }) => measured?.language ?? []);
  const requests = docs.flatMap((doc) => doc.requests);
  const failed = requests.filter(({ state }) => state !== "completed");
  if (failed.length > 0) {
    const codes = [...new Set(failed.flatMap(({ code }) => code ?? []))].join(", ");
    add("REQUESTS_FAILED", id, `${failed.length} of ${requests.length} requests failed or timed out (${codes}).`);
  }
  const truncated = requests.filter((request) => request.truncated).length;
  if (truncated > 0) add("PROMPT_TRUNCATED", id, `${truncated} of ${requests.length} prompts were cut by the server.`);
  const odd = requests.find((request) => request.count_problem !== null);
  if (odd !== undefined) add("TOKEN_COUNT_ODD", id, `The server's counts are not used: ${odd.count_problem}.`);
  const spilled = Math.max(0, ...docs.map((doc) => doc.offloaded_bytes ?? 0));
  if (spilled > 0) add("OFFLOADED_TO_CPU", id, `${Math.round(spilled / 1e6)} MB of the model ran on the CPU.`);
  heatFinding(sample, add);
}

/** A rate that falls from block to block: Mann and Kendall's test for a trend, and Theil and Sen's slope for its size. */
function heatFinding({ cell, decodeTps }: CellSamples, add: Add): void {
  const rates = present(decodeTps);
  if (rates.length < 5) return;
  const first = rates[0] as number;
  const last = rates.at(-1) as number;
  const { p } = stats.mannKendall(rates, { alternative: "less" });
  if (p !== undefined && p < 0.05 && last < first * (1 - HEAT_TOLERANCE)) {
    const change = ((1 - last / first) * 100).toFixed(0);
    add("SLOWER_OVER_TIME", cell.cell_id, `The decode rate fell by ${change} % from the first block to the last.`);
  }
}
