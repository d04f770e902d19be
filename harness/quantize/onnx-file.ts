import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, type ModelProto, ModelProtoSchema, type TensorProto } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { packTypedFields } from "./tensor-values.ts";

/** First byte of every ONNX file that real exporters write: field 1 (`ir_version`), a varint. */
const IR_VERSION_TAG = 0x08;

/**
 * Reads ONNX bytes. Values kept in typed protobuf fields (`float_data`, ...) are moved to `raw_data`, which writes ten times faster.
 * Raw data stays a view into `bytes`: read it through `tensor-values.ts`, which copies unaligned views.
 * @throws HarnessError CONFIG_MODEL_INVALID when the bytes are empty, truncated, or not an ONNX model.
 */
export function parseModel(bytes: Uint8Array): ModelProto {
  if (bytes.length === 0) throw invalid("The model file is empty.", "Export or download the model again.");
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const looksLikeOnnx = bytes[0] === IR_VERSION_TAG;
    throw looksLikeOnnx
      ? invalid("The model file is truncated or damaged.", "Compare its size and digest with the source's.", cause)
      : invalid("The file is not an ONNX model.", "Pass a file that an ONNX exporter wrote (usually *.onnx).", cause);
  }
  if (model.graph === undefined || (model.irVersion === 0n && model.opsetImport.length === 0)) {
    throw invalid("The file is not an ONNX model: it holds no graph.", "Pass a file that an ONNX exporter wrote.");
  }
  forEachTensor(model.graph, packTypedFields);
  return model;
}

/** Writes a model as ONNX bytes. */
export function serializeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  const bytes = toBinary(ModelProtoSchema, model);
  return bytes.buffer instanceof ArrayBuffer ? new Uint8Array(bytes.buffer, 0, bytes.length) : new Uint8Array(bytes);
}

/** The model's graph; `parseModel` has refused models without one. */
export function graphOf(model: ModelProto): GraphProto {
  if (model.graph === undefined) throw invalid("The model holds no graph.", "Read it with parseModel first.");
  return model.graph;
}

/** Visits every tensor of a graph: initializers, tensors in attributes, and those of nested graphs. */
export function forEachTensor(graph: GraphProto, visit: (tensor: TensorProto) => void): void {
  for (const tensor of graph.initializer) visit(tensor);
  for (const node of graph.node) {
    for (const attribute of node.attribute) {
      if (attribute.t) visit(attribute.t);
      for (const tensor of attribute.tensors) visit(tensor);
      if (attribute.g) forEachTensor(attribute.g, visit);
      for (const nested of attribute.graphs) forEachTensor(nested, visit);
    }
  }
}

function invalid(message: string, hint: string, cause?: unknown): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", message, { hint, cause });
}
