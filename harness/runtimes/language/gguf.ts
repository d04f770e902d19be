import { type FileHandle, open } from "node:fs/promises";
import { HarnessError } from "../../domain/errors.ts";
import { fileTypeName, tensorType } from "./gguf-types.ts";

/** What a GGUF file says of itself in its header, and what its tensors take. */
export interface GgufHeader {
  readonly version: number;
  /** Scalars and texts of the metadata; long lists are left out. */
  readonly metadata: ReadonlyMap<string, string | number | bigint | boolean>;
  /** Length of every list of the metadata, by key. */
  readonly listLengths: ReadonlyMap<string, number>;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: string;
    readonly elements: number;
    readonly bytes: number;
  }[];
}

/** The label, and what it is worth. */
export interface GgufWeights {
  /** Of `general.file_type`, e.g. "Q4_K_M"; undefined where it names none. */
  readonly label: string | undefined;
  readonly parameters: number;
  /** Bits of all tensors over their elements. */
  readonly bitsPerWeight: number;
  /** Elements by tensor type, e.g. Q5_0. */
  readonly byType: Readonly<Record<string, number>>;
}

const BLOCK_BYTES = 1 << 20;
const MAX_TEXT_BYTES = 64 << 20;
const MAX_ENTRIES = 1 << 20;
/** Of a list of texts or lists, each of which is stepped over by itself: a vocabulary has a few hundred thousand. */
const MAX_LIST = 1 << 24;
const MAX_DIMS = 8;
/** Of tensor data, where the file names none. */
const DEFAULT_ALIGNMENT = 32;

const UINT8 = 0;
const TEXT = 8;
const LIST = 9;
const FIXED_SIZE: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];

/**
 * Reads the header of a GGUF file (versions 2 and 3, little-endian; specification: ggml's docs/gguf.md), a block at a time: weights are
 * not read. CONFIG_MODEL_MISSING; CONFIG_MODEL_INVALID for a header that is cut off, or claims what cannot be.
 */
export async function readGguf(path: string): Promise<GgufHeader> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new HarnessError("CONFIG_MODEL_MISSING", `There is no model file at ${path}`, {
      hint: "Correct the path in the config.",
      cause,
    });
  });
  try {
    return await readHeader(new Reader(handle, (await handle.stat()).size, path));
  } finally {
    await handle.close();
  }
}

export function ggufWeights({ metadata, tensors }: GgufHeader): GgufWeights {
  const parameters = tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const byType: Record<string, number> = {};
  for (const { type, elements } of tensors) byType[type] = (byType[type] ?? 0) + elements;
  const fileType = metadata.get("general.file_type");
  return {
    label: typeof fileType === "number" ? fileTypeName(fileType) : undefined,
    parameters,
    bitsPerWeight: parameters === 0 ? 0 : (bytes * 8) / parameters,
    byType,
  };
}

async function readHeader(from: Reader): Promise<GgufHeader> {
  if ((await from.ascii(4)) !== "GGUF") throw from.fault("it does not begin as a GGUF file");
  const version = await from.u32();
  if (version !== 2 && version !== 3) throw from.fault(`it is of version ${version}; 2 and 3 can be read`);
  const tensorCount = await from.count("tensors");
  const entries = await from.count("metadata entries");
  const metadata = new Map<string, string | number | bigint | boolean>();
  const listLengths = new Map<string, number>();
  for (let i = 0; i < entries; i++) {
    const key = await from.text();
    if (metadata.has(key) || listLengths.has(key)) throw from.fault(`it has the key ${key} twice`);
    const type = await from.u32();
    if (type === LIST) listLengths.set(key, await skipList(from, 0));
    else metadata.set(key, await scalar(from, type));
  }
  const tensors: GgufHeader["tensors"][number][] = [];
  let dataBytes = 0;
  for (let i = 0; i < tensorCount; i++) {
    const { offset, ...tensor } = await readTensor(from);
    tensors.push(tensor);
    dataBytes = Math.max(dataBytes, offset + tensor.bytes);
  }
  const alignment = Number(metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT);
  if (!(alignment > 0)) throw from.fault(`it aligns its tensors to ${alignment}`);
  const needed = Math.ceil(from.offset / alignment) * alignment + dataBytes;
  if (dataBytes > 0 && needed > from.size) throw from.fault(`it should have ${needed} bytes, and has ${from.size}`);
  return { version, metadata, listLengths, tensors };
}

