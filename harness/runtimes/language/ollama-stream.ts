import { HarnessError } from "../../domain/errors.ts";
import type { FinishReason, GenerateRequest, LoadSettings, TimedEvent } from "../../domain/language-runtime.ts";
import type { HttpReply } from "../../platform/http-stream.ts";
import { parseWireJson } from "../../platform/json.ts";
import { isCut, withNonce } from "./prompt-marks.ts";
import { readLines } from "./read-lines.ts";
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
  type Wire,
} from "./wire-values.ts";

const WHO = "Ollama";

/** Those settings that make Ollama load the model again when a request has other ones than the last. */
export function ollamaOptions({ contextTokens, threads, gpuLayers }: LoadSettings): Record<string, number> {
  return {
    num_ctx: contextTokens,
    ...(threads > 0 ? { num_thread: threads } : {}),
    ...(gpuLayers === undefined ? {} : { num_gpu: gpuLayers }),
  };
}

/**
 * Body of POST /api/chat or /api/generate. Seed and temperature are ignored outside `options`. `truncate: false` and `shift: false` make
 * an over-long prompt an error instead of half a prompt.
 */
export function ollamaBody(request: GenerateRequest, model: string, settings: LoadSettings, keepAlive: string): object {
  const { sampling, topLogprobs = 0 } = request;
  const prompt = request.cachePrompt && !request.isRepeat ? request.prompt : withNonce(request.prompt);
  return {
    model,
    ...(prompt.kind === "chat" ? { messages: prompt.messages } : { prompt: prompt.text, raw: true }),
    stream: true,
    truncate: false,
    shift: false,
    keep_alive: keepAlive,
    options: {
      ...ollamaOptions(settings),
      num_predict: request.maxTokens,
      temperature: sampling.temperature,
      top_k: sampling.topK,
      top_p: sampling.topP,
      min_p: sampling.minP,
      repeat_penalty: sampling.repeatPenalty,
      seed: sampling.seed,
      ...(request.stop === undefined ? {} : { stop: request.stop }),
    },
    ...(topLogprobs > 0 ? { logprobs: true, top_logprobs: topLogprobs } : {}),
  };
}

/** Events of a stream of JSON lines; its last one holds counts and durations, in nanoseconds, and leaves out what is zero. */
export async function* ollamaEvents(
  reply: HttpReply,
  request: GenerateRequest,
  settings: LoadSettings,
): AsyncGenerator<TimedEvent> {
  yield { kind: "headers", atS: reply.headersS };
  let chunks = 0;
  for await (const { atS, text } of readLines(reply.body, {
    who: WHO,
    ...replyLimits(request),
    mayBeOpen: true,
  })) {
    if (text.trim() === "") continue;
    const line = asObject(parseWireJson(text, WHO), "line");
    const error = errorIn(line, WHO);
    if (error !== undefined) throw error;
    const chunk = chunkOf(line, atS);
    if (chunk.text !== "" || chunk.reasoning !== "") {
      chunks++;
      yield chunk;
    }
    if (line["done"] !== true) continue;
    yield endOf(line, atS, { chunks, settings, request });
    return;
  }
  throw new HarnessError("RUNTIME_PROTOCOL", `${WHO} ended its stream without a last line`, {
    hint: "Look at the server's log.",
  });
}

function chunkOf(line: Wire, atS: number): TimedEvent & { kind: "chunk" } {
  const message = objectAt(line, "message") ?? line;
  const details = listAt(line, "logprobs")?.map((entry) => {
    const token = asObject(entry, "logprob");
    const of = (wire: Wire) => ({
      id: undefined,
      text: textAt(wire, "token") ?? "",
      logprob: logprobAt(wire),
    });
    return { ...of(token), top: (listAt(token, "top_logprobs") ?? []).map((top) => of(asObject(top, "logprob"))) };
  });
  return {
    kind: "chunk",
    atS,
    text: textAt(message, "content") ?? textAt(message, "response") ?? "",
    reasoning: textAt(message, "thinking") ?? "",
    ...(details === undefined ? {} : { details }),
  };
}

function endOf(
  line: Wire,
  atS: number,
  { chunks, settings, request }: { chunks: number; settings: LoadSettings; request: GenerateRequest },
): TimedEvent {
  const seconds = (key: string) => {
    const ns = amountAt(line, key);
    return ns === undefined ? undefined : ns * 1e-9;
  };
  const cached = countAt(line, "prompt_eval_cached_count");
  const prompt = countAt(line, "prompt_eval_count");
  const predicted = countAt(line, "eval_count");
  return {
    kind: "end",
    atS,
    finish: finishOf(textAt(line, "done_reason")),
    prompt: prompt === undefined ? undefined : { tokens: prompt, source: "server" },
    cachedTokens: cached,
    // Zero counts are left out: no count at all after no text is a count of zero.
    completion:
      predicted !== undefined
        ? { tokens: predicted, source: "server" }
        : { tokens: chunks, source: chunks === 0 ? "server" : "estimated" },
    isTruncated: isCut(prompt, settings, request),
    server: {
      loadS: seconds("load_duration"),
      promptS: seconds("prompt_eval_duration"),
      promptTokens: prompt === undefined ? undefined : prompt - (cached ?? 0),
      decodeS: seconds("eval_duration"),
      decodeTokens: predicted,
      raw: numbersOf(line),
    },
  };
}

function finishOf(reason: string | undefined): FinishReason {
  return reason === "stop" || reason === "length" ? reason : "other";
}
