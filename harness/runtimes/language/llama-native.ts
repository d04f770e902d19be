import { HarnessError } from "../../domain/errors.ts";
import type {
  FinishReason,
  GenerateRequest,
  ServerTimings,
  TimedEvent,
  TokenDetail,
} from "../../domain/language-runtime.ts";
import type { HttpReply } from "../../platform/http-stream.ts";
import { parseWireJson } from "../../platform/json.ts";
import { readLines } from "./read-lines.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import { errorIn, replyLimits } from "./stream-errors.ts";
import {
  amountAt,
  asObject,
  countAt,
  listAt,
  logprobAt,
  numbersOf,
  objectAt,
  textAt,
  tokenIdsAt,
  type Wire,
} from "./wire-values.ts";

const WHO = "llama-server";

/** Body of POST /completion. Every sampler setting is named: the server's defaults differ between builds. */
export function nativeBody(request: GenerateRequest, prompt: string): object {
  const { sampling, topLogprobs = 0 } = request;
  return {
    prompt,
    n_predict: request.maxTokens,
    stream: true,
    cache_prompt: request.cachePrompt,
    return_tokens: true,
    return_progress: true,
    temperature: sampling.temperature,
    top_k: sampling.topK,
    top_p: sampling.topP,
    min_p: sampling.minP,
    repeat_penalty: sampling.repeatPenalty,
    presence_penalty: 0,
    frequency_penalty: 0,
    dry_multiplier: 0,
    xtc_probability: 0,
    typical_p: 1,
    mirostat: 0,
    seed: sampling.seed,
    ...(request.stop === undefined ? {} : { stop: request.stop }),
    ...(topLogprobs > 0 ? { n_probs: topLogprobs, post_sampling_probs: false } : {}),
  };
}

/** Events of a streamed /completion. `contextTokens`: context as allocated, where it is known. */
export async function* completionEvents(
  reply: HttpReply,
  request: GenerateRequest,
  contextTokens?: number,
): AsyncGenerator<TimedEvent> {
  yield { kind: "headers", atS: reply.headersS };
  const lines = readLines(reply.body, { who: WHO, ...replyLimits(request), mayBeOpen: true });
  for await (const { atS, data } of serverSentEvents(lines)) {
    if (data === "[DONE]") continue;
    const event = asObject(parseWireJson(data, WHO), "event");
    const error = errorIn(event, WHO);
    if (error !== undefined) throw error;
    const progress = objectAt(event, "prompt_progress");
    if (progress !== undefined) {
      yield {
        kind: "progress",
        atS,
        processed: countAt(progress, "processed") ?? 0,
        total: countAt(progress, "total") ?? 0,
      };
      continue;
    }
    const chunk = chunkOf(event, atS);
    if (event["stop"] !== true) {
      yield chunk;
      continue;
    }
    if (chunk.text !== "" || (chunk.tokenIds?.length ?? 0) > 0) yield chunk;
    yield endOf(event, atS, contextTokens);
    return;
  }
  throw new HarnessError("RUNTIME_PROTOCOL", `${WHO} ended its stream without a last event`, {
    hint: "Look at the server's log.",
  });
}

function chunkOf(event: Wire, atS: number): TimedEvent & { kind: "chunk" } {
  const details = detailsOf(event);
  const ids = tokenIdsAt(event, "tokens");
  return {
    kind: "chunk",
    atS,
    text: textAt(event, "content") ?? "",
    reasoning: "",
    ...(ids === undefined ? {} : { tokenIds: ids }),
    ...(details === undefined ? {} : { details }),
  };
}

function detailsOf(event: Wire): TokenDetail[] | undefined {
  return listAt(event, "completion_probabilities")?.map((entry) => {
    const token = asObject(entry, "probability");
    const of = (wire: Wire) => ({
      id: countAt(wire, "id"),
      text: textAt(wire, "token") ?? "",
      logprob: logprobAt(wire),
    });
    return { ...of(token), top: (listAt(token, "top_logprobs") ?? []).map((top) => of(asObject(top, "logprob"))) };
  });
}

function endOf(event: Wire, atS: number, contextTokens = 0): TimedEvent {
  const server = timingsOf(objectAt(event, "timings"));
  const cached = server.raw["cache_n"];
  const processed = countAt(event, "tokens_evaluated") ?? total(server.promptTokens, cached);
  const predicted = countAt(event, "tokens_predicted") ?? server.decodeTokens;
  return {
    kind: "end",
    atS,
    finish: finishOf(textAt(event, "stop_type")),
    prompt: processed === undefined ? undefined : { tokens: processed, source: "server" },
    cachedTokens: cached,
    completion: predicted === undefined ? undefined : { tokens: predicted, source: "server" },
    // Also set where an answer came to the end of the context: then prompt and answer fit together, and only the answer was cut.
    isTruncated: event["truncated"] === true && (processed ?? 0) + (predicted ?? 0) > contextTokens,
    server,
  };
}

/** `timings` of llama-server, native and OpenAI routes alike: ms and tokens; `prompt_n` leaves cached tokens out. */
export function timingsOf(timings: Wire | undefined): ServerTimings {
  const seconds = (key: string) => {
    const ms = timings === undefined ? undefined : amountAt(timings, key);
    return ms === undefined ? undefined : ms / 1000;
  };
  const count = (key: string) => (timings === undefined ? undefined : countAt(timings, key));
  return {
    loadS: undefined,
    promptS: seconds("prompt_ms"),
    promptTokens: count("prompt_n"),
    decodeS: seconds("predicted_ms"),
    decodeTokens: count("predicted_n"),
    raw: timings === undefined ? {} : numbersOf(timings),
  };
}

function total(processed: number | undefined, cached: number | undefined): number | undefined {
  return processed === undefined ? undefined : processed + (cached ?? 0);
}

function finishOf(stopType: string | undefined): FinishReason {
  return stopType === "eos" || stopType === "word" ? "stop" : stopType === "limit" ? "length" : "other";
}
