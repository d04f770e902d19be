import type { ModelProto } from "onnx-buf";
import { HarnessError } from "../../domain/errors.ts";
import { topologicalOrder } from "../graph-view.ts";
import { graphOf } from "../onnx-file.ts";
import { constantsToInitializers } from "./constant-to-initializer.ts";
import { equalizeLayers } from "./equalize-layers.ts";
import { foldBatchNorms } from "./fold-batch-norm.ts";
import { mergeDuplicateInitializers } from "./merge-duplicate-initializers.ts";
import { removeDeadNodes } from "./remove-dead-nodes.ts";
import { removeIdentities } from "./remove-identities.ts";
import { upgradeOpset } from "./upgrade-opset.ts";

/** What the clean-up did, as counts. */
export interface CleanReport {
  readonly nodes_before: number;
  readonly nodes_after: number;
  readonly constants: number;
  readonly identities: number;
  readonly batch_norms: number;
  readonly dead_nodes: number;
  readonly duplicate_initializers: number;
  /** Pairs of layers whose channel ranges were evened out; 0 unless the recipe asks for it. */
  readonly equalized_pairs: number;
  readonly opset_before: number;
  readonly opset_after: number;
}

/**
 * Brings a model, in place, into the form the quantizer reads: sorted, no Constant or Identity nodes, BatchNormalization folded.
 * @throws HarnessError CONFIG_MODEL_INVALID for a cyclic graph; QUANTIZE_UNSUPPORTED when the opset cannot be upgraded.
 */
export function cleanModel(
  model: ModelProto,
  targetOpset: number,
  options: { readonly equalize?: boolean } = {},
): CleanReport {
  const graph = graphOf(model);
  const nodesBefore = graph.node.length;
  const order = topologicalOrder(graph);
  if (order === undefined) {
    throw new HarnessError("CONFIG_MODEL_INVALID", "The model's graph has a cycle.", {
      hint: "Run `quantgate inspect` on it; the exporter wrote an invalid graph.",
    });
  }
  graph.node = order;
  const opsetBefore = upgradeOpset(model, targetOpset);
  const constants = constantsToInitializers(graph);
  const identities = removeIdentities(graph);
  const batchNorms = foldBatchNorms(graph);
  const deadNodes = removeDeadNodes(graph);
  const equalizedPairs = options.equalize ? equalizeLayers(graph) : 0;
  const duplicates = mergeDuplicateInitializers(graph);
  return {
    nodes_before: nodesBefore,
    nodes_after: graph.node.length,
    constants,
    identities,
    batch_norms: batchNorms,
    dead_nodes: deadNodes,
    duplicate_initializers: duplicates,
    equalized_pairs: equalizedPairs,
    opset_before: opsetBefore,
    opset_after: Math.max(opsetBefore, targetOpset),
  };
}
