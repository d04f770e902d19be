import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { HarnessError } from "../domain/errors.ts";
import { parseJson } from "../platform/json.ts";

/** Bits of an element, by the names of the format (huggingface/safetensors, README). */
const DTYPE_BITS = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type SafetensorsDtype = keyof typeof DTYPE_BITS;

export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Offsets in the file. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference's own limit: longer headers are attacks or damage. */
const MAX_HEADER = 100_000_000;

/**
 * Checks a header's text against the rules of the format: known types, shapes that fill their ranges, ranges that follow each other
 * without gap or overlap up to the end of the file.
 * @throws HarnessError CONFIG_MODEL_INVALID with the first rule that is broken.
 */
export function readHeader(text: string, dataStart: number, fileBytes: number, what: string): SafetensorsHeader {
  const bad = (reason: string) => invalid(what, reason);
  const value = parseJson(text, { what: `the header of ${what}`, code: "CONFIG_MODEL_INVALID" });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("its header is no JSON object");
  const { __metadata__: metadata = {}, ...entries } = value as Record<string, unknown>;
  if (
    typeof metadata !== "object" ||
    metadata === null ||
    Array.isArray(metadata) ||
    Object.values(metadata).some((entry) => typeof entry !== "string")
  )
    throw bad("its __metadata__ is no map of texts");
  const tensors = Object.entries(entries)
    .map(([name, entry]) => readEntry(name, entry, dataStart, bad))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = dataStart;
  for (const tensor of tensors) {
    if (tensor.begin < at) throw bad(`tensor '${tensor.name}' overlaps the one before it`);
    if (tensor.begin > at) throw bad(`there are ${tensor.begin - at} unused bytes before tensor '${tensor.name}'`);
    at = tensor.end;
  }
  if (at !== fileBytes) throw bad(`its tensors end at byte ${at}, and the file at byte ${fileBytes}`);
  return { tensors, metadata: metadata as Record<string, string> };
}

function readEntry(
  name: string,
  value: unknown,
  dataStart: number,
  bad: (reason: string) => HarnessError,
): TensorEntry {
  const { dtype, shape, data_offsets: offsets, ...rest } = (value ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw bad(`tensor '${name}' has the unknown field '${unknown}'`);
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPE_BITS, dtype)) {
    throw bad(`tensor '${name}' has the unknown type ${JSON.stringify(dtype)}`);
  }
  const isCount = (entry: unknown): entry is number => Number.isSafeInteger(entry) && (entry as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad(`the shape of tensor '${name}' is no list of sizes`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw bad(`the offsets of tensor '${name}' are no pair of positions`);
  }
  const [from, to] = offsets as [number, number];
  const bytes = shape.reduce((product, dim) => product * dim, 1) * (DTYPE_BITS[dtype as SafetensorsDtype] / 8);
  if (to < from || to - from !== bytes) {
    throw bad(`tensor '${name}' of shape [${shape.join(", ")}] needs ${bytes} bytes, and its range has ${to - from}`);
  }
  return { name, dtype: dtype as SafetensorsDtype, shape, begin: dataStart + from, end: dataStart + to };
}

/** An open file whose tensors are read one by one. */
export interface SafetensorsFile extends SafetensorsHeader {
  readonly path: string;
  readBytes(tensor: TensorEntry): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Opens a file and checks its header. CONFIG_MODEL_MISSING, CONFIG_MODEL_INVALID. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new HarnessError("CONFIG_MODEL_MISSING", `Cannot read model ${path}.`, { hint: "Check the path.", cause });
  });
  try {
    const { size } = await handle.stat();
    if (size < 8) throw invalid(path, "it is shorter than the length of a header");
    const length = new DataView((await readRange(handle, 0, 8, path)).buffer).getBigUint64(0, true);
    if (length > BigInt(MAX_HEADER)) throw invalid(path, `its header claims ${length} bytes`);
    const dataStart = 8 + Number(length);
    if (dataStart > size) throw invalid(path, `its header claims ${length} bytes, and the file has ${size}`);
    const bytes = await readRange(handle, 8, dataStart, path);
    if (bytes[0] !== 0x7b) throw invalid(path, "its header does not begin with {");
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw invalid(path, "its header is not UTF-8 text");
    }
    const header = readHeader(text, dataStart, size, path);
    return {
      ...header,
      path,
      readBytes: (tensor) => readRange(handle, tensor.begin, tensor.end, path),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readRange(handle: FileHandle, begin: number, end: number, path: string) {
  const bytes = new Uint8Array(end - begin);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, begin + done);
    if (bytesRead === 0) throw invalid(path, "it ends before its data does");
    done += bytesRead;
  }
  return bytes;
}

/** A tensor to be written; its bytes are asked for when their turn comes. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly bytes: () => Promise<Uint8Array>;
}

/** Writes a file tensor by tensor, so that only one is in memory; the caller makes it atomic. Returns size and digest. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let at = 0;
  for (const { name, dtype, shape } of tensors) {
    const size = (shape.reduce((product, dim) => product * dim, 1) * DTYPE_BITS[dtype]) / 8;
    header[name] = { dtype, shape, data_offsets: [at, at + size] };
    at += size;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces so that the data begins at a multiple of 8, as the reference writes it.
  const start = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true);
  start.set(json, 8);
  const hash = createHash("sha256");
  const handle = await open(path, "wx");
  try {
    hash.update(start);
    await handle.writeFile(start);
    for (const tensor of tensors) {
      const bytes = await tensor.bytes();
      const {
        data_offsets: [from, to],
      } = header[tensor.name] as { data_offsets: [number, number] };
      if (bytes.length !== to - from)
        throw new RangeError(`tensor ${tensor.name} has ${bytes.length} bytes, not ${to - from}`);
      hash.update(bytes);
      await handle.writeFile(bytes);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes: start.length + at, sha256: hash.digest("hex") };
}

function invalid(what: string, reason: string): HarnessError {
  return new HarnessError("CONFIG_MODEL_INVALID", `${what} is no valid safetensors file: ${reason}.`, {
    hint: "Compare its size and digest with the source's, or export it again.",
  });
}
