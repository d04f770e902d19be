import { canonicalJson } from "../domain/canonical-json.ts";
import type { PlannedStop } from "../domain/generated/plan-v1.ts";
import type { ResolvedConfig } from "./resolve-config.ts";
import type { PlanRandom } from "./schedule.ts";

/** Items of the first stretch, and how much longer each is than the one before: at most a quarter too many are evaluated. */
const FIRST_ITEMS = 50;
const GROWTH = 1.25;
/** Two trials make determinism. */
const MIN_BLOCKS = 2;
/** Blocks against those of a fixed run: signs need more of them than ranks where a variant is close to the margin. */
const MORE_BLOCKS = 2;

/** The stopping rule of a config, or undefined where everything that is planned is run. */
export function planStop(
  config: Pick<ResolvedConfig, "stop" | "runs_per_quant">,
  items: number,
  random: PlanRandom,
  sha256: (text: string) => string,
): PlannedStop | undefined {
  if (config.stop.mode === "fixed") return undefined;
  const chunkEnds: number[] = [];
  for (let end = FIRST_ITEMS; end < items; end = Math.ceil(end * GROWTH)) chunkEnds.push(end);
  chunkEnds.push(items);
  return {
    mode: "anytime",
    claim: config.stop.claim,
    order: "one uniform permutation of all items, not stratified",
    order_sha256: sha256(canonicalJson(itemOrder(items, random))),
    chunk_ends: chunkEnds as PlannedStop["chunk_ends"],
    max_items: items,
    max_blocks: Math.max(MORE_BLOCKS * config.runs_per_quant, chunkEnds.length),
    block_limit_without_gate: config.runs_per_quant,
    min_blocks: MIN_BLOCKS,
    rule:
      "after each block, a cell is done with its items (blocks) when each of its primary gates on items (on times and memory) is met, " +
      "or with everything when one is violated, at alpha over the number of claims it is corrected for; a baseline when all its variants are",
  };
}

/** The random order in which a run that may stop early meets its items. */
export function itemOrder(items: number, random: PlanRandom): number[] {
  return random.permutation("items", items);
}
