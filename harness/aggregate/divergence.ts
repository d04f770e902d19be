import type { TokenDetail } from "../domain/language-runtime.ts";
import {
  type ClusterEstimate,
  type ClusteredShare,
  clusterBootstrap,
  clusteredProportion,
  klDivergence,
  klFromTopK,
  perplexity,
  type Rng,
  type Unjudged,
} from "../stats/index.ts";

/** Next-token distributions of one prompt, reference and variant at the same positions, that is after the same tokens. */
export interface PromptDistributions {
  readonly prompt: string;
  readonly positions: readonly PositionDistributions[];
}

/** At one position: whole vocabularies, or the likeliest tokens of each. */
export type PositionDistributions =
  | {
      readonly kind: "full";
      readonly reference: ArrayLike<number>;
      readonly variant: ArrayLike<number>;
      readonly actual?: number;
    }
  | { readonly kind: "top-k"; readonly reference: TokenDetail; readonly variant: TokenDetail };

/** How far a variant's next-token distributions lie from the reference's. Divergences in nats. */
export interface Divergence {
  /** `top-k`: divergences are lower bounds, out of the likeliest tokens alone. */
  readonly source: "full" | "top-k";
  readonly prompts: number;
  readonly positions: number;
  /** Positions whose two lists share no token: they say that the variant is far off, not how far. */
  readonly unmatched: number;
  readonly mean: ClusterEstimate | Unjudged;
  readonly median: ClusterEstimate | Unjudged;
  readonly p99: ClusterEstimate | Unjudged;
  /** Positions at which both have the same likeliest token. */
  readonly topAgreement: ClusteredShare;
  /** Mean mass of the reference on tokens that both lists name; 1 for full distributions. */
  readonly coveredMass: number | undefined;
  /** Of the tokens that were really there, where they are known: only beside the divergence, since alone it ranks quants wrongly. */
  readonly perplexity: { readonly reference: number | undefined; readonly variant: number | undefined };
}

/**
 * Divergence of a variant from the highest-precision one over many prompts, with intervals by a bootstrap over prompts. Undefined where
 * there is no position, or full distributions and lists are mixed (the one is a bound of the other).
 */
export function divergence(
  prompts: readonly PromptDistributions[],
  { rng, level = 0.95, resamples }: { readonly rng: Rng; readonly level?: number; readonly resamples?: number },
): Divergence | undefined {
  const all = prompts.flatMap(({ positions }) => positions);
  const [first] = all;
  if (first === undefined || all.some(({ kind }) => kind !== first.kind)) return undefined;
  const judged = prompts.map(({ positions }) => positions.map(judge));
  const clusters = judged.map((one) => one.flatMap(({ kl }) => (kl === undefined ? [] : [kl])));
  const flat = judged.flat();
  const covered = flat.flatMap(({ coveredMass }) => (coveredMass === undefined ? [] : [coveredMass]));
  const estimate = (label: string, statistic: "mean" | { quantile: number }) =>
    clusterBootstrap(clusters, {
      rng: rng.derive(label),
      statistic,
      level,
      ...(resamples === undefined ? {} : { resamples }),
    });
  const actual = flat.flatMap((one) => (one.actual === undefined ? [] : [one.actual]));
  return {
    source: first.kind,
    prompts: clusters.filter((cluster) => cluster.length > 0).length,
    positions: flat.length,
    unmatched: flat.filter(({ kl }) => kl === undefined).length,
    mean: estimate("mean", "mean"),
    median: estimate("median", { quantile: 0.5 }),
    p99: estimate("p99", { quantile: 0.99 }),
    topAgreement: clusteredProportion(
      judged.map((one) => ({ n: one.length, count: one.filter(({ agrees }) => agrees).length })),
      { level },
    ),
    coveredMass: covered.length === 0 ? undefined : covered.reduce((sum, x) => sum + x, 0) / covered.length,
    perplexity: {
      reference: perplexity(actual.map(([reference]) => reference)),
      variant: perplexity(actual.map(([, variant]) => variant)),
    },
  };
}

interface JudgedPosition {
  readonly kl: number | undefined;
  readonly agrees: boolean;
  readonly coveredMass: number | undefined;
  /** Log-probabilities of the token that was there. */
  readonly actual: readonly [reference: number, variant: number] | undefined;
}

function judge(position: PositionDistributions): JudgedPosition {
  if (position.kind === "full") {
    const { reference, variant, actual } = position;
    return {
      kl: klDivergence(reference, variant),
      agrees: highest(reference) === highest(variant),
      coveredMass: 1,
      actual: actual === undefined ? undefined : [reference[actual] as number, variant[actual] as number],
    };
  }
  const reference = topOf(position.reference);
  const variant = topOf(position.variant);
  const found = klFromTopK(reference, variant);
  const token = keyOf(position.reference);
  const other = variant.find((one) => one.token === token);
  return {
    kl: found?.lowerBound,
    agrees: reference[0] !== undefined && reference[0].token === variant[0]?.token,
    coveredMass: found?.coveredMass,
    actual: other === undefined ? undefined : [position.reference.logprob, other.logprob],
  };
}

/** Best first; servers may leave the order to the reader. */
function topOf({ top }: TokenDetail) {
  return top.map((one) => ({ token: keyOf(one), logprob: one.logprob })).sort((a, b) => b.logprob - a.logprob);
}

/** Ids are sure, texts may be shared by tokens that are parts of one character. */
function keyOf({ id, text }: { readonly id: number | undefined; readonly text: string }): string | number {
  return id ?? text;
}

function highest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/**
 * Positions of two greedy replies to one prompt that were made after the same tokens: up to and including the first at which they differ.
 * After that each goes on from a text of its own, and their distributions answer different questions.
 */
export function comparablePositions(
  reference: readonly TokenDetail[],
  variant: readonly TokenDetail[],
): PositionDistributions[] {
  const positions: PositionDistributions[] = [];
  for (let i = 0; i < Math.min(reference.length, variant.length); i++) {
    const [a, b] = [reference[i] as TokenDetail, variant[i] as TokenDetail];
    if (a.top.length > 0 && b.top.length > 0) positions.push({ kind: "top-k", reference: a, variant: b });
    if (keyOf(a) !== keyOf(b)) break;
  }
  return positions;
}
