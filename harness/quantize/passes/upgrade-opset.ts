import type { GraphProto, ModelProto, NodeProto } from "onnx-buf";
import { HarnessError } from "../../domain/errors.ts";
import { nameSource } from "../graph-view.ts";
import { graphOf } from "../onnx-file.ts";
import { isStandard, nestedGraphs } from "../onnx-node.ts";
import { OPSET_ADAPTERS, statedRanks } from "./opset-adapters.ts";

/** Oldest opset whose operators are close enough to be upgraded one by one (broadcasting became what it is in 7). */
const OLDEST_OPSET = 7;

/** Smallest IR version that may carry an opset (onnx/docs/Versioning.md). */
const IR_FOR_OPSET: readonly (readonly [opset: number, ir: bigint])[] = [
  [25, 13n],
  [24, 12n],
  [23, 11n],
  [21, 10n],
  [19, 9n],
  [15, 8n],
  [12, 7n],
  [9, 4n],
];

/**
 * Raises the standard operator set to at least `target`, rewriting the operators whose signature or meaning changed.
 * Returns the opset that the model had. Newer models are left as they are.
 * @throws HarnessError QUANTIZE_UNSUPPORTED for opsets before 7 and for operators that have no equivalent rewrite.
 */
export function upgradeOpset(model: ModelProto, target: number): number {
  const entry = model.opsetImport.find((opset) => opset.domain === "" || opset.domain === "ai.onnx");
  if (entry === undefined) {
    throw new HarnessError("CONFIG_MODEL_INVALID", "The model imports no standard operator set.", {
      hint: "Run `quantgate inspect` on it to see everything that is wrong.",
    });
  }
  const current = Number(entry.version);
  if (current >= target) return current;
  if (current < OLDEST_OPSET) {
    throw new HarnessError("QUANTIZE_UNSUPPORTED", `The model uses opset ${current}, which is too old to upgrade.`, {
      hint: "Export the model again at opset 13 or later.",
    });
  }
  const graph = graphOf(model);
  adaptGraph(graph, current, target, nameSource(graph));
  entry.version = BigInt(target);
  const ir = IR_FOR_OPSET.find(([opset]) => target >= opset)?.[1] ?? 4n;
  if (model.irVersion < ir) model.irVersion = ir;
  return current;
}

function adaptGraph(graph: GraphProto, from: number, to: number, freshName: (base: string) => string): void {
  const ranks = statedRanks(graph);
  const nodes: NodeProto[] = [];
  for (const node of graph.node) {
    for (const nested of nestedGraphs(node)) adaptGraph(nested, from, to, freshName);
    const before: NodeProto[] = [];
    const after: NodeProto[] = [];
    if (isStandard(node)) {
      for (const adapter of OPSET_ADAPTERS) {
        if (adapter.since <= from || adapter.since > to || !adapter.operators.includes(node.opType)) continue;
        adapter.adapt(node, {
          freshName,
          constant(base, make) {
            const name = freshName(base);
            graph.initializer.push(make(name));
            return name;
          },
          rankOf: (name) => ranks.get(name),
          before: (...added) => void before.push(...added),
          after: (...added) => void after.unshift(...added),
        });
      }
    }
    nodes.push(...before, node, ...after);
  }
  graph.node = nodes;
}
