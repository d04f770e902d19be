import { create } from "@bufbuild/protobuf";
import {
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as T,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { SessionPort } from "../domain/session-port.ts";
import type { KernelLabel } from "./kernel-truth.ts";
import type { WeightedLayer } from "./layers.ts";
import { serializeModel } from "./onnx-file.ts";
import { quantizeModel } from "./quantize-model.ts";
import type { Recipe, WeightSpec } from "./recipe.ts";
import { floatTensor } from "./tensor-values.ts";

/** A matrix of this many rows and columns is run by the kernel that runs a large one. */
const MATRIX_SIZE = 128;

/**
 * Names the kernel of a layer whose model is too large to be opened: a layer of the same kind is quantized the same way, alone, and
 * looked at in the optimized dump. Layers of one kind are looked at once. Throws as the session does.
 */
export function kernelProber(options: {
  readonly model: ModelProto;
  readonly recipe: Recipe;
  readonly session: SessionPort;
  readonly sha256: (bytes: Uint8Array) => string;
}): (layer: WeightedLayer, spec: WeightSpec) => Promise<KernelLabel> {
  const { model, recipe, session, sha256 } = options;
  const known = new Map<string, KernelLabel>();
  return async (layer, spec) => {
    const bytes = serializeModel(lonelyLayer(model, layer));
    const key = `${JSON.stringify(spec)} ${sha256(bytes)}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const alone = { ...recipe, weights: spec, overrides: [], skip: [] };
    const { manifest } = await quantizeModel({ model: bytes, recipe: alone, session, sha256 });
    const [row] = manifest.layers;
    const label: KernelLabel =
      row === undefined
        ? { kernel: "emulated", op: null, node: null, reason: "no kernel was seen on a layer of the same kind" }
        : {
            kernel: row.kernel,
            op: row.kernel_op,
            node: null,
            reason: `${row.kernel_reason} (seen on a layer of the same kind)`,
          };
    known.set(key, label);
    return label;
  };
}

/** A model of that layer alone, its weights made up and, for matrices, fewer. */
function lonelyLayer(model: ModelProto, layer: WeightedLayer): ModelProto {
  const isMatrix = layer.op !== "Conv";
  const dims = isMatrix ? layer.weightDims.map((dim) => Math.min(dim, MATRIX_SIZE)) : layer.weightDims;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const channels = dims[layer.channelAxis] ?? 1;
  const hasBias = layer.bias !== undefined;
  const weights = Float32Array.from({ length: count }, (_, i) => Math.sin(1 + i));
  const rank = isMatrix ? 2 : dims.length;
  return create(ModelProtoSchema, {
    irVersion: model.irVersion,
    opsetImport: model.opsetImport,
    graph: create(GraphProtoSchema, {
      name: "layer",
      input: [openValue("x", rank)],
      output: [openValue("y", rank)],
      initializer: [
        floatTensor("w", dims, weights),
        ...(hasBias ? [floatTensor("b", [channels], new Float32Array(channels).fill(0.5))] : []),
      ],
      node: [
        create(NodeProtoSchema, {
          opType: layer.node.opType,
          name: "layer",
          attribute: layer.node.attribute,
          input: ["x", "w", ...(hasBias ? ["b"] : [])],
          output: ["y"],
        }),
      ],
    }),
  });
}

/** A float value of that rank whose axes are all open. */
function openValue(name: string, rank: number): ValueInfoProto {
  const dim = Array.from({ length: rank }, (_, axis) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimParam", value: `${name}${axis}` } }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: T.FLOAT,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
  return create(ValueInfoProtoSchema, { name, type });
}
