// Bulk drawing for the bootstrap. The generator's state lives in local variables inside the loops, and one 32-bit word yields up
// to three draws: a suite of bootstraps takes a thousand million of them.

import { resampleKernel } from "./resample-kernel.ts";

/** How words are cut up: `digits` fields of `width` bits, each naming one of `copies`·n equally likely slots. */
type Cut = { digits: 1 | 2 | 3; width: number; copies: number };

/** Widest fields tried for one, two and three draws a word: the table of slots must stay in the first caches. */
const WIDEST = { 1: 30, 2: 14, 3: 10 } as const;

/** Draws from which the kernel in WebAssembly is worth its start. */
const KERNEL_FROM = 20_000;

/** The cut with the most accepted draws a word. A word is drawn again unless all of its fields fall below copies·n. */
function cutFor(n: number): Cut {
  let best: Cut = { digits: 1, width: 30, copies: 1 };
  let most = 0;
  for (const digits of [1, 2, 3] as const) {
    for (let width = 1; width <= WIDEST[digits]; width++) {
      // One draw a word needs no copies beyond what keeps rejection rare, and a small table.
      if (digits === 1 && 2 ** width > 4 * n) continue;
      const copies = Math.floor(2 ** width / n);
      if (copies === 0) continue;
      const accepted = digits * ((copies * n) / 2 ** width) ** digits;
      if (accepted > most * 1.0001) {
        most = accepted;
        best = { digits, width, copies };
      }
    }
  }
  return best;
}

/**
 * Fills `out` with sums, each of values.length draws with replacement from the values, and advances the xoshiro128** state of
 * four words. Draws are exactly uniform: a word with a field out of range is drawn again as a whole. `kernelFor`: what runs long
 * fills, with the same bits.
 */
export function sumResamples(
  state: Uint32Array,
  values: ArrayLike<number>,
  out: Float64Array,
  { kernelFor = resampleKernel }: { readonly kernelFor?: typeof resampleKernel } = {},
): void {
  const n = values.length;
  if (n === 0 || n > 2 ** 28) throw new RangeError(`a resample takes 1 to 2^28 values, got ${n}`);
  const { digits, width, copies } = cutFor(n);
  const slots = new Float64Array(2 ** width);
  for (let copy = 0; copy < copies; copy++) for (let i = 0; i < n; i++) slots[copy * n + i] = values[i]!;
  const used = copies * n;
  const mask = 2 ** width - 1;
  const drop = 32 - digits * width;
  // Adding `gap` to a field carries out of it exactly when the field is out of range; a carry shows as a flipped bit above.
  const gap = 2 ** width - used;
  let gaps = 0;
  let carries = 0;
  for (let digit = 0; digit < digits; digit++) {
    gaps |= gap << (digit * width);
    carries |= 1 << ((digit + 1) * width);
  }
  const rounds = Math.floor(n / digits);
  const rest = n - rounds * digits;
  // Making and filling a kernel's memory pays from some thousand draws on; fields below 3 bits do not fit its shifts.
  if (width >= 3 && n * out.length > KERNEL_FROM) {
    const kernel = kernelFor(digits);
    if (kernel !== undefined && digits !== 1) {
      kernel(state, slots, { digits, width, gaps, carries, rounds, rest }, out);
      return;
    }
  }
  const twice = 2 * width;
  // "| 0" keeps the words small integers to the compiler.
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  for (let r = 0; r < out.length; r++) {
    let x = 0;
    let y = 0;
    let z = 0;
    for (let round = 0; round < rounds; ) {
      const product = Math.imul(b, 5);
      const word = Math.imul((product << 7) | (product >>> 25), 9) >>> drop;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
      if ((((word + gaps) | 0) ^ word ^ gaps) & carries) continue;
      round++;
      x += slots[word & mask]!;
      if (digits === 1) continue;
      y += slots[(word >>> width) & mask]!;
      if (digits === 2) continue;
      z += slots[(word >>> twice) & mask]!;
    }
    // The draws that do not fill a word, one a word.
    for (let left = rest; left > 0; ) {
      const product = Math.imul(b, 5);
      const word = Math.imul((product << 7) | (product >>> 25), 9) >>> drop;
      const t = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= t;
      d = (d << 11) | (d >>> 21);
      if ((((word + gaps) | 0) ^ word ^ gaps) & carries) continue;
      left--;
      x += slots[word & mask]!;
    }
    out[r] = x + y + z;
  }
  state.set([a, b, c, d]);
}
