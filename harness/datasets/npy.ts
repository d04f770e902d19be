import { itemSize } from "../domain/item-tensor.ts";
import { counted, invalidItems } from "./describe.ts";

/** NumPy element types that can be read, by `descr`, with their size in bytes. */
const ELEMENT_BYTES = { "|u1": 1, "<f4": 4, "<f8": 8, "<i4": 4, "<i8": 8 } as const;
export type NpyDtype = keyof typeof ELEMENT_BYTES;

/** An array as the file has it: C order, little-endian, not decoded. */
export interface NpyArray {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Parses a .npy file, format versions 1.0 to 3.0 (numpy.lib.format). Everything is checked before it is used, so that a cut, padded
 * or hostile file is a CONFIG_DATA_INVALID that names the fault, never wrong numbers.
 */
export function decodeNpy(file: Uint8Array, what: string): NpyArray {
  const broken = (why: string, hint = "Save it again with numpy.save.") =>
    invalidItems(`${what} cannot be read as .npy: ${why}.`, hint);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (file.length < 10 || magic.some((byte, i) => file[i] !== byte)) throw broken("it does not begin as one does");
  const major = file[6] as number;
  if (major < 1 || major > 3) throw broken(`its format version is ${major}.${file[7]}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = major === 1 ? 10 : 12;
  const headerLength = major === 1 ? view.getUint16(8, true) : file.length < 12 ? Infinity : view.getUint32(8, true);
  if (start + headerLength > file.length) throw broken("it ends within its header");
  const header = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(file.subarray(start, start + headerLength));

  const { descr, isFortran, shape } = parseHeader(header) ?? raise(broken("its header is not one that numpy writes"));
  if (!Object.hasOwn(ELEMENT_BYTES, descr)) {
    throw broken(
      `its elements are ${JSON.stringify(descr)}`,
      `Convert it first, e.g. array.astype("<f4"); these are read: ${Object.keys(ELEMENT_BYTES).join(", ")}.`,
    );
  }
  if (isFortran && shape.length > 1) throw broken("it is in Fortran order", "Save numpy.ascontiguousarray(array).");
  const dtype = descr as NpyDtype;
  const bytes = file.subarray(start + headerLength);
  const expected = itemSize(shape) * ELEMENT_BYTES[dtype];
  if (!Number.isSafeInteger(expected) || bytes.length !== expected) {
    throw broken(
      `the shape (${shape.join(", ")}) of ${dtype} takes ${counted(expected, "byte")}, ${counted(bytes.length, "byte")} follow the header`,
    );
  }
  return { dtype, shape, bytes };
}

function raise(error: Error): never {
  throw error;
}

interface Header {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
}

/** The header is a Python dict literal with exactly three keys, in any order; a regular dtype is a plain string. */
function parseHeader(text: string): Header | undefined {
  const body = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) return undefined;
  const member = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,L]*\))\s*(?:,|$)/y;
  const found = new Map<string, string>();
  while (member.lastIndex < body.length && body.slice(member.lastIndex).trim() !== "") {
    const [, key, value] = member.exec(body) ?? [];
    if (key === undefined || value === undefined || found.has(key)) return undefined;
    found.set(key, value);
  }
  const descr = /^'(.*)'$/.exec(found.get("descr") ?? "")?.[1];
  const order = found.get("fortran_order");
  const shape = parseShape(found.get("shape") ?? "");
  if (found.size !== 3 || descr === undefined || shape === undefined || (order !== "True" && order !== "False")) {
    return undefined;
  }
  return { descr, isFortran: order === "True", shape };
}

/** "(3, 4)", "(3,)", "()"; Python 2 wrote "3L". */
function parseShape(text: string): number[] | undefined {
  const inner = /^\((.*)\)$/s.exec(text)?.[1]?.trim();
  if (inner === undefined) return undefined;
  if (inner === "") return [];
  const dims = inner.replace(/,\s*$/, "").split(",");
  const values = dims.map((dim) => (/^\s*\d{1,15}L?\s*$/.test(dim) ? Number.parseInt(dim, 10) : -1));
  return values.includes(-1) ? undefined : values;
}

/**
 * Element `i` of the array as a number. 64-bit integers beyond 2^53 lose their last digits; callers check the range that they need.
 */
export function npyReader({ dtype, bytes }: NpyArray): (i: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case "|u1":
      return (i) => bytes[i] as number;
    case "<f4":
      return (i) => view.getFloat32(i * 4, true);
    case "<f8":
      return (i) => view.getFloat64(i * 8, true);
    case "<i4":
      return (i) => view.getInt32(i * 4, true);
    case "<i8":
      return (i) => Number(view.getBigInt64(i * 8, true));
  }
}
