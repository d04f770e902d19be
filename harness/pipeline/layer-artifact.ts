import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { QuantizedLayerRow } from "../domain/generated/quantize-report-v1.ts";
import type { QuantizedLayers, StoredLayer } from "../domain/generated/quantized-layers-v1.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import type { PackedBook } from "../quantize/matrix-codes.ts";
import { type LayerOutcome, type QuantizedMatrix, readMatrix } from "../quantize/quantize-layer.ts";
import { openSafetensors, type SafetensorsFile, type TensorToWrite } from "../store/safetensors.ts";

/** A layer as the cache holds it: what the report says of it, how it is read back, and where its tensors lie in the bytes. */
export interface LayerRecord {
  readonly row: Omit<QuantizedLayerRow, "reused">;
  readonly stored: StoredLayer;
  readonly parts: readonly {
    readonly suffix: string;
    readonly dtype: "U8" | "F16" | "F32";
    readonly shape: readonly number[];
    readonly begin: number;
    readonly end: number;
  }[];
}

/** Lays a layer's tensors one behind the other. */
export function recordLayer(
  outcome: LayerOutcome,
  layer: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly bits: number;
    readonly calibration: "measured" | "synthetic";
  },
): { readonly record: LayerRecord; readonly bytes: Uint8Array<ArrayBuffer> } {
  const { matrix } = outcome;
  const groups = Math.ceil(matrix.columns / matrix.groupSize);
  const { buffer, byteOffset, byteLength } = matrix.activations.scales;
  const pieces = [
    ...matrix.books.flatMap((book, i) => [
      { suffix: `codes.${i}`, dtype: "U8" as const, shape: [book.codes.length], bytes: book.codes },
      { suffix: `scales.${i}`, dtype: book.scaleType, shape: [matrix.rows, groups], bytes: book.scales },
    ]),
    {
      suffix: "act_scales",
      dtype: "F32" as const,
      shape: [matrix.activations.scales.length],
      bytes: new Uint8Array(buffer, byteOffset, byteLength),
    },
  ];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.bytes.length, 0));
  let at = 0;
  const parts = pieces.map(({ bytes: own, ...piece }) => {
    bytes.set(own, at);
    at += own.length;
    return { ...piece, begin: at - own.length, end: at };
  });
  const { name, shape, bits, calibration } = layer;
  const { sqnr_db, cosine, steps } = outcome;
  return {
    bytes,
    record: {
      row: {
        name,
        shape: [...shape],
        bits,
        bytes: bytes.length,
        sqnr_db,
        cosine,
        calibration,
        steps: [...steps],
        kept_reason: null,
      },
      stored: {
        shape: [...shape] as StoredLayer["shape"],
        group_size: matrix.groupSize,
        spatial: matrix.spatial,
        books: matrix.books.map(({ bits, first, step }) => ({ bits, first, step })) as StoredLayer["books"],
        time_bounds: [...matrix.activations.bounds],
      },
      parts,
    },
  };
}

/** The tensors of a recorded layer, their bytes fetched when they are written. */
export function layerTensors({ row, parts }: LayerRecord, fetch: () => Promise<Uint8Array>): TensorToWrite[] {
  return parts.map(({ suffix, dtype, shape, begin, end }) => ({
    name: `${row.name}.${suffix}`,
    dtype,
    shape,
    bytes: async () => (await fetch()).subarray(begin, end),
  }));
}

/** Metadata key that marks a file as ours and says how it is read. */
const KEY = "quantgate.layers";

/** In one spelling, so that layers taken from the cache give the bytes that layers just made give. */
export function layersMetadata(layers: Readonly<Record<string, StoredLayer>>): Record<string, string> {
  const document: QuantizedLayers = { schema_version: "quantgate.quantized_layers.v1", layers: { ...layers } };
  return { format: "quantgate", [KEY]: canonicalJson(document) };
}

/** A quantized file, open for reading. */
export interface QuantizedFileReader {
  readonly layers: Readonly<Record<string, StoredLayer>>;
  /** The real weights of a layer, in the order of its shape. */
  weights(name: string): Promise<Float32Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Opens a file that `quantize` wrote from a model folder. CONFIG_MODEL_INVALID for any other. */
export async function openQuantizedFile(path: string): Promise<QuantizedFileReader> {
  const file = await openSafetensors(path);
  try {
    const text = file.metadata[KEY];
    if (text === undefined) throw invalid(path, "it does not say how its layers are read");
    const value = parseJson(text, { what: `the metadata of ${path}`, code: "CONFIG_MODEL_INVALID" });
    const { layers } = validator.validate<QuantizedLayers>("quantized_layers.v1", value, {
      what: path,
      code: "CONFIG_MODEL_INVALID",
    });
    return {
      layers,
      close: () => file.close(),
      async weights(name) {
        const layer = layers[name];
        if (layer === undefined) throw invalid(path, `it has no layer '${name}'`);
        return readMatrix(await readStored(file, name, layer), layer.shape);
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readStored(file: SafetensorsFile, name: string, layer: StoredLayer): Promise<QuantizedMatrix> {
  const tensor = async (suffix: string) => {
    const entry = file.tensors.find((one) => one.name === `${name}.${suffix}`);
    if (entry === undefined) throw invalid(file.path, `tensor '${name}.${suffix}' is missing`);
    return { entry, bytes: await file.readBytes(entry) };
  };
  const [rows = 0, ...rest] = layer.shape;
  const books = await Promise.all(
    layer.books.map(async (book, i): Promise<PackedBook> => {
      const scales = await tensor(`scales.${i}`);
      const scaleType = scales.entry.dtype === "F16" ? "F16" : "F32";
      return { ...book, codes: (await tensor(`codes.${i}`)).bytes, scales: scales.bytes, scaleType };
    }),
  );
  const activations = {
    bounds: layer.time_bounds,
    scales: new Float32Array((await tensor("act_scales")).bytes.buffer),
  };
  const columns = rest.reduce((product, dim) => product * dim, 1);
  return { rows, columns, groupSize: layer.group_size, spatial: layer.spatial, books, activations };
}

function invalid(path: string, reason: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", `${path} is no quantized model folder's file: ${reason}.`, {
    hint: "Give the .safetensors file that `quantgate quantize` wrote.",
  });
}
