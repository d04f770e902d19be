import { extname } from "node:path";
import type { StructureDoc } from "../../domain/generated/journal-v1.ts";
import type { SessionPort } from "../../domain/session-port.ts";
import { readBytes } from "../../platform/files.ts";
import { inspectFile, refuseBrokenModel } from "../model-file.ts";
import { smokeTest } from "../smoke-test.ts";

/** A model as it was found, and what one inference on random input gave. */
export interface CheckedModel {
  readonly structure: StructureDoc;
  /** In words, e.g. `prob [1, 10]`. */
  readonly smoke: string;
  /** NaN and Inf among its outputs. */
  readonly invalid: number;
}

/** What looks at PyTorch files: a Python process that the caller owns. */
export type TorchChecker = (path: string) => Promise<CheckedModel>;

export type ModelFormat = StructureDoc["format"];

/** Which format a file name promises; undefined: no model. */
export function modelFormat(path: string): ModelFormat | undefined {
  const formats: Readonly<Record<string, ModelFormat>> = { ".onnx": "onnx", ".pt": "torchscript", ".pt2": "exported" };
  return formats[extname(path).toLowerCase()];
}

/** Inspects a model file and runs it once on random input. Rejects as its runtime does. */
export async function checkModel(
  path: string,
  { session, torch }: { readonly session: SessionPort; readonly torch: TorchChecker },
): Promise<CheckedModel> {
  if (modelFormat(path) !== "onnx") return torch(path);
  const bytes = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
  refuseBrokenModel(bytes, path);
  const { outputs } = await smokeTest(session, path, {});
  return {
    structure: onnxStructure(bytes, path),
    smoke: outputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", "),
    invalid: outputs.reduce((sum, { invalid }) => sum + invalid, 0),
  };
}

/** Structure of an ONNX file, without running it. */
export function onnxStructure(bytes: Uint8Array, path: string): StructureDoc {
  const { inputs, outputs, nodes, parameters } = inspectFile(bytes, path);
  const value = ({ name, dtype, shape }: (typeof inputs)[number]) => ({ name, dtype, shape: shape && [...shape] });
  return { format: "onnx", inputs: inputs.map(value), outputs: outputs.map(value), layers: nodes, parameters };
}

type Aspect = "inputs" | "outputs" | "parameters" | "layers";

/** How a model differs from the one it was made of, in words; empty where nothing that is known of both does. */
export function structureChanges(before: StructureDoc, after: StructureDoc): { aspect: Aspect; text: string }[] {
  const shapes = (values: StructureDoc["inputs"]) =>
    values
      .map(({ shape }) =>
        shape === null ? "?" : `[${shape.map((dim) => (typeof dim === "number" ? dim : "?")).join(", ")}]`,
      )
      .join(" ");
  const aspects: readonly [Aspect, string | null, string | null][] = [
    ["inputs", shapes(before.inputs), shapes(after.inputs)],
    ["outputs", shapes(before.outputs), shapes(after.outputs)],
    ["parameters", before.parameters?.toString() ?? null, after.parameters?.toString() ?? null],
    ["layers", before.layers?.toString() ?? null, after.layers?.toString() ?? null],
  ];
  return aspects
    .filter(([, x, y]) => x !== null && y !== null && x !== "" && y !== "" && x !== y)
    .map(([aspect, x, y]) => ({ aspect, text: `${aspect} ${x} → ${y}` }));
}
