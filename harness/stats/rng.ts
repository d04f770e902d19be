import { sumResamples } from "./bulk-draws.ts";
import { normalQuantile } from "./normal.ts";
import { requireCount } from "./require.ts";

/**
 * Id of the generator, stored beside every seed. xoshiro128** 1.1 (Blackman & Vigna), the 32-bit sibling of xoshiro256**:
 * JavaScript multiplies 32-bit words exactly and fast, 64-bit ones not. Period 2^128 - 1. The digit after the slash
 * counts the rules around it (seeding, integer below n, normal): a change of any of them takes a new id.
 */
export const RNG_ALGORITHM = "xoshiro128**/1";

/** A seeded source of random numbers whose every output is the same on any system and Node version. */
export type Rng = {
  readonly algorithm: typeof RNG_ALGORITHM;
  /** What {@link rng} needs to make this very stream again; derived streams carry their path: "42/blocks". */
  readonly seed: string;
  /** A uniform 32-bit word. */
  uint32(): number;
  /** A uniform number in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** A uniform whole number in [0, n), without modulo bias; 1 ≤ n ≤ 2^32. */
  below(n: number): number;
  /** A standard normal number, by inversion: two words each. */
  normal(): number;
  /** A uniformly random order of 0 ... n-1. */
  permutation(n: number): Uint32Array;
  /** A copy of the items in uniformly random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** Fills `out` with uniform whole numbers in [0, n), as {@link Rng.below} draws them. */
  fillBelow(out: Uint32Array, n: number): void;
  /** Fills `out` with sums of values.length draws with replacement from the values: the inner loop of the bootstrap. */
  resampleSums(values: ArrayLike<number>, out: Float64Array): void;
  /** An independent stream named by a label. It depends on seed and label only, never on how much has been drawn here. */
  derive(label: string): Rng;
};

/** Scrambles a 32-bit word so that each input bit moves every output bit (the finalizer of MurmurHash3). */
function scramble(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The four lanes that read the seed text: starts are the binary digits of √2, √3, √5, √7; multipliers any odd, well mixed words. */
const LANES = [
  { start: 0x6a09e667, multiplier: 0x9e3779b1 },
  { start: 0xbb67ae85, multiplier: 0x85ebca77 },
  { start: 0x3c6ef372, multiplier: 0xc2b2ae3d },
  { start: 0xa54ff53a, multiplier: 0x27d4eb2f },
] as const;

/** 128 bits of state out of a text. Four lanes read it with different multipliers, then each is mixed with all. */
function stateOf(text: string): Uint32Array {
  const state = new Uint32Array(4);
  for (const [lane, { start, multiplier }] of LANES.entries()) {
    let h = start;
    for (let i = 0; i < text.length; i++) h = Math.imul(scramble(h ^ text.charCodeAt(i)), multiplier) + lane;
    state[lane] = scramble(h ^ text.length);
  }
  for (let round = 0; round < 2; round++) {
    for (let lane = 0; lane < 4; lane++) {
      state[lane] = scramble(state[lane]! + Math.imul(state[(lane + 1) & 3]!, 0x9e3779b1) + round);
    }
  }
  // The all-zero state is the one the generator cannot leave.
  if ((state[0]! | state[1]! | state[2]! | state[3]!) === 0) state[0] = 1;
  return state;
}

/**
 * The generator of a seed: a whole number ≥ 0 or any non-empty text. `rng(42).derive("blocks")` and `rng("42/blocks")` are
 * the same stream.
 */
export function rng(seed: number | string): Rng {
  const text = typeof seed === "number" ? String(requireCount("seed", seed)) : seed;
  if (text === "") throw new RangeError("seed must not be empty");
  return generatorFrom(stateOf(text), text);
}

/** The generator at a given state of four words, not all zero; for {@link rng} and for checks against published output. */
export function generatorFrom(state: Uint32Array, seed: string): Rng {
  let [s0, s1, s2, s3] = state as unknown as [number, number, number, number];

  const uint32 = (): number => {
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  };

  const uniform = (): number => {
    const high = uint32() >>> 5;
    const low = uint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  };

  const below = (n: number): number => {
    if (!(n >= 1 && n <= 0x100000000 && Number.isInteger(n))) {
      throw new RangeError(`n must be a whole number from 1 to 2^32, got ${n}`);
    }
    // Words at or above the largest multiple of n would favor small results, so they are drawn again.
    const limit = 0x100000000 - (0x100000000 % n);
    let word = uint32();
    while (word >= limit) word = uint32();
    return word % n;
  };

  const permutation = (n: number): Uint32Array => {
    const order = new Uint32Array(requireCount("n", n));
    for (let i = 0; i < n; i++) {
      const j = below(i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  };

  const fillBelow = (out: Uint32Array, n: number): void => {
    for (let i = 0; i < out.length; i++) out[i] = below(n);
  };

  const resampleSums = (values: ArrayLike<number>, out: Float64Array): void => {
    const words = Uint32Array.of(s0, s1, s2, s3);
    sumResamples(words, values, out);
    [s0, s1, s2, s3] = words as unknown as [number, number, number, number];
  };

  return {
    algorithm: RNG_ALGORITHM,
    seed,
    uint32,
    uniform,
    below,
    normal: () => {
      // The middle of one of 2^52 equal steps: exact in a double, and never 0 or 1.
      const high = uint32() >>> 6;
      const low = uint32() >>> 6;
      return normalQuantile((high * 0x4000000 + low + 0.5) / 0x10000000000000);
    },
    permutation,
    shuffle: <T>(items: readonly T[]): T[] => Array.from(permutation(items.length), (index) => items[index]!),
    fillBelow,
    resampleSums,
    derive: (label: string): Rng => {
      if (label === "") throw new RangeError("label must not be empty");
      return rng(`${seed}/${label}`);
    },
  };
}
