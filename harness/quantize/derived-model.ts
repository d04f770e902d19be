import { create } from "@bufbuild/protobuf";
import { type ModelProto, ValueInfoProtoSchema } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { copyMessage } from "./copy-message.ts";
import { reportValue } from "./inspect.ts";
import { graphOf } from "./onnx-file.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";

/** A copy whose lists can be changed without touching the original; tensors are shared. */
export function cloneModel(model: ModelProto): ModelProto {
  const graph = graphOf(model);
  return copyMessage(model, {
    graph: copyMessage(graph, {
      node: graph.node.map((node) => copyMessage(node, { input: [...node.input], output: [...node.output] })),
      initializer: [...graph.initializer],
      input: [...graph.input],
      output: [...graph.output],
      valueInfo: [...graph.valueInfo],
    }),
    opsetImport: model.opsetImport.map((opset) => copyMessage(opset)),
  });
}

/** Makes these values the model's only outputs and drops what they do not need. */
export function exposeOnly(model: ModelProto, outputs: readonly string[]): void {
  const graph = graphOf(model);
  // Types are left out: the runtime infers them.
  graph.output = [...new Set(outputs)].map((name) => create(ValueInfoProtoSchema, { name }));
  removeDeadNodes(graph);
}

/** The model's one input. @throws HarnessError QUANTIZE_CALIBRATION where it has none or several. */
export function soleInput(model: ModelProto): ReturnType<typeof reportValue> {
  const graph = graphOf(model);
  const constants = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((input) => !constants.has(input.name));
  const only = inputs[0];
  if (inputs.length !== 1 || only === undefined) {
    throw new HarnessError(
      "QUANTIZE_CALIBRATION",
      `The model has ${inputs.length} inputs; calibration feeds exactly one.`,
      {
        hint: "Use a weight-only recipe, which needs no calibration.",
      },
    );
  }
  return reportValue(only);
}
