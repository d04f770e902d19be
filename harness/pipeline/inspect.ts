import { sha256 } from "../platform/digest.ts";
import type { InspectReport } from "../quantize/inspect.ts";
import { inspectFile, type ModelSource, readModelFile } from "./model-file.ts";

/** Structure and validity of a model file, with its digest. Nothing is executed. */
export async function inspect(source: ModelSource): Promise<InspectReport & { path: string; sha256: string }> {
  const { path, bytes } = await readModelFile(source);
  return { path, sha256: sha256(bytes), ...inspectFile(bytes, path) };
}
