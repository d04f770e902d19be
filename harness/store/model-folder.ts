import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { ModelMetadata } from "../domain/generated/model-metadata-v1.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { numbersOf, parquetColumns, readParquetRows } from "../platform/parquet.ts";
import { validator } from "../platform/schema.ts";
import { openSafetensors, type SafetensorsDtype } from "./safetensors.ts";

/** One tensor of a model folder, read when it is asked for. */
export interface FolderTensor {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** As stored. */
  readonly bytes: number;
  /** Little-endian, in C order. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface ModelFolder {
  readonly path: string;
  readonly kind: "onnx" | "safetensors" | "parquet";
  /** Files that hold weights, absolute. */
  readonly weightFiles: readonly string[];
  /** Every other file, relative to the folder. */
  readonly otherFiles: readonly string[];
  /** Empty for ONNX. */
  readonly tensors: readonly FolderTensor[];
  close(): Promise<void>;
}

export const METADATA_FILE = "metadata.json";

const KINDS = { onnx: /\.onnx$/i, safetensors: /\.safetensors$/i, parquet: /\.parquet$/i } as const;

/**
 * Opens a folder with one ONNX file, safetensors files, or Parquet layer files.
 * @throws HarnessError CONFIG_MODEL_MISSING, CONFIG_MODEL_INVALID.
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new HarnessError("CONFIG_MODEL_MISSING", `Cannot read the model folder ${path}.`, {
      hint: "Check the path.",
      cause,
    });
  });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) =>
    files.some((file) => KINDS[kind].test(file)),
  );
  const [kind, another] = kinds;
  if (kind === undefined) throw invalid(path, "holds no .onnx, .safetensors or .parquet file");
  if (another !== undefined)
    throw invalid(path, `holds both .${kind} and .${another} files, and it is unclear which is the model`);
  const weights = files.filter((file) => KINDS[kind].test(file));
  if (kind === "onnx" && weights.length > 1) throw invalid(path, `holds ${weights.length} ONNX files`);
  const common = {
    path,
    kind,
    weightFiles: weights.map((file) => join(path, file)),
    otherFiles: files.filter((file) => !weights.includes(file)),
  };
  if (kind === "onnx") return { ...common, tensors: [], close: async () => {} };
  const opened =
    kind === "safetensors" ? await fromSafetensors(common.weightFiles) : await fromParquet(common.weightFiles);
  const seen = new Set<string>();
  for (const { name } of opened.tensors) {
    if (seen.has(name)) {
      await opened.close();
      throw invalid(path, `holds two tensors named '${name}'`);
    }
    seen.add(name);
  }
  return { ...common, ...opened };
}

/** metadata.json of a folder; undefined where there is none. CONFIG_MODEL_INVALID where it is malformed or its modality unknown. */
export async function readMetadata(path: string): Promise<ModelMetadata | undefined> {
  const file = join(path, METADATA_FILE);
  if ((await stat(file).catch(() => undefined)) === undefined) return undefined;
  const text = await readText(file, { what: "metadata", code: "CONFIG_MODEL_INVALID" });
  const value = parseJson(text, { what: file, code: "CONFIG_MODEL_INVALID" });
  return validator.validate<ModelMetadata>("model_metadata.v1", value, {
    what: file,
    code: "CONFIG_MODEL_INVALID",
    hint: 'It needs "modality": "text", "code", "image" or "audio"; --modality overrides it.',
  });
}

async function fromSafetensors(paths: readonly string[]): Promise<Pick<ModelFolder, "tensors" | "close">> {
  const files: Awaited<ReturnType<typeof openSafetensors>>[] = [];
  const close = async () => void (await Promise.all(files.map((file) => file.close())));
  try {
    for (const path of paths) files.push(await openSafetensors(path));
  } catch (error) {
    await close();
    throw error;
  }
  const tensors = files.flatMap((file) =>
    file.tensors.map(({ name, dtype, shape, ...range }): FolderTensor => {
      const entry = { name, dtype, shape, ...range };
      return { name, dtype, shape, bytes: range.end - range.begin, read: () => file.readBytes(entry) };
    }),
  );
  return { tensors, close };
}

/**
 * A Parquet layer file either has a row a tensor (columns name, shape, values), or is one matrix: one column of equally long lists,
 * a row an output channel, named after the file.
 */
async function fromParquet(paths: readonly string[]): Promise<Pick<ModelFolder, "tensors" | "close">> {
  const as = { what: "layer file", code: "CONFIG_MODEL_INVALID" } as const;
  const tensors: FolderTensor[] = [];
  for (const path of paths) {
    const columns = await parquetColumns(path, as);
    if (["name", "shape", "values"].every((column) => columns.includes(column))) {
      const rows = await readParquetRows(path, as, { columns: ["name", "shape"] });
      for (const [index, row] of rows.entries()) {
        const shape = numbersOf(row["shape"]);
        if (
          typeof row["name"] !== "string" ||
          shape === undefined ||
          shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0)
        ) {
          throw invalid(path, `has no name or shape in row ${index + 1}`);
        }
        const read = async () => {
          const [found] = await readParquetRows(path, as, { columns: ["values"], rowStart: index, rowEnd: index + 1 });
          return floatBytes(path, row["name"] as string, shape, numbersOf(found?.["values"]));
        };
        tensors.push({ name: row["name"], dtype: "F32", shape, bytes: 4 * product(shape), read });
      }
      continue;
    }
    const [column, more] = columns;
    if (column === undefined || more !== undefined) {
      throw invalid(
        path,
        `has the columns ${columns.join(", ")}, and needs name, shape and values, or a single list column`,
      );
    }
    const rows = (await readParquetRows(path, as, { columns: [column] })).map((row) => numbersOf(row[column]));
    const width = rows[0]?.length ?? 0;
    const uneven = rows.findIndex((row) => row?.length !== width);
    if (uneven !== -1) throw invalid(path, `has no list of ${width} finite numbers in row ${uneven + 1}`);
    const name = basename(path).replace(KINDS.parquet, "");
    const shape = [rows.length, width];
    const read = async () => {
      const again = await readParquetRows(path, as, { columns: [column] });
      return floatBytes(
        path,
        name,
        shape,
        again.flatMap((row) => numbersOf(row[column]) ?? []),
      );
    };
    tensors.push({ name, dtype: "F32", shape, bytes: 4 * product(shape), read });
  }
  return { tensors, close: async () => {} };
}

function floatBytes(path: string, name: string, shape: readonly number[], values: number[] | undefined) {
  if (values === undefined) throw invalid(path, `holds values of tensor '${name}' that are no finite numbers`);
  if (values.length !== product(shape)) {
    throw invalid(path, `has ${values.length} values for tensor '${name}' of shape [${shape.join(", ")}]`);
  }
  return new Uint8Array(Float32Array.from(values).buffer);
}

function product(shape: readonly number[]): number {
  return shape.reduce((sum, dim) => sum * dim, 1);
}

function invalid(path: string, reason: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", `${path} ${reason}.`, {
    hint: "A model folder has one ONNX file, safetensors files, or Parquet layer files, and a metadata.json.",
  });
}
