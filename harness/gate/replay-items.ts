import type { Comparison, EarlyStop } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { gateEvidence } from "./early-gate.ts";
import type { Families } from "./evidence.ts";
import { itemsSettledAt } from "./stopping.ts";

/** One replay of the stopping rule over stored right and wrong answers. */
export interface ItemReplay {
  /** Items after which the rule was satisfied; undefined where it never was. */
  readonly settledAt: number | undefined;
  /** Items that had been evaluated when a block's end showed it; all of them where nothing did. */
  readonly evaluated: number;
  /** Verdict of each gate at that point. */
  readonly verdicts: readonly ("pass" | "fail" | "inconclusive")[];
}

/** Evidence once reached stays, so one pass over the whole order finds where block by block the rule would have stopped. */
export function replayItems(
  whole: EarlyStop,
  options: {
    readonly gates: readonly GateSpecDoc[];
    readonly chunkEnds: readonly number[];
    readonly minBlocks: number;
    readonly families: Families;
    /** A comparison of which only the items count. */
    readonly blank: Comparison;
  },
): ItemReplay {
  const { gates, chunkEnds, minBlocks, families, blank } = options;
  const settledAt = itemsSettledAt(gates, { ...blank, early: whole }, families);
  const looks = chunkEnds.slice(Math.min(minBlocks, chunkEnds.length) - 1);
  const evaluated = looks.find((end) => settledAt !== undefined && end >= settledAt) ?? (chunkEnds.at(-1) as number);
  const { baseline, candidate, labels } = whole.sequence;
  const sequence = {
    baseline: baseline.subarray(0, evaluated),
    candidate: candidate.subarray(0, evaluated),
    labels: labels.subarray(0, evaluated),
  };
  const verdicts = gates.map((gate) => {
    const evidence = gateEvidence(gate, { ...blank, early: { ...whole, sequence } }, families);
    if (evidence?.failAt !== undefined) return "fail";
    return evidence?.passAt !== undefined ? "pass" : "inconclusive";
  });
  return { settledAt, evaluated, verdicts };
}
