import type { TokenDetail } from "../domain/language-runtime.ts";
import { type ClusteredShare, clusteredProportion } from "../stats/index.ts";

/** One reply to one prompt, of a model that is asked again and again in the same way. */
export interface TokenTrace {
  readonly prompt: string;
  /** cold: the whole prompt was processed; warm: part of it came from the cache. Each may be stable, and differ from the other. */
  readonly state: "cold" | "warm";
  /** A failed reply equals no other: a crash is not determinism. */
  readonly status: "completed" | "failed";
  /** undefined where the runtime names no tokens: such replies cannot be compared, and are counted apart. */
  readonly tokenIds: readonly number[] | undefined;
  readonly details?: readonly TokenDetail[] | undefined;
}

/** How often two replies to one prompt have the same tokens. */
export interface PairAgreement {
  /** Equal pairs by pairs, with limits that know that pairs of one prompt hang together; undefined value without a pair. */
  readonly rate: ClusteredShare;
  /** Replies without token ids, which are in no pair. */
  readonly uncompared: number;
  /** Pairs that differ in their tokens. */
  readonly divergences: readonly TokenDivergence[];
  /** Smallest index, from 0, at which a pair differs; undefined where none does. */
  readonly firstDivergence: number | undefined;
  readonly medianDivergence: number | undefined;
  /** Median gap of log-probability between the two tokens where a pair parts; undefined where no runtime gave it. */
  readonly medianLogprobGap: number | undefined;
}

export interface TokenDivergence {
  readonly prompt: string;
  /** Index of the first token that differs; the shorter reply's length where one begins the other. */
  readonly index: number;
  /** By how much the one token was likelier than the other at that place, nats ≥ 0; small gaps are ties that rounding broke. */
  readonly logprobGap: number | undefined;
}

export interface TokenDeterminism {
  readonly cold: PairAgreement;
  readonly warm: PairAgreement;
  /** Pairs of one cold and one warm reply: what the cache itself changes. */
  readonly across: PairAgreement;
}

/** Determinism on token ids, over all pairs of replies to the same prompt; cold, warm and across are never mixed. */
export function tokenDeterminism(
  traces: readonly TokenTrace[],
  { level = 0.95 }: { readonly level?: number } = {},
): TokenDeterminism {
  const prompts = [...new Set(traces.map(({ prompt }) => prompt))];
  const groups = prompts.map((prompt) => {
    const own = traces.filter((trace) => trace.prompt === prompt);
    return { cold: own.filter(({ state }) => state === "cold"), warm: own.filter(({ state }) => state === "warm") };
  });
  const within = (state: "cold" | "warm") =>
    agreement(
      groups.map((group) => pairsWithin(group[state])),
      uncomparedOf(groups.flatMap((group) => group[state])),
      level,
    );
  return {
    cold: within("cold"),
    warm: within("warm"),
    across: agreement(
      groups.map(({ cold, warm }) => cold.flatMap((a) => warm.map((b) => [a, b] as const))),
      uncomparedOf(traces),
      level,
    ),
  };
}

type Pair = readonly [TokenTrace, TokenTrace];

function pairsWithin(traces: readonly TokenTrace[]): Pair[] {
  return traces.flatMap((a, i) => traces.slice(i + 1).map((b) => [a, b] as const));
}

function isUncompared({ status, tokenIds }: TokenTrace): boolean {
  return status === "completed" && tokenIds === undefined;
}

function uncomparedOf(traces: readonly TokenTrace[]): number {
  return traces.filter(isUncompared).length;
}

function agreement(groups: readonly (readonly Pair[])[], uncompared: number, level: number): PairAgreement {
  const divergences: TokenDivergence[] = [];
  const clusters = groups.map((pairs) => {
    const comparable = pairs.filter(([a, b]) => !isUncompared(a) && !isUncompared(b));
    let count = 0;
    for (const pair of comparable) {
      const found = compare(pair);
      if (found === "equal") count++;
      else if (found !== "failed") divergences.push(found);
    }
    return { n: comparable.length, count };
  });
  const indices = divergences.map(({ index }) => index).sort((a, b) => a - b);
  const gaps = divergences.flatMap(({ logprobGap }) => (logprobGap === undefined ? [] : [logprobGap]));
  return {
    rate: clusteredProportion(clusters, { level }),
    uncompared,
    divergences,
    firstDivergence: indices[0],
    medianDivergence: middle(indices),
    medianLogprobGap: middle(gaps.sort((a, b) => a - b)),
  };
}

function compare([a, b]: Pair): TokenDivergence | "equal" | "failed" {
  if (a.tokenIds === undefined || b.tokenIds === undefined) return "failed";
  if (a.status === "failed" || b.status === "failed") return "failed";
  const length = Math.min(a.tokenIds.length, b.tokenIds.length);
  let index = 0;
  while (index < length && a.tokenIds[index] === b.tokenIds[index]) index++;
  if (index === length && a.tokenIds.length === b.tokenIds.length) return "equal";
  return { prompt: a.prompt, index, logprobGap: gapAt(a, b, index) };
}

/** In one reply's own distribution, how much likelier its token was than the other's; the mean of both where both tell. */
function gapAt(a: TokenTrace, b: TokenTrace, index: number): number | undefined {
  const gaps = [oneSided(a, b, index), oneSided(b, a, index)].filter((gap) => gap !== undefined);
  if (gaps.length === 0) return undefined;
  return Math.abs(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length);
}

function oneSided(own: TokenTrace, other: TokenTrace, index: number): number | undefined {
  const here = own.details?.[index];
  const theirs = other.tokenIds?.[index];
  if (here === undefined || theirs === undefined) return undefined;
  const alternative = here.top.find(({ id }) => id === theirs);
  return alternative === undefined ? undefined : here.logprob - alternative.logprob;
}

/** The lower middle one for an index, as half a token is none; undefined for none. */
function middle(ascending: readonly number[]): number | undefined {
  return ascending[Math.floor((ascending.length - 1) / 2)];
}
