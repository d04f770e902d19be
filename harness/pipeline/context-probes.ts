import { requestMetrics } from "../aggregate/request-metrics.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ContextProbe } from "../domain/generated/context-summary-v1.ts";
import { type GenerateResult, GREEDY, type LanguageRuntime, type Prompt } from "../domain/language-runtime.ts";
import { type CountTokens, type FittedPrompt, fitPrompt, fitSentences } from "../explore/fit-prompt.ts";
import { judgeRecall, type RecallQuestion, type RecallText, recallText } from "../explore/recall-prompt.ts";
import { collectReply } from "../runtimes/language/collect-reply.ts";
import { rng } from "../stats/index.ts";

/** Tokens kept for the answer; the decode rate needs 32 of them. */
export const RESERVED_TOKENS = 64;
const ANSWER_LENGTH = 400;

export interface ProbeOptions {
  readonly context: number;
  readonly seeds: readonly number[];
  readonly depths: readonly number[];
  readonly requestTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The requests of one length, for each seed: a long answer on a prompt that nothing of is cached, then each code by itself, then all of
 * them at once. Every prompt is filled to the token. A request that fails is a probe that failed; only an abort rejects.
 */
export async function probeContext(runtime: LanguageRuntime, options: ProbeOptions): Promise<ContextProbe[]> {
  const { context, seeds, depths } = options;
  const wanted = context - RESERVED_TOKENS;
  const count = counterOf(runtime, options);
  const probes: ContextProbe[] = [];
  for (const seed of seeds) {
    const text = recallText(seed, depths, rng(`context ${context}`));
    const base = { seed, wanted };
    const sentences = await attempt(() => fitSentences(text, wanted, count), options.signal);
    if (sentences instanceof HarnessError || sentences === undefined) {
      const problem = sentences ?? tooSmall(wanted, depths.length);
      const codes = depths.map((depth) => ({ depth, recalled: false }));
      probes.push(failedProbe({ ...base, kind: "multi", codes }, undefined, problem));
      continue;
    }
    for (const question of questionsOf(text)) {
      const fitted = await attempt(() => fitPrompt(text, question, { wanted, sentences, count }), options.signal);
      const probe = { ...base, kind: question.kind, codes: judgeRecall(text, question, "").codes };
      if (fitted instanceof HarnessError || fitted === undefined)
        probes.push(failedProbe(probe, undefined, fitted ?? tooSmall(wanted, depths.length)));
      else probes.push(await ask(runtime, { text, question, fitted, probe, options }));
    }
  }
  return probes;
}

function questionsOf(text: RecallText): RecallQuestion[] {
  const singles = text.codes.map(({ key }): RecallQuestion => ({ kind: "single", key }));
  return [{ kind: "decode" }, ...singles, ...(text.codes.length > 1 ? [{ kind: "multi" } as const] : [])];
}

interface ProbeBase {
  readonly seed: number;
  readonly wanted: number;
  readonly kind: ContextProbe["kind"];
  readonly codes: readonly { readonly depth: number; readonly recalled: boolean }[];
}

async function ask(
  runtime: LanguageRuntime,
  given: {
    readonly text: RecallText;
    readonly question: RecallQuestion;
    readonly fitted: FittedPrompt;
    readonly probe: ProbeBase;
    readonly options: ProbeOptions;
  },
): Promise<ContextProbe> {
  const { text, question, fitted, probe, options } = given;
  const isTimed = question.kind === "decode";
  const reply = await attempt(() => generate(runtime, fitted.prompt, { isTimed, ...options }), options.signal);
  if (reply instanceof HarnessError) return failedProbe(probe, fitted, reply);
  const { codes, adhered } = judgeRecall(text, question, reply.text);
  const { ttftS, decodeTps } = requestMetrics(reply, RESERVED_TOKENS);
  return {
    ...common(probe, fitted),
    status: "completed",
    failure: null,
    codes: codes.map((code) => ({ ...code })),
    adhered: adhered ?? null,
    prompt_tokens_reported:
      reply.prompt === undefined || reply.prompt.source === "estimated" ? null : reply.prompt.tokens,
    is_truncated: reply.isTruncated,
    cached_tokens: reply.cachedTokens ?? null,
    // Later questions of a text may find its start in the cache, whether the server says so or not.
    ttft_s: isTimed ? (ttftS ?? null) : null,
    decode_tps: isTimed ? (decodeTps ?? null) : null,
    completion_tokens: reply.completion?.tokens ?? null,
    answer: reply.text.slice(0, ANSWER_LENGTH),
  };
}

function generate(
  runtime: LanguageRuntime,
  prompt: Prompt,
  { isTimed, requestTimeoutMs, signal }: { readonly isTimed: boolean } & ProbeOptions,
): Promise<GenerateResult> {
  const request = {
    prompt,
    maxTokens: RESERVED_TOKENS,
    sampling: GREEDY,
    cachePrompt: !isTimed,
    timeoutMs: requestTimeoutMs,
    // Nothing arrives while a long prompt is processed.
    stallTimeoutMs: requestTimeoutMs,
  };
  return collectReply(runtime.generate(request, { signal }));
}

/** By the runtime's tokenizer; where it has none, by having it process the prompt and asking for its count. */
function counterOf(runtime: LanguageRuntime, options: ProbeOptions): CountTokens {
  return async (prompt) => {
    const counted = await runtime.countPrompt(prompt, { signal: options.signal });
    if (counted !== undefined) return counted;
    const request = { prompt, maxTokens: 1, sampling: GREEDY, cachePrompt: true };
    const timeouts = { timeoutMs: options.requestTimeoutMs, stallTimeoutMs: options.requestTimeoutMs };
    try {
      const reply = await collectReply(runtime.generate({ ...request, ...timeouts }, { signal: options.signal }));
      if (reply.prompt === undefined || reply.prompt.source === "estimated") return undefined;
      // A count of a prompt that was cut is no count of the prompt: it must look longer than any that fits.
      return reply.isTruncated ? { tokens: options.context + 1, source: "server" } : reply.prompt;
    } catch (error) {
      if (error instanceof HarnessError && error.code === "RUNTIME_CONTEXT")
        return { tokens: options.context + 1, source: "server" };
      throw error;
    }
  };
}

async function attempt<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | HarnessError> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HarnessError) return error;
    throw error;
  }
}

function tooSmall(wanted: number, codes: number): HarnessError {
  return new HarnessError("CONFIG_INVALID", `${wanted} tokens cannot hold ${codes} codes and a question`, {
    hint: "Use longer contexts, or fewer depths.",
  });
}

function failedProbe(probe: ProbeBase, fitted: FittedPrompt | undefined, error: HarnessError): ContextProbe {
  const states: Readonly<Record<string, ContextProbe["status"]>> = {
    RUNTIME_CONTEXT: "refused",
    RUNTIME_TIMEOUT: "timed-out",
  };
  return {
    ...common(probe, fitted),
    status: states[error.code] ?? "failed",
    failure: { code: error.code, message: error.message },
    codes: probe.codes.map(({ depth }) => ({ depth, recalled: false })),
    adhered: probe.kind === "decode" ? null : false,
    prompt_tokens_reported: null,
    is_truncated: false,
    cached_tokens: null,
    ttft_s: null,
    decode_tps: null,
    completion_tokens: null,
    answer: "",
  };
}

function common({ seed, wanted, kind }: ProbeBase, fitted: FittedPrompt | undefined) {
  return {
    seed,
    kind,
    prompt_tokens_wanted: wanted,
    prompt_tokens_counted: fitted?.tokens ?? null,
    counted_by: fitted?.source ?? null,
  };
}
