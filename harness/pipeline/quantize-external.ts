import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { atomicWrite } from "../platform/files.ts";
import { serializeModel } from "../quantize/onnx-file.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { type StreamedLayer, streamWeights } from "../quantize/stream-weights.ts";
import { ExternalData } from "../store/external-data.ts";

export interface ExternalQuantized {
  readonly path: string;
  readonly dataPath: string;
  readonly bytes: number;
  readonly layers: readonly StreamedLayer[];
}

/**
 * Quantizes a model with external data into `<stem>.onnx` and `<stem>.onnx.data`, tensor by tensor, so that memory follows
 * the largest tensor and not the model. Both files are whole or absent. Which kernels run is not looked at.
 */
export async function quantizeExternal(job: {
  readonly modelPath: string;
  /** The graph file's bytes. */
  readonly graph: Uint8Array;
  readonly recipe: Recipe;
  readonly stem: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}): Promise<ExternalQuantized> {
  const { modelPath, graph, recipe, stem, signal, onProgress } = job;
  const path = `${stem}.onnx`;
  const dataPath = `${path}.data`;
  const temporary = `${dataPath}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  const data = await ExternalData.create(modelPath, temporary, basename(dataPath));
  try {
    const { model, layers } = await streamWeights(graph, recipe, {
      store: data,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    await data.close();
    const bytes = serializeModel(model);
    await rename(temporary, dataPath);
    await atomicWrite(path, bytes);
    return { path, dataPath, bytes: bytes.length + data.bytes, layers };
  } catch (error) {
    await data.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}
