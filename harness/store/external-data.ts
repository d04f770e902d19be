import { type FileHandle, open } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { create } from "@bufbuild/protobuf";
import { StringStringEntryProtoSchema, type TensorProto, TensorProto_DataLocation } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { writeError } from "../platform/file-errors.ts";

/** Offsets in the new file are multiples of this, so that the runtime can map tensors straight from it. */
const ALIGNMENT = 4096;
const CHUNK = 1 << 20;

/** A model's external tensors, read one at a time, and the data file of its quantized copy, written as they come. */
export class ExternalData {
  readonly #folder: string;
  readonly #location: string;
  readonly #out: FileHandle;
  readonly #path: string;
  readonly #ours = new Set<TensorProto>();
  #end = 0;
  readonly #chunk = new Uint8Array(CHUNK);
  /** Grows to the largest tensor read, and is used again for every other. */
  #buffer = new ArrayBuffer(0);

  private constructor(modelPath: string, outPath: string, location: string, out: FileHandle) {
    this.#folder = dirname(modelPath);
    this.#location = location;
    this.#path = outPath;
    this.#out = out;
  }

  /** Opens a new data file at `outPath`; tensors will name it as `location`, relative to the new model. STORE_WRITE. */
  static async create(modelPath: string, outPath: string, location: string): Promise<ExternalData> {
    const out = await open(outPath, "w").catch((error: unknown) => {
      throw writeError(outPath, error);
    });
    return new ExternalData(modelPath, outPath, location, out);
  }

  /** Bytes of the new data file. */
  get bytes(): number {
    return this.#end;
  }

  /** Values of a float32 tensor, external or not. They are overwritten by the next read. CONFIG_MODEL_INVALID. */
  async read(tensor: TensorProto): Promise<Float32Array> {
    const elements = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
    const length = 4 * elements;
    if (this.#buffer.byteLength < length) this.#buffer = new ArrayBuffer(length);
    const into = new Uint8Array(this.#buffer, 0, length);
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
      let at = 0;
      for await (const chunk of chunks(this.#folder, tensor, length, this.#chunk)) {
        into.set(chunk, at);
        at += chunk.length;
      }
    } else into.set(tensor.rawData);
    return new Float32Array(this.#buffer, 0, elements);
  }

  /** Appends a tensor's bytes to the new file. */
  async write(tensor: TensorProto): Promise<void> {
    const offset = this.#align();
    await this.#append(tensor.rawData);
    this.#point(tensor, offset, tensor.rawData.length);
  }

  /** Appends an external tensor's bytes, chunk by chunk; tensors that are inside the graph's file stay there. */
  async copy(tensor: TensorProto): Promise<void> {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL || this.#ours.has(tensor)) return;
    const offset = this.#align();
    const before = this.#end;
    for await (const chunk of chunks(this.#folder, tensor, undefined, this.#chunk)) await this.#append(chunk);
    this.#point(tensor, offset, this.#end - before);
  }

  /** Makes the file durable and closes it. */
  async close(): Promise<void> {
    await this.#out.sync();
    await this.#out.close();
  }

  #align(): number {
    this.#end = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    return this.#end;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    let done = 0;
    try {
      while (done < bytes.length) {
        const { bytesWritten } = await this.#out.write(bytes, done, bytes.length - done, this.#end + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#end += bytes.length;
  }

  #point(tensor: TensorProto, offset: number, length: number): void {
    const entries = { location: this.#location, offset: String(offset), length: String(length) };
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = Object.entries(entries).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    );
    tensor.rawData = new Uint8Array();
    this.#ours.add(tensor);
  }
}

/** Bytes of one external tensor of a model at `modelPath`. CONFIG_MODEL_INVALID where they are missing, short or elsewhere. */
export async function readExternal(modelPath: string, tensor: TensorProto): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks(dirname(modelPath), tensor, undefined, new Uint8Array(CHUNK))) {
    parts.push(chunk.slice());
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A tensor's bytes in pieces, each valid until the next. */
async function* chunks(
  folder: string,
  tensor: TensorProto,
  wanted: number | undefined,
  buffer: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  const path = normalize(join(folder, location));
  if (location === "" || !path.startsWith(join(folder, "/"))) {
    throw invalid(`Tensor '${tensor.name}' keeps its values in '${location}', which is outside the model's folder.`);
  }
  const start = Number(entries.get("offset") ?? 0);
  const length = entries.has("length") ? Number(entries.get("length")) : wanted;
  if (wanted !== undefined && length !== wanted) {
    throw invalid(`Tensor '${tensor.name}' should hold ${wanted} bytes and its entry says ${length}.`);
  }
  if (length === 0) return;
  const end = length === undefined ? Number.POSITIVE_INFINITY : start + length;
  let at = start;
  const file = await open(path).catch((cause: unknown) => {
    throw invalid(`Tensor '${tensor.name}' keeps its values in '${location}', which cannot be read.`, cause);
  });
  try {
    while (at < end) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
  if (length !== undefined && at < end) {
    throw invalid(`'${location}' ends within tensor '${tensor.name}': ${at - start} of ${length} bytes are there.`);
  }
}

function invalid(message: string, cause?: unknown): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", message, {
    hint: "Keep the model's data files beside it, as the exporter wrote them.",
    cause,
  });
}
