import { exp, log } from "./elementary.ts";

/**
 * Kullback-Leibler divergence Σ p·ln(p/q) in nats of two distributions over one vocabulary, given as natural-log probabilities by token.
 * Both are normalized, as servers round. Infinite where q rules out what p does not. RangeError for lengths that differ, or no mass.
 */
export function klDivergence(logP: ArrayLike<number>, logQ: ArrayLike<number>): number {
  if (logP.length !== logQ.length) throw new RangeError(`${logP.length} and ${logQ.length} log-probabilities`);
  const massP = logSum(logP);
  const massQ = logSum(logQ);
  let sum = 0;
  for (let i = 0; i < logP.length; i++) {
    const p = logP[i]! - massP;
    if (p === -Infinity) continue;
    sum += exp(p) * (p - (logQ[i]! - massQ));
  }
  // Rounding can leave a hair below the least that is possible.
  return Math.max(0, sum);
}

export type TopLogprobs = readonly { readonly token: string | number; readonly logprob: number }[];

export type TopKDivergence = {
  /** Nats; at most the divergence of the whole distributions. */
  readonly lowerBound: number;
  /** Mass of the reference on tokens that both lists name; the nearer to 1, the tighter the bound. */
  readonly coveredMass: number;
};

/**
 * What two lists of the likeliest tokens tell of the divergence: tokens that both name stand for themselves, all others are one common
 * rest. Merging outcomes never raises a divergence (data processing inequality, Cover & Thomas 2006, section 2.8), so the result bounds
 * it from below. Undefined where no token is in both lists.
 */
export function klFromTopK(reference: TopLogprobs, variant: TopLogprobs): TopKDivergence | undefined {
  const inVariant = new Map(variant.map(({ token, logprob }) => [token, logprob]));
  let covered = 0;
  let coveredQ = 0;
  let sum = 0;
  let shared = 0;
  for (const { token, logprob } of reference) {
    const other = inVariant.get(token);
    if (other === undefined) continue;
    shared++;
    const p = exp(logprob);
    covered += p;
    coveredQ += exp(other);
    if (p > 0) sum += p * (logprob - other);
  }
  if (shared === 0) return undefined;
  const rest = Math.max(0, 1 - covered);
  const restQ = Math.max(0, 1 - coveredQ);
  // Where the variant leaves no rest its log-probabilities are rounded: the term would be infinite for want of a digit.
  if (rest > ROUNDING && restQ > ROUNDING) sum += rest * log(rest / restQ);
  return { lowerBound: Math.max(0, sum), coveredMass: Math.min(1, covered) };
}

/** Servers give log-probabilities in single precision. */
const ROUNDING = 1e-6;

/** exp of the mean negative log-probability; undefined for no token. */
export function perplexity(logprobs: ArrayLike<number>): number | undefined {
  if (logprobs.length === 0) return undefined;
  let sum = 0;
  for (let i = 0; i < logprobs.length; i++) sum += logprobs[i]!;
  return exp(-sum / logprobs.length);
}

function logSum(logs: ArrayLike<number>): number {
  let most = -Infinity;
  for (let i = 0; i < logs.length; i++) {
    if (Number.isNaN(logs[i]!)) throw new RangeError(`log-probability ${i} is NaN`);
    most = Math.max(most, logs[i]!);
  }
  if (!Number.isFinite(most)) throw new RangeError("log-probabilities without mass");
  let sum = 0;
  for (let i = 0; i < logs.length; i++) sum += exp(logs[i]! - most);
  return most + log(sum);
}
