import { mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ModelProto } from "onnx-buf";
import type { SessionPort } from "../domain/session-port.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { countKernels } from "../quantize/kernel-truth.ts";
import type { ExternalFile, ManifestLayer, QuantizeManifest } from "../quantize/manifest.ts";
import { forEachTensor, graphOf, parseModel, serializeModel } from "../quantize/onnx-file.ts";
import { kernelProber } from "../quantize/probe-kernel.ts";
import type { Recipe } from "../quantize/recipe.ts";
import { streamWeights } from "../quantize/stream-weights.ts";
import { isExternal } from "../quantize/tensor-values.ts";
import { ExternalData } from "../store/external-data.ts";

export interface ExternalQuantized {
  readonly path: string;
  readonly dataPath: string;
  readonly manifest: QuantizeManifest;
}

/**
 * Quantizes a model with external data into `<stem>.onnx` and `<stem>.onnx.data`, tensor by tensor, so that memory follows
 * the largest tensor and not the model. Both files are whole or absent. Kernels are looked at on single layers of the same kind.
 */
export async function quantizeExternal(job: {
  readonly modelPath: string;
  /** The graph file's bytes. */
  readonly graph: Uint8Array;
  readonly recipe: Recipe;
  readonly stem: string;
  readonly session: SessionPort;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}): Promise<ExternalQuantized> {
  const { modelPath, graph, recipe, stem, session, signal, onProgress } = job;
  const path = `${stem}.onnx`;
  const dataPath = `${path}.data`;
  const temporary = `${dataPath}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  const data = await ExternalData.create(modelPath, temporary, basename(dataPath));
  try {
    let probe: ReturnType<typeof kernelProber> | undefined;
    const { model, layers } = await streamWeights(graph, recipe, {
      store: data,
      kernelOf: (own, layer, spec) => {
        probe ??= kernelProber({ model: own, recipe, session, sha256 });
        return probe(layer, spec);
      },
      signal,
      onProgress,
    });
    await data.close();
    signal?.throwIfAborted();
    const bytes = serializeModel(model);
    const source = await dataFiles(modelPath, graph);
    const result = { file: basename(dataPath), bytes: data.bytes, sha256: await sha256OfFile(temporary) };
    const manifest = describe({ recipe, graph, bytes, model, layers, external_data: { source, result: [result] } });
    await rename(temporary, dataPath);
    await atomicWrite(path, bytes);
    return { path, dataPath, manifest };
  } catch (error) {
    await data.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The files that a model keeps tensors in, each once; empty where it holds them all itself. CONFIG_MODEL_INVALID for a broken model. */
export function dataFileNames(graph: Uint8Array): string[] {
  const names = new Set<string>();
  forEachTensor(graphOf(parseModel(graph)), (tensor) => {
    if (!isExternal(tensor)) return;
    const location = tensor.externalData.find(({ key }) => key === "location")?.value;
    if (location !== undefined) names.add(location);
  });
  return [...names].sort();
}

async function dataFiles(modelPath: string, graph: Uint8Array): Promise<ExternalFile[]> {
  const files: ExternalFile[] = [];
  for (const file of dataFileNames(graph)) {
    const path = join(dirname(modelPath), file);
    files.push({ file, bytes: (await stat(path)).size, sha256: await sha256OfFile(path) });
  }
  return files;
}

function describe(facts: {
  readonly recipe: Recipe;
  readonly graph: Uint8Array;
  readonly bytes: Uint8Array;
  readonly model: ModelProto;
  readonly layers: readonly ManifestLayer[];
  readonly external_data: NonNullable<QuantizeManifest["external_data"]>;
}): QuantizeManifest {
  const { recipe, graph, bytes, model, layers, external_data: external } = facts;
  const outside = (files: readonly ExternalFile[]) => files.reduce((sum, file) => sum + file.bytes, 0);
  const onDisk = bytes.length + outside(external.result);
  const saved = layers.reduce((sum, layer) => sum + layer.bytes - layer.bytes_packed, 0);
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return {
    recipe,
    source_sha256: sha256(graph),
    result_sha256: sha256(bytes),
    source_bytes: graph.length + outside(external.source),
    bytes_on_disk: onDisk,
    bytes_packed: onDisk - saved,
    opset: Number(opset?.version ?? 0n),
    calibration: null,
    session: recipe.session,
    clean: null,
    layers,
    activations: [],
    kernels: countKernels(layers),
    external_data: external,
  };
}
