import { HarnessError } from "../../domain/errors.ts";
import type {
  GenerateRequest,
  GenerateResult,
  LanguageRuntime,
  ModelIdentity,
  Prompt,
} from "../../domain/language-runtime.ts";
import type { LanguageTrial, LanguageTrialRequest, PromptItem, Reply } from "../../domain/language-trial.ts";
import { collectReply } from "./collect-reply.ts";
import { Repeats } from "./repeat-prompts.ts";
import { honoringRetryAfter } from "./retry-after.ts";

/** Asked first and discarded: it starts the server's threads and touches its weights. */
const WARM_UP: Prompt = { kind: "chat", messages: [{ role: "user", content: "Say the word ready." }] };
const WARM_UP_TOKENS = 8;
/** A server that fails this often in a row is gone: the rest of its prompts would only wait. */
const MOST_FAILURES_IN_A_ROW = 3;

/**
 * One trial: the model is identified, loaded alone, warmed up, asked every prompt in turn, identified again and unloaded. A prompt that
 * fails is a reply that failed, and the next is asked; a server that is gone, or weights that are not the planned ones, end the trial
 * (RUNTIME_*). Nothing outlasts the trial's timeout.
 */
export async function runPrompts(
  runtime: LanguageRuntime,
  request: LanguageTrialRequest,
  options: { readonly signal: AbortSignal },
): Promise<LanguageTrial> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  try {
    return await run(runtime, request, signal);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new HarnessError(
      "RUNTIME_TIMEOUT",
      `Trial ${request.trialId} did not finish within ${request.timeoutMs / 1000} s`,
      { hint: "Raise runtime.timeout_sec, or use a smaller task bank.", cause: error },
    );
  }
}

async function run(
  runtime: LanguageRuntime,
  request: LanguageTrialRequest,
  signal: AbortSignal,
): Promise<LanguageTrial> {
  const startMs = performance.now();
  const before = await verified(runtime, request, signal);
  const loaded = await runtime.load(request.model, request.load, { signal });
  const settings = {
    sampling: request.sampling,
    timeoutMs: request.requestTimeoutMs,
    stallTimeoutMs: request.stallTimeoutMs,
  };
  const warmUp = { ...settings, prompt: WARM_UP, maxTokens: WARM_UP_TOKENS, cachePrompt: false };
  // Discarded anyway: where it fails there is no cold figure, and the prompts will tell whether the server is gone.
  const warm = await collectReply(runtime.generate(warmUp, { signal })).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof HarnessError) return undefined;
    throw error;
  });
  const warmS = warm?.times.endS ?? 0;
  const replies: Reply[] = [];
  const repeats = new Repeats(runtime, request.repeat, settings);
  let failures = 0;
  for (const prompt of request.prompts) {
    const reply = await ask(runtime, prompt, settings, signal);
    replies.push(reply);
    failures = isServersFault(reply) ? failures + 1 : 0;
    if (failures >= MOST_FAILURES_IN_A_ROW) throw gone(reply, failures);
    if (reply.state === "completed") await repeats.ask(prompt, signal);
  }
  const cached = await cachedReply(runtime, request.prompts[0], settings, signal);
  const state = await runtime.inspect({ signal });
  await runtime.unload({ signal });
  const after = await verified(runtime, request, signal);
  const isSimulated = runtime.kind === "simulated";
  const sumS = replies.reduce((sum, reply) => sum + (reply.result?.times.endS ?? 0), 0);
  const knownS = sumS + (loaded.loadS ?? 0) + warmS + (cached?.times.endS ?? 0) + repeats.seconds;
  // Invented times pass on no clock.
  const wallS = isSimulated ? knownS : (performance.now() - startMs) / 1000;
  return {
    before,
    after,
    loadS: loaded.loadS,
    state,
    coldTtftS:
      loaded.loadS === undefined || warm?.times.firstS === undefined ? undefined : loaded.loadS + warm.times.firstS,
    cachedTtftS: (cached?.cachedTokens ?? 0) > 0 ? cached?.times.firstS : undefined,
    warmup: { requests: 1, seconds: warmS },
    replies,
    repeats: { answers: repeats.answers, seconds: repeats.seconds },
    repliesS: sumS,
    overheadS: Math.max(0, wallS - knownS),
    wallS,
  };
}

/** The weights that the name stands for at this moment must be the planned ones. */
async function verified(
  runtime: LanguageRuntime,
  { model, digest }: LanguageTrialRequest,
  signal: AbortSignal,
): Promise<ModelIdentity> {
  const identity = await runtime.identify(model, { signal });
  if (digest === undefined || identity.digest === digest) return identity;
  throw new HarnessError(
    "RUNTIME_PROTOCOL",
    `${model.name} no longer stands for the planned weights: its digest is ${identity.digest?.slice(0, 12) ?? "unknown"}, not ${digest.slice(0, 12)}`,
    { hint: "The model was pulled, replaced or edited during the run. Start the sweep again." },
  );
}

type Settings = Pick<GenerateRequest, "sampling" | "timeoutMs" | "stallTimeoutMs">;

async function ask(
  runtime: LanguageRuntime,
  prompt: PromptItem,
  settings: Settings,
  signal: AbortSignal,
): Promise<Reply> {
  const request = { ...settings, ...requestOf(prompt), cachePrompt: false };
  let partialText = "";
  let retries = 0;
  const once = () =>
    collectReply(runtime.generate(request, { signal }), ({ text }) => {
      partialText = text;
    });
  try {
    const result = await honoringRetryAfter(once, signal, () => {
      retries++;
    });
    return { item: prompt.item, state: "completed", result, failure: undefined, partialText: "", retries };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HarnessError)) throw error;
    const state = error.code === "RUNTIME_TIMEOUT" ? "timed-out" : "failed";
    const failure = { code: error.code, message: error.message };
    return { item: prompt.item, state, result: undefined, failure, partialText, retries };
  }
}

function requestOf({ prompt, maxTokens, stop, topLogprobs }: PromptItem) {
  return { prompt, maxTokens, ...(stop.length === 0 ? {} : { stop }), ...(topLogprobs > 0 ? { topLogprobs } : {}) };
}

/** The first prompt twice in a row, a token each: what the second saves is the cache's. A doubt here fails no trial. */
async function cachedReply(
  runtime: LanguageRuntime,
  prompt: PromptItem | undefined,
  settings: Settings,
  signal: AbortSignal,
): Promise<GenerateResult | undefined> {
  if (prompt === undefined) return undefined;
  const request = { ...settings, prompt: prompt.prompt, maxTokens: 1, cachePrompt: true };
  try {
    await collectReply(runtime.generate(request, { signal }));
    return await collectReply(runtime.generate(request, { signal }));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}

function isServersFault({ failure }: Reply): boolean {
  return failure?.code === "RUNTIME_CRASHED" || failure?.code === "RUNTIME_UNAVAILABLE";
}

function gone({ failure }: Reply, failures: number): HarnessError {
  return new HarnessError("RUNTIME_CRASHED", `${failures} prompts failed in a row: ${failure?.message ?? "unknown"}`, {
    hint: "The server may be gone. Look at its log.",
  });
}
