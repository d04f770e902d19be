import type { NodeProto } from "onnx-buf";
import { type ActivationPlan, endOf } from "../activation-plan.ts";
import type { GraphView } from "../graph-view.ts";
import type { Range } from "../grid.ts";
import { isStandard } from "../onnx-node.ts";

/** Operators whose quantizers can be made one. */
export type AlignedOperator = "Concat" | "Add";

/**
 * An input that other nodes read too keeps a grid of its own where the shared one would be more than twice as coarse:
 * that costs its other readers a bit.
 */
const MOST_WIDENING = 2;

export interface Alignment {
  /** The ranges, the shared ones widened; values that no operator joins keep theirs. */
  readonly ranges: Map<string, Range>;
  /** Nodes whose quantizers are one now and were not before. */
  readonly aligned: number;
}

/**
 * Gives the quantizers around an operator one range. Concat: its inputs and its output, so that it moves codes and rounds nothing
 * again. Add: its two inputs, so that codes of one scale are added, as accelerators that have no rescaling before an addition need it.
 * The float graph and the wiring of Q/DQ pairs stay as they are; only the scales and zero points that are written will agree.
 */
export function alignQuantizers(
  view: GraphView,
  plan: ActivationPlan,
  ranges: ReadonlyMap<string, Range>,
  operators: readonly AlignedOperator[],
): Alignment {
  const widened = new Map(ranges);
  const owner = new Map<string, string>();
  const root = (name: string): string => {
    const next = owner.get(name);
    return next === undefined ? name : root(next);
  };
  const rangeOf = (name: string) => widened.get(root(name));
  let aligned = 0;
  for (const node of view.graph.node) {
    if (!isStandard(node) || !operators.some((operator) => operator === node.opType)) continue;
    const members = membersOf(view, plan, node);
    const known = members.flatMap((name) => rangeOf(name) ?? []);
    // Where one side stays float the node is computed in float, and there is nothing to share.
    if (members.length < 2 || known.length !== members.length) continue;
    const union = known.reduce((a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }));
    const joined = members.filter((name) => mayWiden(view, node, name, rangeOf(name) as Range, union));
    const roots = [...new Set(joined.map(root))];
    if (joined.length < 2) continue;
    const differ = joined.some((name) => !sameRange(rangeOf(name) as Range, union));
    const [first = "", ...others] = roots;
    for (const other of others) owner.set(other, first);
    widened.set(first, union);
    if (differ) aligned++;
  }
  for (const name of ranges.keys()) widened.set(name, rangeOf(name) as Range);
  return { ranges: widened, aligned };
}

/** The values whose ranges the node's quantizers use: inputs, and for Concat the output; empty where one is not quantized. */
function membersOf(view: GraphView, plan: ActivationPlan, node: NodeProto): string[] {
  const values = node.opType === "Concat" ? [...node.input, endOf(view, node)] : [...node.input];
  const sources = values.map((value) => plan.rangeSource.get(value));
  return sources.every((source) => source !== undefined) ? (sources as string[]) : [];
}

function mayWiden(view: GraphView, node: NodeProto, name: string, own: Range, union: Range): boolean {
  const others = (view.consumers.get(name) ?? []).filter((reader) => reader !== node);
  const isResult = endOf(view, node) === name || node.output[0] === name;
  return isResult || others.length === 0 || width(union) <= MOST_WIDENING * width(own);
}

/** Grids always hold zero. */
function width({ low, high }: Range): number {
  return Math.max(high, 0) - Math.min(low, 0);
}

function sameRange(a: Range, b: Range): boolean {
  return a.low === b.low && a.high === b.high;
}
