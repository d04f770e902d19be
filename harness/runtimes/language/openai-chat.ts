import { HarnessError } from "../../domain/errors.ts";
import type { FinishReason, GenerateRequest, TimedEvent, TokenDetail } from "../../domain/language-runtime.ts";
import type { HttpReply } from "../../platform/http-stream.ts";
import { parseWireJson } from "../../platform/json.ts";
import { timingsOf } from "./llama-native.ts";
import { readLines } from "./read-lines.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import { errorIn, replyLimits } from "./stream-errors.ts";
import { asObject, countAt, listAt, logprobAt, objectAt, textAt, tokenIdsAt, type Wire } from "./wire-values.ts";

/** Body of POST /v1/chat/completions, or /v1/completions for a raw prompt, with usage asked for in the last chunk. */
export function chatBody(
  request: GenerateRequest,
  model: string,
  extra: { readonly usage: boolean } = { usage: true },
): object {
  const { prompt, sampling, topLogprobs = 0 } = request;
  const isChat = prompt.kind === "chat";
  const logprobs = isChat ? { logprobs: true, top_logprobs: topLogprobs } : { logprobs: topLogprobs };
  return {
    model,
    ...(isChat ? { messages: prompt.messages } : { prompt: prompt.text }),
    max_tokens: request.maxTokens,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    seed: sampling.seed,
    stream: true,
    ...(extra.usage ? { stream_options: { include_usage: true } } : {}),
    ...(request.stop === undefined ? {} : { stop: request.stop }),
    ...(topLogprobs > 0 ? logprobs : {}),
  };
}

/**
 * Events of a streamed completion in OpenAI's form. The first delta carries a role and no text; usage comes in a chunk without choices,
 * after the finish reason. Where the server counts nothing, its chunks are counted and the count says so.
 */
export async function* chatEvents(reply: HttpReply, request: GenerateRequest, who: string): AsyncGenerator<TimedEvent> {
  yield { kind: "headers", atS: reply.headersS };
  const lines = readLines(reply.body, { who, ...replyLimits(request), mayBeOpen: true });
  let finish: string | undefined;
  let usage: Wire | undefined;
  let timings: Wire | undefined;
  let chunks = 0;
  let isDone = false;
  let lastS = reply.headersS;
  for await (const { atS, data } of serverSentEvents(lines)) {
    lastS = atS;
    if (data === "[DONE]") {
      isDone = true;
      break;
    }
    const event = asObject(parseWireJson(data, who), "event");
    const error = errorIn(event, who);
    if (error !== undefined) throw error;
    usage = objectAt(event, "usage") ?? usage;
    timings = objectAt(event, "timings") ?? timings;
    const [first] = listAt(event, "choices") ?? [];
    if (first === undefined) continue;
    const choice = asObject(first, "choice");
    finish = textAt(choice, "finish_reason") ?? finish;
    const chunk = chunkOf(choice, atS);
    if (chunk.text !== "" || chunk.reasoning !== "") chunks++;
    yield chunk;
  }
  if (!isDone && finish === undefined) {
    throw new HarnessError("RUNTIME_PROTOCOL", `${who} ended its stream before its reply was whole`, {
      hint: "Look at the server's log.",
    });
  }
  yield endOf({ finish, usage, timings, chunks, atS: lastS });
}

function chunkOf(choice: Wire, atS: number): TimedEvent & { kind: "chunk" } {
  const delta = objectAt(choice, "delta");
  const details = detailsOf(choice);
  const ids = tokenIdsAt(choice, "tokens") ?? (delta === undefined ? undefined : tokenIdsAt(delta, "tokens"));
  return {
    kind: "chunk",
    atS,
    text: (delta === undefined ? textAt(choice, "text") : textAt(delta, "content")) ?? "",
    // Two names are in use for what a model thinks before it answers.
    reasoning: (delta && (textAt(delta, "reasoning_content") ?? textAt(delta, "reasoning"))) ?? "",
    ...(ids === undefined ? {} : { tokenIds: ids }),
    ...(details === undefined ? {} : { details }),
  };
}

function detailsOf(choice: Wire): TokenDetail[] | undefined {
  const logprobs = objectAt(choice, "logprobs");
  const content = logprobs === undefined ? undefined : listAt(logprobs, "content");
  return content?.map((entry) => {
    const token = asObject(entry, "logprob");
    const of = (wire: Wire) => ({
      id: countAt(wire, "id"),
      text: textAt(wire, "token") ?? "",
      logprob: logprobAt(wire),
    });
    return { ...of(token), top: (listAt(token, "top_logprobs") ?? []).map((top) => of(asObject(top, "logprob"))) };
  });
}

function endOf(found: {
  readonly finish: string | undefined;
  readonly usage: Wire | undefined;
  readonly timings: Wire | undefined;
  readonly chunks: number;
  readonly atS: number;
}): TimedEvent {
  const { usage, finish, chunks, atS } = found;
  const prompt = usage === undefined ? undefined : countAt(usage, "prompt_tokens");
  const completion = usage === undefined ? undefined : countAt(usage, "completion_tokens");
  const details = usage === undefined ? undefined : objectAt(usage, "prompt_tokens_details");
  const server = timingsOf(found.timings);
  return {
    kind: "end",
    atS,
    finish: finishOf(finish),
    prompt: prompt === undefined ? undefined : { tokens: prompt, source: "server" },
    cachedTokens: server.raw["cache_n"] ?? (details === undefined ? undefined : countAt(details, "cached_tokens")),
    completion:
      completion === undefined ? { tokens: chunks, source: "estimated" } : { tokens: completion, source: "server" },
    isTruncated: false,
    server,
  };
}

function finishOf(reason: string | undefined): FinishReason {
  return reason === "stop" || reason === "length" ? reason : "other";
}
