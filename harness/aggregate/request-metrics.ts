import type { GenerateResult } from "../domain/language-runtime.ts";

/** How a time to first token came about: with the model's loading, after the whole prompt, or after what the cache had left of it. */
export type TtftKind = "cold" | "uncached" | "cached" | "unknown";

export type TokenMetricsStatus =
  | "OK"
  | "TOKEN_COUNT_UNAVAILABLE"
  | "TIMING_UNAVAILABLE"
  | "TOKEN_AND_TIMING_UNAVAILABLE"
  | "NOT_APPLICABLE";

/** Figures of one reply. Seconds, and tokens a second; undefined where it gives no such figure. */
export interface RequestMetrics {
  readonly status: Exclude<TokenMetricsStatus, "NOT_APPLICABLE">;
  readonly ttftKind: TtftKind;
  /** Request sent to first non-empty content or reasoning. */
  readonly ttftS: number | undefined;
  /** Request sent to end of the reply. */
  readonly totalS: number;
  /** (n - 1) / (last - first), of at least {@link LEAST_DECODED} tokens. */
  readonly decodeTps: number | undefined;
  /** Processed prompt tokens a second, of at least {@link LEAST_PROCESSED} where none was cached. */
  readonly prefillTps: number | undefined;
  /** (total - TTFT) / (n - 1). */
  readonly tpotS: number | undefined;
  /** Gaps between chunks with content. They are gaps between tokens only where each chunk is one. */
  readonly interChunkS: Float64Array;
  readonly isChunkPerToken: boolean;
  /** Why the server's counts cannot be true, a clause; then they count as not given. */
  readonly countProblem: string | undefined;
}

/** Fewer tokens have no steady rate. */
export const LEAST_DECODED = 32;
/** Fewer prompt tokens are mostly the fixed cost of a call. */
export const LEAST_PROCESSED = 64;

/** Figures of one reply, by the definitions of docs/language-models.md. */
export function requestMetrics(reply: GenerateResult, maxTokens = Number.POSITIVE_INFINITY): RequestMetrics {
  const { times, completion, prompt, cachedTokens, server } = reply;
  const { firstS, lastS, endS, chunkS } = times;
  const countProblem = wrongCount(reply, maxTokens);
  const isCounted = completion !== undefined && completion.source !== "estimated" && countProblem === undefined;
  const isTimed = firstS !== undefined && lastS !== undefined;
  // The end-of-text token is counted by some servers and arrives in no chunk: where tokens are named, those that came are counted.
  const arrived =
    reply.tokenIds === undefined || reply.tokenIds.length === 0 ? completion?.tokens : reply.tokenIds.length;
  const n = isCounted ? arrived : undefined;
  const span = isTimed ? lastS - firstS : 0;
  const processed = server.promptTokens ?? (prompt === undefined ? undefined : prompt.tokens - (cachedTokens ?? 0));
  const hasPrefill =
    processed !== undefined && processed >= LEAST_PROCESSED && (cachedTokens ?? 0) === 0 && (server.promptS ?? 0) > 0;
  return {
    status: statusOf(isCounted, isTimed),
    ttftKind: cachedTokens === undefined ? "unknown" : cachedTokens > 0 ? "cached" : "uncached",
    ttftS: firstS,
    totalS: endS,
    decodeTps: n !== undefined && n >= LEAST_DECODED && span > 0 ? (n - 1) / span : undefined,
    prefillTps: hasPrefill ? (processed as number) / (server.promptS as number) : undefined,
    tpotS: n !== undefined && n > 1 && isTimed ? (endS - firstS) / (n - 1) : undefined,
    interChunkS: gaps(chunkS),
    isChunkPerToken: n !== undefined && n === chunkS.length,
    countProblem,
  };
}

/** A chunk with content is a token or more, a named token is counted, and nobody may count more than was asked for. */
function wrongCount(
  { completion, prompt, cachedTokens, tokenIds, times }: GenerateResult,
  maxTokens: number,
): string | undefined {
  if (completion === undefined || completion.source !== "server") return undefined;
  const { tokens } = completion;
  if (tokens < times.chunkS.length) return `it counts ${tokens} tokens, and sent ${times.chunkS.length} chunks`;
  // The end-of-text token may be counted.
  if (tokens > maxTokens + 1) return `it counts ${tokens} tokens of at most ${maxTokens}`;
  if (tokenIds !== undefined && tokenIds.length > 0 && Math.abs(tokens - tokenIds.length) > 1) {
    return `it counts ${tokens} tokens, and names ${tokenIds.length}`;
  }
  if (prompt !== undefined && cachedTokens !== undefined && cachedTokens > prompt.tokens) {
    return `it counts ${cachedTokens} cached tokens of ${prompt.tokens}`;
  }
  return undefined;
}

function statusOf(isCounted: boolean, isTimed: boolean): RequestMetrics["status"] {
  if (isCounted) return isTimed ? "OK" : "TIMING_UNAVAILABLE";
  return isTimed ? "TOKEN_COUNT_UNAVAILABLE" : "TOKEN_AND_TIMING_UNAVAILABLE";
}

function gaps(times: Float64Array): Float64Array {
  const result = new Float64Array(Math.max(0, times.length - 1));
  for (let i = 0; i < result.length; i++) result[i] = (times[i + 1] as number) - (times[i] as number);
  return result;
}
