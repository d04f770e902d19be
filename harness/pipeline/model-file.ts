import { resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { readBytes } from "../platform/files.ts";
import { type InspectReport, inspectModel } from "../quantize/inspect.ts";
import { type PathRoots, resolvePath } from "../store/config-file.ts";

/** Where a model named on the command line is looked for. */
export interface ModelSource {
  /** Path of an ONNX file; `data:` paths are under the data folder, others relative to the working folder. */
  readonly model: string;
  readonly dataDir?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export function modelRoots({ dataDir, env = process.env, cwd = process.cwd() }: ModelSource): PathRoots {
  return { configDir: cwd, dataDir: resolve(cwd, dataDir ?? (env["QUANTGATE_DATA_DIR"] || "data")) };
}

/** Reads a model's bytes. CONFIG_MODEL_MISSING with the path it was looked for at. */
export async function readModelFile(source: ModelSource): Promise<{ path: string; bytes: Uint8Array }> {
  const path = resolvePath(source.model, modelRoots(source));
  const bytes = await readBytes(path, {
    what: "model",
    code: "CONFIG_MODEL_MISSING",
    hint: source.model.startsWith("data:") ? "Set --data-dir or QUANTGATE_DATA_DIR." : "Check the path.",
  });
  return { path, bytes };
}

/** Refuses what would break, or abort beyond catching, the runtime that loads it (CONFIG_MODEL_INVALID). */
export function refuseBrokenModel(bytes: Uint8Array, path: string): void {
  const problem = inspectFile(bytes, path).problems.find(
    ({ severity, code }) => severity === "error" && code !== "not_sorted",
  );
  if (problem === undefined) return;
  throw new HarnessError("CONFIG_MODEL_INVALID", `${path}: ${problem.message}`, {
    hint: "`quantgate inspect` lists every problem of the model.",
  });
}

/** As {@link inspectModel}; where the bytes are no model, the error names the file. */
export function inspectFile(bytes: Uint8Array, path: string): InspectReport {
  try {
    return inspectModel(bytes);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    const { code, message, hint } = error;
    throw new HarnessError(code, `${path}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
      hint,
      cause: error,
    });
  }
}