async function readTensor(from: Reader): Promise<GgufHeader["tensors"][number] & { readonly offset: number }> {
  const name = await from.text();
  const dims = await from.u32();
  if (dims > MAX_DIMS) throw from.fault(`its tensor ${name} has ${dims} dimensions`);
  let elements = 1;
  let row = 1;
  for (let d = 0; d < dims; d++) {
    const side = Number(await from.u64());
    if (d === 0) row = side;
    elements *= side;
  }
  const id = await from.u32();
  const offset = Number(await from.u64());
  const type = tensorType(id);
  if (type === undefined) throw from.fault(`its tensor ${name} has the unknown type ${id}`);
  if (!Number.isSafeInteger(elements) || row % type.block !== 0) {
    throw from.fault(`its tensor ${name} has rows of ${row}, which ${type.name} cannot hold`);
  }
  return { name, type: type.name, elements, bytes: (elements / type.block) * type.bytes, offset };
}

async function skipList(from: Reader, depth: number): Promise<number> {
  if (depth > 4) throw from.fault("its metadata is nested too deep");
  const type = await from.u32();
  const length = Number(await from.u64());
  const size = FIXED_SIZE[type];
  if (size === undefined && length > MAX_LIST) throw from.fault(`it claims a list of ${length} entries`);
  if (size !== undefined) await from.skip(length * size);
  else if (type === TEXT) for (let i = 0; i < length; i++) await from.skip(Number(await from.u64()));
  else if (type === LIST) for (let i = 0; i < length; i++) await skipList(from, depth + 1);
  else throw from.fault(`its metadata holds the unknown type ${type}`);
  return length;
}

async function scalar(from: Reader, type: number): Promise<string | number | bigint | boolean> {
  if (type === TEXT) return from.text();
  const size = FIXED_SIZE[type];
  if (size === undefined) throw from.fault(`its metadata holds the unknown type ${type}`);
  const view = await from.view(size);
  const readers = [
    () => view.getUint8(0),
    () => view.getInt8(0),
    () => view.getUint16(0, true),
    () => view.getInt16(0, true),
    () => view.getUint32(0, true),
    () => view.getInt32(0, true),
    () => view.getFloat32(0, true),
    () => view.getUint8(0) !== 0,
    undefined,
    undefined,
    () => view.getBigUint64(0, true),
    () => view.getBigInt64(0, true),
    () => view.getFloat64(0, true),
  ];
  return (readers[type] ?? readers[UINT8])?.() ?? 0;
}

/** Reads forward through a file, a block at a time; nothing past its end. */
class Reader {
  readonly size: number;
  private readonly handle: FileHandle;
  private readonly path: string;
  private block = new Uint8Array(0);
  private blockStart = 0;
  private position = 0;

  constructor(handle: FileHandle, size: number, path: string) {
    this.handle = handle;
    this.size = size;
    this.path = path;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.position;
  }

  fault(why: string): HarnessError {
    return new HarnessError("CONFIG_MODEL_INVALID", `${this.path} is no model file that can be read: ${why}`, {
      hint: "Download or convert it again.",
    });
  }

  async view(length: number): Promise<DataView> {
    const bytes = await this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  async u32(): Promise<number> {
    return (await this.view(4)).getUint32(0, true);
  }

  async u64(): Promise<bigint> {
    return (await this.view(8)).getBigUint64(0, true);
  }

  async count(what: string): Promise<number> {
    const count = Number(await this.u64());
    if (count > MAX_ENTRIES) throw this.fault(`it claims to have ${count} ${what}`);
    return count;
  }

  async ascii(length: number): Promise<string> {
    return String.fromCharCode(...(await this.bytes(length)));
  }

  async text(): Promise<string> {
    const length = Number(await this.u64());
    if (length > MAX_TEXT_BYTES) throw this.fault(`it claims a text of ${length} bytes`);
    return new TextDecoder().decode(await this.bytes(length));
  }

  async skip(length: number): Promise<void> {
    if (this.position + length > this.size) throw this.fault("it is cut off");
    this.position += length;
  }

  private async bytes(length: number): Promise<Uint8Array> {
    if (this.position + length > this.size) throw this.fault("it is cut off");
    const start = this.position - this.blockStart;
    if (start < 0 || start + length > this.block.length) {
      const block = new Uint8Array(Math.max(length, Math.min(BLOCK_BYTES, this.size - this.position)));
      const { bytesRead } = await this.handle.read(block, 0, block.length, this.position);
      if (bytesRead < length) throw this.fault("it is cut off");
      this.block = block.subarray(0, bytesRead);
      this.blockStart = this.position;
    }
    const from = this.position - this.blockStart;
    this.position += length;
    return this.block.subarray(from, from + length);
  }
}
