import { packBits, unpackBits } from "./bit-packing.ts";
import { fromHalf, HALF_RANGE, toHalf } from "./half-floats.ts";

/** A weight as rows of K values: rows are output channels, columns in the order in which groups are cut. */
export interface MatrixView {
  readonly rows: number;
  readonly columns: number;
  /** Column of the stored tensor that stands at a place of the group order. */
  readonly order: Int32Array;
}

/** One code book: code c of a group with scale s stands for s·(first + step·c). */
export interface CodeBook {
  readonly bits: number;
  readonly first: number;
  readonly step: number;
  /** rows × columns codes from 0 on, columns in group order. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** rows × groups. */
  readonly scales: Float32Array<ArrayBuffer>;
}

/** A matrix as the sum of one or two code books over the same groups. */
export interface MatrixCodes extends MatrixView {
  readonly groupSize: number;
  readonly books: readonly CodeBook[];
}

export function groupCount(columns: number, groupSize: number): number {
  return Math.ceil(columns / groupSize);
}

/** The real weights that the codes stand for, in the stored tensor's order. */
export function dequantizeMatrix({ rows, columns, order, groupSize, books }: MatrixCodes): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  const groups = groupCount(columns, groupSize);
  for (const { codes, scales, first, step } of books) {
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < columns; k++) {
        const at = r * columns + (order[k] as number);
        const scale = scales[r * groups + Math.floor(k / groupSize)] as number;
        const value = (first + step * (codes[r * columns + k] as number)) * scale;
        out[at] = (out[at] as number) + value;
      }
    }
  }
  return out;
}

/** A code book as it is stored: codes without gaps, scales in half precision where that holds them, else in single. */
export interface PackedBook {
  readonly bits: number;
  readonly first: number;
  readonly step: number;
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly scales: Uint8Array<ArrayBuffer>;
  readonly scaleType: "F16" | "F32";
}

export function packBook(book: CodeBook): PackedBook {
  const half = scalesFitHalf(book.scales);
  const scales = half ? Uint16Array.from(book.scales, toHalf) : book.scales;
  return {
    bits: book.bits,
    first: book.first,
    step: book.step,
    codes: packCodes(book.codes, book.bits),
    scales: new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength),
    scaleType: half ? "F16" : "F32",
  };
}

/** One-bit codes are outside packBits' range of 2 to 8; eight of them fill a byte, the first in the lowest bit. */
function packCodes(codes: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
  if (bits !== 1) return packBits(codes, bits);
  const out = new Uint8Array(Math.ceil(codes.length / 8));
  for (let i = 0; i < codes.length; i++) out[i >> 3] = (out[i >> 3] as number) | ((codes[i] as number) << (i & 7));
  return out;
}

export function unpackBook(packed: PackedBook, count: number): CodeBook {
  const { bits, first, step, scaleType } = packed;
  // Copied, as a view into a file may start at an odd address.
  const bytes = packed.scales.slice();
  const scales = scaleType === "F16" ? fromHalf(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
  const codes =
    bits === 1
      ? Uint8Array.from({ length: count }, (_, i) => ((packed.codes[i >> 3] ?? 0) >> (i & 7)) & 1)
      : Uint8Array.from(unpackBits(packed.codes, count, { bits, signed: false }));
  return { bits, first, step, codes, scales };
}

function scalesFitHalf(scales: Float32Array): boolean {
  return scales.every((scale) => scale === 0 || (scale >= HALF_RANGE.least && scale <= HALF_RANGE.most));
}

/** A scale as it will be read back from half precision; outside that range as single. */
export function storedScale(scale: number): number {
  if (!(scale >= HALF_RANGE.least && scale <= HALF_RANGE.most)) return Math.fround(scale);
  return fromHalf(Uint16Array.of(toHalf(scale)))[0] as number;
}

/** Bytes that a book takes in the file. */
export function bookBytes(book: PackedBook): number {
  return book.codes.length + book.scales.length;
}
