/**
 * Packs integer codes of 2 to 8 bits without gaps, the first value in the lowest bits, as ONNX packs INT4 and INT2.
 * Negative codes are kept in two's complement. Widths that do not divide 8 run across byte borders.
 */
export function packBits(codes: ArrayLike<number>, bits: number): Uint8Array<ArrayBuffer> {
  checkBits(bits);
  const out = new Uint8Array(packedBytes(codes.length, bits));
  const mask = 2 ** bits - 1;
  for (let i = 0, at = 0; i < codes.length; i++, at += bits) {
    const value = ((codes[i] ?? 0) & mask) << (at & 7);
    const byte = at >> 3;
    out[byte] = (out[byte] ?? 0) | (value & 0xff);
    if (value > 0xff) out[byte + 1] = value >> 8;
  }
  return out;
}

/** Reads `count` codes back. */
export function unpackBits(
  packed: Uint8Array,
  count: number,
  options: { readonly bits: number; readonly signed: boolean },
): Int16Array<ArrayBuffer> {
  const { bits, signed } = options;
  checkBits(bits);
  if (packed.length < packedBytes(count, bits))
    throw new RangeError(`${packed.length} bytes hold fewer than ${count} codes`);
  const out = new Int16Array(count);
  const mask = 2 ** bits - 1;
  const signBit = 2 ** (bits - 1);
  for (let i = 0, at = 0; i < count; i++, at += bits) {
    const byte = at >> 3;
    const pair = (packed[byte] ?? 0) | ((packed[byte + 1] ?? 0) << 8);
    const code = (pair >> (at & 7)) & mask;
    out[i] = signed && code >= signBit ? code - 2 * signBit : code;
  }
  return out;
}

/** Bytes that `count` packed codes take. */
export function packedBytes(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

function checkBits(bits: number): void {
  if (!Number.isInteger(bits) || bits < 2 || bits > 8) throw new RangeError(`codes have 2 to 8 bits, not ${bits}`);
}
