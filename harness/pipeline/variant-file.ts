import { stat } from "node:fs/promises";
import { HarnessError } from "../domain/errors.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import type { ModelFile } from "../domain/registry-port.ts";
import { slug } from "../plan/expand-cells.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import type { InspectReport } from "../quantize/inspect.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { inspectFile } from "./model-file.ts";

/** The very file that a run measured, and its structure. STORE_CORRUPT where it is not what the journal says. */
export async function variantFile(
  folder: RunFolder,
  row: SummaryRow,
): Promise<{ file: ModelFile; report: InspectReport }> {
  if (row.model_sha256 === null || (row.kind !== "recipe" && row.kind !== "external")) {
    throw new HarnessError("CONFIG_USAGE", `The variant ${row.variant_id} has no model file that could be published`, {
      hint: "Simulated variants and tags of a server have none; publish a variant made of an ONNX model.",
    });
  }
  const path = folder.file("onnx", `${slug(row.variant_id)}.onnx`);
  const bytes = await readBytes(path, { what: "model", code: "STORE_MISSING" });
  const file = await modelFileOf(path, row.model_sha256);
  const report = inspectFile(bytes, path);
  if (report.problems.some(({ code }) => code === "external_data")) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `${path} keeps weights in other files`, {
      hint: "A registry takes models of one file: save the model with its weights inside.",
    });
  }
  return { file, report };
}

/** A file with its size, its digest checked. */
export async function modelFileOf(path: string, sha256: string): Promise<ModelFile> {
  const found = await sha256OfFile(path).catch((cause: unknown) => {
    throw new HarnessError("STORE_MISSING", `Cannot read the model ${path}`, {
      hint: "Restore the run's folder.",
      cause,
    });
  });
  if (found !== sha256) {
    throw new HarnessError("STORE_CORRUPT", `${path} is not the file that was measured: its digest differs`, {
      hint: "Restore it from a copy, or run the sweep again.",
    });
  }
  return { path, bytes: (await stat(path)).size, sha256 };
}
