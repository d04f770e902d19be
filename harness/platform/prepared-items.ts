import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { type Affine, fillBatch, type ItemTensor, itemSize } from "../domain/item-tensor.ts";
import { atomicWrite } from "./files.ts";
import { parseJson } from "./json.ts";

/**
 * Prepared items: a dataset as one file that trials in child processes read row by row. "QGPREP01", header length as u32 little-endian,
 * header (canonical JSON, padded with spaces so that the items begin at a multiple of 8), items, labels as i32 little-endian.
 */
const MAGIC = "QGPREP01";
const PREFIX_BYTES = 12;
const MAX_HEADER_BYTES = 1 << 20;
const ALIGNMENT = 8;

export interface PreparedHeader {
  readonly count: number;
  /** Shape of one item, no batch axis. */
  readonly shape: readonly number[];
  readonly storage: "uint8" | "float32";
  readonly affine: Affine | null;
  /** Bytes before the labels, counted from the first item; null where items have none. */
  readonly labels_offset: number | null;
  /** Of everything after the header. */
  readonly sha256: string;
}

/** Writes items and labels for {@link openPrepared}. STORE_WRITE as in atomicWrite; the same input gives the same bytes. */
export async function writePrepared(path: string, items: ItemTensor, labels?: Int32Array): Promise<PreparedHeader> {
  const values = bytesOf(items.data, items.count * itemSize(items.shape));
  // Labels stay aligned to their own width behind uint8 items of any size.
  const gap = labels === undefined ? 0 : (4 - (values.length % 4)) % 4;
  const tail = [values, new Uint8Array(gap), ...(labels === undefined ? [] : [bytesOf(labels, labels.length)])];
  if (labels !== undefined && labels.length !== items.count)
    throw new RangeError(`${labels.length} labels for ${items.count} items`);
  const hash = createHash("sha256");
  for (const piece of tail) hash.update(piece);
  const header: PreparedHeader = {
    count: items.count,
    shape: [...items.shape],
    storage: items.data instanceof Uint8Array ? "uint8" : "float32",
    affine: items.affine ?? null,
    labels_offset: labels === undefined ? null : values.length + gap,
    sha256: hash.digest("hex"),
  };
  const json = Buffer.from(canonicalJson(header));
  const length = Math.ceil((PREFIX_BYTES + json.length) / ALIGNMENT) * ALIGNMENT - PREFIX_BYTES;
  const prefix = Buffer.alloc(PREFIX_BYTES + length, " ");
  prefix.write(MAGIC, 0, "latin1");
  prefix.writeUInt32LE(length, 8);
  json.copy(prefix, PREFIX_BYTES);
  await atomicWrite(path, Buffer.concat([prefix, ...tail]));
  return header;
}

/** An open prepared file. Only the rows asked for are read, so that a trial's memory is the model's and not the dataset's. */
export interface PreparedItems {
  readonly header: PreparedHeader;
  /** Reads the whole file once and compares its digest; STORE_CORRUPT when it differs. */
  verify(): void;
  /** Writes the chosen items as float32, affine applied, into `out` (length ≥ indices.length × item size). */
  fill(indices: ArrayLike<number>, out: Float32Array): void;
  /** The same as stored; `uint8` storage only. */
  fillRaw(indices: ArrayLike<number>, out: Uint8Array): void;
  /** undefined where the file has none. */
  readLabels(): Int32Array | undefined;
  close(): void;
}

/** Opens a prepared file. STORE_MISSING where there is none, STORE_CORRUPT where it is not whole or not of this format. */
export function openPrepared(path: string): PreparedItems {
  return openReader(path);
}

/** Reads a prepared file whole, verified. Errors as in {@link openPrepared}. */
export function readPrepared(path: string): { items: ItemTensor; labels: Int32Array | undefined } {
  const file = openReader(path);
  try {
    file.verify();
    const { count, shape, storage, affine } = file.header;
    const bytes = new Uint8Array(file.bytesPerItem * count);
    file.readAt(0, bytes);
    const data = storage === "uint8" ? bytes : new Float32Array(bytes.buffer);
    return { items: { count, shape, data, ...(affine === null ? {} : { affine }) }, labels: file.readLabels() };
  } finally {
    file.close();
  }
}

interface Reader extends PreparedItems {
  readonly bytesPerItem: number;
  /** Reads bytes from that many after the first item's first. */
  readAt(offset: number, out: Uint8Array): void;
}

