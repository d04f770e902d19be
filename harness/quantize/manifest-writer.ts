import type { GraphProto } from "onnx-buf";
import { packedBytes } from "./bit-packing.ts";
import type { EmittedModel } from "./emit-model.ts";
import type { QuantizedLayer } from "./emit-qdq.ts";
import type { GraphView } from "./graph-view.ts";
import { countKernels, type KernelLabel, type LayerTrace, labelKernels } from "./kernel-truth.ts";
import type { WeightedLayer } from "./layers.ts";
import type { ManifestActivation, ManifestLayer, QuantizeManifest } from "./manifest.ts";
import { graphOf } from "./onnx-file.ts";
import type { PreparedModel } from "./prepared-model.ts";
import type { QuantizeRequest } from "./quantize-model.ts";
import { needsCalibration } from "./recipes.ts";
import { layerWeights } from "./round-layer.ts";
import type { QuantizedParts } from "./round-model.ts";
import { elementCount } from "./tensor-values.ts";
import { dequantize } from "./weight-codes.ts";

interface Facts {
  readonly prepared: PreparedModel;
  readonly parts: QuantizedParts | undefined;
  readonly emitted: EmittedModel | undefined;
  readonly request: QuantizeRequest;
  readonly bytes: Uint8Array;
  readonly optimized: Uint8Array;
}

/** Puts together the manifest of a model that has just been quantized. */
export function writeManifest(facts: Facts): QuantizeManifest {
  const { request, bytes, prepared } = facts;
  const { recipe, calibration, sha256 } = request;
  const layers = layerRows(facts);
  const saved = layers.reduce((sum, layer) => sum + layer.bytes - layer.bytes_packed, 0);
  const used = needsCalibration(recipe) ? calibration : undefined;
  const indices = Array.from(used?.indices ?? []);
  const opset = prepared.model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return {
    recipe,
    source_sha256: sha256(request.model),
    result_sha256: sha256(bytes),
    source_bytes: request.model.length,
    bytes_on_disk: bytes.length,
    bytes_packed: bytes.length - saved,
    opset: Number(opset?.version ?? 0n),
    calibration:
      used === undefined
        ? null
        : {
            method: recipe.activations?.calibration ?? "none",
            items: indices.length,
            indices_sha256: sha256(new TextEncoder().encode(JSON.stringify(indices))),
          },
    session: recipe.session,
    clean: prepared.clean,
    layers,
    activations: activationRows(facts),
    kernels: countKernels(layers),
  };
}

function layerRows({ prepared, parts, emitted, optimized }: Facts): ManifestLayer[] {
  const { list, decisions, view } = prepared;
  const done = new Map(parts?.quantized.map((entry, i) => [entry.layer, emitted?.quantized[i] ?? entry]));
  const graph = emitted === undefined ? view.graph : graphOf(emitted.model);
  const traces = list.layers.map((layer, i): LayerTrace => {
    const decision = decisions[i];
    const entry = done.get(layer);
    const trace = {
      node: layer.node.name,
      outputs: [layer.node.output[0] ?? "", ...absorberOutput(view, layer)],
      codes: entry && storedName(entry.layer.node.input[1] ?? "", graph),
      bias: entry && layer.op !== "MatMul" ? storedName(entry.layer.node.input[2] ?? "", graph) : undefined,
    };
    return decision !== undefined && "skipped" in decision ? { ...trace, skipped: decision.skipped } : trace;
  });
  const labels = labelKernels(optimized, traces);
  const rows = list.layers.map((layer, i) => {
    const label = labels[i] as KernelLabel;
    const entry = done.get(layer);
    const weights = layerWeights(view, layer);
    return entry === undefined
      ? floatRow(layer.name, layer.op, elementCount(layer.weightDims), label.reason, label)
      : quantizedRow(entry, sqnr(weights, dequantize(entry.weights, entry.layout)), label);
  });
  const skipped = list.skipped.map(({ name, op, parameters, reason }) =>
    floatRow(name, op, parameters, reason, { kernel: "skipped", op: null, node: null, reason }),
  );
  return [...rows, ...skipped];
}

/** The initializer behind a layer's input: what its DequantizeLinear reads, or the input itself. */
function storedName(input: string, graph: GraphProto): string | undefined {
  return graph.node.find((node) => node.output[0] === input)?.input[0] ?? (input === "" ? undefined : input);
}

/** Result of the Relu or Clip that a fusion may take into the layer. */
function absorberOutput(view: GraphView, layer: WeightedLayer): string[] {
  const readers = view.consumers.get(layer.node.output[0] ?? "") ?? [];
  const only = readers.length === 1 ? readers[0] : undefined;
  return only?.opType === "Relu" || only?.opType === "Clip" ? only.output : [];
}

/** A layer that keeps float32 weights. */
export function floatRow(
  name: string,
  op: string,
  parameters: number,
  skipped: string,
  label: KernelLabel,
): ManifestLayer {
  return {
    name,
    op,
    parameters,
    storage: null,
    bits: null,
    granularity: null,
    block_size: null,
    symmetric: null,
    rounding: null,
    axis: null,
    bytes: 4 * parameters,
    bytes_packed: 4 * parameters,
    weight_sqnr_db: null,
    skipped,
    kernel: label.kernel,
    kernel_op: label.op,
    kernel_node: label.node,
    kernel_reason: label.reason,
  };
}

/** A layer whose weights are codes, and the signal to noise of those, dB. */
export function quantizedRow(
  { layer, spec, layout }: Pick<QuantizedLayer, "layer" | "spec" | "layout">,
  weightSqnrDb: number | null,
  label: KernelLabel,
): ManifestLayer {
  const parameters = elementCount(layer.weightDims);
  const storedBits = { int8: 8, uint8: 8, int4: 4, int2: 2, packed: spec.bits }[spec.storage];
  const parametersOfGrid = 4 * layout.rows + (spec.storage === "packed" ? 0 : packedBytes(layout.rows, storedBits));
  return {
    name: layer.name,
    op: layer.op,
    parameters,
    storage: spec.storage,
    bits: spec.bits,
    granularity: spec.granularity,
    block_size: spec.block_size ?? null,
    symmetric: spec.symmetric,
    rounding: spec.rounding,
    axis: spec.granularity === "tensor" ? null : layer.channelAxis,
    bytes: packedBytes(parameters, storedBits) + parametersOfGrid,
    bytes_packed: packedBytes(parameters, spec.bits) + parametersOfGrid,
    weight_sqnr_db: weightSqnrDb,
    skipped: null,
    kernel: label.kernel,
    kernel_op: label.op,
    kernel_node: label.node,
    kernel_reason: label.reason,
  };
}

function activationRows({ parts, request }: Facts): ManifestActivation[] {
  const type = request.recipe.activations?.type;
  if (parts === undefined || type === undefined) return [];
  const { plan, ranges, grids } = parts;
  return [...new Set(plan.rangeSource.values())].flatMap((name) => {
    const range = ranges.get(name);
    const grid = grids.get(name);
    return range && grid ? [{ name, type, ...range, scale: grid.scale, zero_point: grid.zeroPoint }] : [];
  });
}

/** Signal to noise in dB; null where there is no noise or no signal to speak of. */
export function sqnr(signal: Float32Array, approximation: Float32Array): number | null {
  let power = 0;
  let noise = 0;
  for (let i = 0; i < signal.length; i++) {
    const value = signal[i] as number;
    const error = value - (approximation[i] as number);
    power += value * value;
    noise += error * error;
  }
  return power > 0 && noise > 0 ? 10 * Math.log10(power / noise) : null;
}
