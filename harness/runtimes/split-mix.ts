import { sha256 } from "../platform/digest.ts";

/** A stream of pseudo-random numbers that is the same on every machine. */
export interface Draws {
  /** In [0, 1), 53 bits. */
  uniform(): number;
  /** Whole number in [0, below). */
  index(below: number): number;
  /** Standard normal, by Box and Muller (1958). */
  normal(): number;
}

const MASK = (1n << 64n) - 1n;

/**
 * Numbers for a seed and a label: streams of different labels do not touch, so that no draw depends on how many others were made
 * before. For simulation only; inference has its own generator, which adapters may not import.
 */
export function drawsFor(seed: number, label: string): Draws {
  const next = splitMix64(BigInt(`0x${sha256(`${seed}\n${label}`).slice(0, 16)}`));
  const uniform = (): number => Number(next() >> 11n) / 2 ** 53;
  return {
    uniform,
    index: (below) => Math.floor(uniform() * below),
    // 1 - u is never 0, whose logarithm is infinite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** SplitMix64: 64-bit numbers from a 64-bit state (Steele, Lea, Flood 2014, figure 17). */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & MASK;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    return z ^ (z >> 31n);
  };
}