function openReader(path: string): Reader {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (cause) {
    const said = `Cannot read the prepared items ${path}: there is no such file.`;
    throw new HarnessError("STORE_MISSING", said, {
      hint: "Run the sweep again: it prepares the dataset anew.",
      cause,
    });
  }
  try {
    return makeReader(path, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function makeReader(path: string, fd: number): Reader {
  const { header, start, end } = readHeader(path, fd);
  const { count, shape, storage, affine } = header;
  const bytesPerItem = itemSize(shape) * (storage === "uint8" ? 1 : 4);
  let rows = new Uint8Array(0);

  const readAt = (offset: number, out: Uint8Array): void => readExactly(path, fd, start + offset, out);
  /** Rows as stored; neighbors in the file are one read. */
  const readRows = (indices: ArrayLike<number>, out: Uint8Array): void => {
    for (let i = 0; i < indices.length; ) {
      const first = indices[i] as number;
      if (!Number.isInteger(first) || first < 0 || first >= count)
        throw new RangeError(`there is no item ${first} of ${count}`);
      let run = 1;
      while (i + run < indices.length && indices[i + run] === first + run && first + run < count) run++;
      readAt(first * bytesPerItem, out.subarray(i * bytesPerItem, (i + run) * bytesPerItem));
      i += run;
    }
  };

  return {
    header,
    bytesPerItem,
    readAt,
    verify() {
      const hash = createHash("sha256");
      const chunk = new Uint8Array(1 << 20);
      for (let at = start; at < end; at += chunk.length) {
        const piece = chunk.subarray(0, Math.min(chunk.length, end - at));
        readExactly(path, fd, at, piece);
        hash.update(piece);
      }
      if (hash.digest("hex") !== header.sha256) throw corrupt(path, "its content differs from its digest");
    },
    fill(indices, out) {
      const bytes = indices.length * bytesPerItem;
      if (storage === "float32" && affine === null) {
        readRows(indices, new Uint8Array(out.buffer, out.byteOffset, bytes));
        return;
      }
      if (rows.length < bytes) rows = new Uint8Array(bytes);
      readRows(indices, rows);
      const data = storage === "uint8" ? rows : new Float32Array(rows.buffer);
      const batch = { count: indices.length, shape, data, ...(affine === null ? {} : { affine }) };
      fillBatch(
        batch,
        Uint32Array.from({ length: indices.length }, (_, row) => row),
        out,
      );
    },
    fillRaw(indices, out) {
      if (storage !== "uint8") throw new RangeError("only uint8 items can be read as they are stored");
      readRows(indices, out);
    },
    readLabels() {
      if (header.labels_offset === null) return undefined;
      const labels = new Int32Array(count);
      readAt(header.labels_offset, new Uint8Array(labels.buffer));
      return labels;
    },
    close: () => closeSync(fd),
  };
}

function readHeader(path: string, fd: number): { header: PreparedHeader; start: number; end: number } {
  const size = fstatSync(fd).size;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  if (size < PREFIX_BYTES) throw corrupt(path, "it is too short");
  readExactly(path, fd, 0, prefix);
  const length = prefix.readUInt32LE(8);
  if (prefix.toString("latin1", 0, 8) !== MAGIC) throw corrupt(path, `it does not begin with ${MAGIC}`);
  if (length > MAX_HEADER_BYTES || PREFIX_BYTES + length > size) throw corrupt(path, "it ends in its header");
  const json = Buffer.alloc(length);
  readExactly(path, fd, PREFIX_BYTES, json);
  const header = parseJson(json.toString("utf8"), { what: `the header of ${path}` }) as PreparedHeader;
  const start = PREFIX_BYTES + length;
  const values = header.count * itemSize(header.shape) * (header.storage === "uint8" ? 1 : 4);
  const end = start + (header.labels_offset === null ? values : header.labels_offset + 4 * header.count);
  // A header that is not ours gives NaN here, which equals nothing.
  if (size !== end) throw corrupt(path, `it has ${size} bytes where its header promises ${end}`);
  return { header, start, end };
}

function readExactly(path: string, fd: number, position: number, out: Uint8Array): void {
  for (let done = 0; done < out.length; ) {
    const got = readSync(fd, out, done, out.length - done, position + done);
    if (got === 0) throw corrupt(path, "it ended while it was read");
    done += got;
  }
}

function corrupt(path: string, why: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", `The prepared items ${path} cannot be used: ${why}.`, {
    hint: "Delete the file and run the sweep again: it prepares the dataset anew.",
  });
}

function bytesOf(data: Uint8Array | Float32Array | Int32Array, elements: number): Uint8Array {
  // Little-endian as they stand: every platform that ONNX Runtime is built for is.
  return new Uint8Array(data.buffer, data.byteOffset, elements * data.BYTES_PER_ELEMENT);
}
