import type { RequestDoc } from "../domain/generated/journal-v1.ts";
import type { EstimateDoc, TokenMetricsDoc } from "../domain/generated/summary-v1.ts";
import { type ByBlock, type CellSamples, median } from "./cell-samples.ts";
import type { TokenMetricsStatus } from "./request-metrics.ts";

/** Figures of a language model over a cell's trials; undefined where none was measured. `center` gives a block-wise estimate. */
export function tokenMetrics(
  sample: CellSamples,
  center: (blocks: ByBlock) => EstimateDoc | null,
): TokenMetricsDoc | undefined {
  const docs = sample.finished.flatMap(({ measured }) => measured?.language ?? []);
  if (docs.length === 0) return undefined;
  const requests = docs.flatMap((doc) => doc.requests);
  const of = (figure: (request: RequestDoc) => number | null) => requests.flatMap((request) => figure(request) ?? []);
  const middle = (values: readonly (number | null | undefined)[]) =>
    median(values.flatMap((value) => value ?? [])) ?? null;
  return {
    status: statusOf(requests),
    throughput: {
      generation_tokens_per_second: middle(sample.decodeTps),
      prompt_tokens_per_second: middle(sample.prefillTps),
    },
    ttft: {
      cold_s: middle(docs.map((doc) => doc.cold_ttft_s)),
      uncached_s: middle(of((request) => (request.ttft_kind === "cached" ? null : request.ttft_s))),
      cached_s: middle(docs.map((doc) => doc.cached_ttft_s)),
    },
    tpot_s: middle(sample.tpotS),
    tokens: {
      prompt: mean(of(({ prompt_tokens }) => prompt_tokens)),
      cached: mean(of(({ cached_tokens }) => cached_tokens)),
      generated: mean(of(({ tokens }) => tokens)),
      source: sourceOf(requests),
    },
    requests: {
      total: requests.length,
      failed: count(requests, ({ state }) => state === "failed"),
      timed_out: count(requests, ({ state }) => state === "timed-out"),
      truncated: count(requests, ({ truncated }) => truncated),
      retries: requests.reduce((sum, { retries }) => sum + retries, 0),
    },
    estimates: { ttft: center(sample.ttftS), decode: center(sample.decodeTps), prefill: center(sample.prefillTps) },
    context_tokens: docs.at(-1)?.context_tokens ?? null,
    offloaded_bytes: docs.at(-1)?.offloaded_bytes ?? null,
    overhead_s: middle(docs.map((doc) => doc.overhead_s)),
    gap_p50_s: middle(of(({ gap_p50_s }) => gap_p50_s)),
    gap_p99_s: middle(of(({ gap_p99_s }) => gap_p99_s)),
  };
}

const SEVERITY = ["OK", "TOKEN_COUNT_UNAVAILABLE", "TIMING_UNAVAILABLE", "TOKEN_AND_TIMING_UNAVAILABLE"] as const;

/** The worst of the requests that completed: one that failed says nothing about the server's telemetry. */
function statusOf(requests: readonly RequestDoc[]): Exclude<TokenMetricsStatus, "NOT_APPLICABLE"> {
  const completed = requests.filter(({ state }) => state === "completed");
  if (completed.length === 0) return "TOKEN_AND_TIMING_UNAVAILABLE";
  return SEVERITY[Math.max(...completed.map(({ status }) => SEVERITY.indexOf(status)))] ?? "OK";
}

function sourceOf(requests: readonly RequestDoc[]): string | null {
  const sources = [...new Set(requests.flatMap(({ count_source }) => count_source ?? []))].sort();
  return sources.length === 0 ? null : sources.join(", ");
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count(requests: readonly RequestDoc[], is: (request: RequestDoc) => boolean): number {
  return requests.reduce((sum, request) => sum + (is(request) ? 1 : 0), 0);
}
