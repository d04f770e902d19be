import { HarnessError } from "../../domain/errors.ts";
import type { GenerateRequest, LoadSettings, TimedEvent } from "../../domain/language-runtime.ts";
import type { HttpReply } from "../../platform/http-stream.ts";
import { parseWireJson } from "../../platform/json.ts";
import { isCut } from "./prompt-marks.ts";
import { readLines } from "./read-lines.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import { errorIn, replyLimits } from "./stream-errors.ts";
import { amountAt, asObject, countAt, numbersOf, objectAt, textAt, type Wire } from "./wire-values.ts";

const WHO = "LM Studio";
/** Progress is told as a share; as a count of so many. */
const PROGRESS_TOTAL = 1000;

/**
 * Body of POST /api/v1/chat; undefined for what it cannot take: raw prompts, conversations of several turns, stop texts and
 * log-probabilities. Nothing is stored: a conversation would go on where the last one ended.
 */
export function lmstudioBody(request: GenerateRequest, instance: string): object | undefined {
  const { prompt, sampling, topLogprobs = 0, stop = [] } = request;
  if (prompt.kind === "raw" || stop.length > 0 || topLogprobs > 0) return undefined;
  const system = prompt.messages[0]?.role === "system" ? prompt.messages[0] : undefined;
  const [user, ...more] = prompt.messages.slice(system === undefined ? 0 : 1);
  if (user?.role !== "user" || more.length > 0) return undefined;
  return {
    model: instance,
    input: user.content,
    ...(system === undefined ? {} : { system_prompt: system.content }),
    stream: true,
    store: false,
    max_output_tokens: request.maxTokens,
    temperature: sampling.temperature,
    top_k: sampling.topK,
    top_p: sampling.topP,
    min_p: sampling.minP,
    repeat_penalty: sampling.repeatPenalty,
  };
}

/** Named events; the last one holds the counts. Prompt progress carries no token. */
export async function* lmstudioEvents(
  reply: HttpReply,
  request: GenerateRequest,
  settings: LoadSettings,
): AsyncGenerator<TimedEvent> {
  yield { kind: "headers", atS: reply.headersS };
  const lines = readLines(reply.body, { who: WHO, ...replyLimits(request), mayBeOpen: true });
  let chunks = 0;
  for await (const { atS, event: name, data } of serverSentEvents(lines)) {
    const event = asObject(parseWireJson(data, WHO), "event");
    const error = errorIn(event, WHO);
    if (error !== undefined) throw error;
    switch (textAt(event, "type") ?? name) {
      case "prompt_processing.progress":
        yield {
          kind: "progress",
          atS,
          processed: Math.round((amountAt(event, "progress") ?? 0) * PROGRESS_TOTAL),
          total: PROGRESS_TOTAL,
        };
        break;
      case "message.delta":
      case "reasoning.delta": {
        const isReasoning = (textAt(event, "type") ?? name) === "reasoning.delta";
        const content = textAt(event, "content") ?? "";
        if (content === "") break;
        chunks++;
        yield { kind: "chunk", atS, text: isReasoning ? "" : content, reasoning: isReasoning ? content : "" };
        break;
      }
      case "chat.end":
        yield endOf(objectAt(event, "result") ?? event, atS, { chunks, request, settings });
        return;
    }
  }
  throw new HarnessError("RUNTIME_PROTOCOL", `${WHO} ended its stream without a last event`, {
    hint: "Look at the server's log.",
  });
}

function endOf(
  result: Wire,
  atS: number,
  { chunks, request, settings }: { chunks: number; request: GenerateRequest; settings: LoadSettings },
): TimedEvent {
  const stats = objectAt(result, "stats") ?? {};
  const prompt = countAt(stats, "input_tokens");
  const completion = countAt(stats, "total_output_tokens");
  return {
    kind: "end",
    atS,
    // It does not say why it ended.
    finish: completion !== undefined && completion >= request.maxTokens ? "length" : "stop",
    prompt: prompt === undefined ? undefined : { tokens: prompt, source: "server" },
    cachedTokens: undefined,
    completion:
      completion === undefined ? { tokens: chunks, source: "estimated" } : { tokens: completion, source: "server" },
    isTruncated: isCut(prompt, settings, request),
    server: {
      loadS: amountAt(stats, "model_load_time_seconds"),
      // It gives no time of the prompt alone, so no prefill rate.
      promptS: undefined,
      promptTokens: undefined,
      decodeS: undefined,
      decodeTokens: completion,
      raw: numbersOf(stats),
    },
  };
}
