import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import { forEachTensor, graphOf, parseModel, serializeModel } from "../quantize/onnx-file.ts";
import { isExternal } from "../quantize/tensor-values.ts";
import { readExternal } from "../store/external-data.ts";
import { dataFileNames } from "./quantize-external.ts";

/** What may be taken into memory: an ONNX file holds 2 GB at most, and calibration copies it. */
const LARGEST_BYTES = 2 ** 30;

/**
 * A model with the tensors of its data files inside, for work that has to run it; the same bytes where it has none.
 * CONFIG_MODEL_INVALID for data that is missing or short, QUANTIZE_UNSUPPORTED for more than a GiB.
 */
export async function embedData(path: string, graph: Uint8Array): Promise<Uint8Array> {
  const files = dataFileNames(graph);
  if (files.length === 0) return graph;
  let bytes = 0;
  // A file that is not there is told by the read, with the tensor that needs it.
  for (const file of files) bytes += (await stat(join(dirname(path), file)).catch(() => undefined))?.size ?? 0;
  if (bytes > LARGEST_BYTES) {
    throw new HarnessError(
      "QUANTIZE_UNSUPPORTED",
      `${path} keeps ${(bytes / 1e9).toFixed(1)} GB in data files, too much to run it here.`,
      {
        hint: "Take a weight-only recipe rounded to nearest, such as w8a16 or int4-block32: it goes tensor by tensor.",
      },
    );
  }
  const model = parseModel(graph);
  const tensors: Parameters<typeof readExternal>[1][] = [];
  forEachTensor(graphOf(model), (tensor) => void (isExternal(tensor) && tensors.push(tensor)));
  for (const tensor of tensors) {
    tensor.rawData = await readExternal(path, tensor);
    tensor.externalData = [];
    tensor.dataLocation = 0;
  }
  return serializeModel(model);
}
