import { basename, join, resolve } from "node:path";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { parseModel, serializeModel } from "../quantize/onnx-file.ts";
import { type CleanReport, cleanModel } from "../quantize/passes/clean.ts";
import { embedData } from "./embed-data.ts";
import { type ModelSource, readModelFile, refuseBrokenModel } from "./model-file.ts";

export interface CleanedFile {
  readonly path: string;
  readonly sha256: string;
  readonly source_bytes: number;
  readonly bytes: number;
  readonly clean: CleanReport;
}

/** Opset of the cleaned model at least: what every recipe starts from. */
const LEAST_OPSET = 13;

/** Cleans a model without quantizing it, into `<outDir>/<model>-opt.onnx`. */
export async function cleanModelFile(options: ModelSource & { readonly outDir: string }): Promise<CleanedFile> {
  const { path, bytes: graph } = await readModelFile(options);
  refuseBrokenModel(graph, path);
  const bytes = await embedData(path, graph);
  const model = parseModel(bytes);
  const clean = cleanModel(model, LEAST_OPSET);
  const written = serializeModel(model);
  const target = join(resolve(options.cwd ?? ".", options.outDir), `${basename(path, ".onnx")}-opt.onnx`);
  await atomicWrite(target, written);
  return { path: target, sha256: sha256(written), source_bytes: bytes.length, bytes: written.length, clean };
}
