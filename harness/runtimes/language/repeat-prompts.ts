import { HarnessError } from "../../domain/errors.ts";
import type { GenerateRequest, LanguageRuntime } from "../../domain/language-runtime.ts";
import type { LanguageTrialRequest, PromptItem, Repeat } from "../../domain/language-trial.ts";
import { collectReply } from "./collect-reply.ts";
import { Refused } from "./http-client.ts";
import { honoringRetryAfter } from "./retry-after.ts";

/**
 * Asks prompts a second time, each right after its timed reply, when a cache can hold it: the same tokens or not, and, where the runtime
 * gives them, probabilities. These take time of their own, which is why no timed request asks for them. A doubt here fails no trial.
 */
export class Repeats {
  readonly answers: Repeat[] = [];
  seconds = 0;
  private readonly runtime: LanguageRuntime;
  private readonly wanted: LanguageTrialRequest["repeat"];
  private readonly settings: Pick<GenerateRequest, "sampling" | "timeoutMs" | "stallTimeoutMs">;
  /** Servers that do not know log-probabilities refuse them: then the rest is asked without. */
  private topLogprobs: number;

  constructor(runtime: LanguageRuntime, wanted: LanguageTrialRequest["repeat"], settings: Repeats["settings"]) {
    this.runtime = runtime;
    this.wanted = wanted;
    this.settings = settings;
    this.topLogprobs = wanted?.topLogprobs ?? 0;
  }

  async ask({ item, prompt, maxTokens, stop }: PromptItem, signal: AbortSignal): Promise<void> {
    if (this.wanted === undefined || (this.wanted.items !== "all" && !this.wanted.items.has(item))) return;
    const request: GenerateRequest = {
      ...this.settings,
      prompt,
      maxTokens,
      ...(stop.length === 0 ? {} : { stop }),
      ...(this.topLogprobs > 0 ? { topLogprobs: this.topLogprobs } : {}),
      cachePrompt: true,
      isRepeat: true,
    };
    try {
      const result = await honoringRetryAfter(() => collectReply(this.runtime.generate(request, { signal })), signal);
      this.seconds += result.times.endS;
      const { cachedTokens, tokenIds, details } = result;
      this.answers.push({ item, state: "completed", cachedTokens, tokenIds, details });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HarnessError)) throw error;
      const state = error.code === "RUNTIME_TIMEOUT" ? "timed-out" : "failed";
      this.answers.push({ item, state, cachedTokens: undefined, tokenIds: undefined, details: undefined });
      if (error instanceof Refused) this.topLogprobs = 0;
    }
  }
}
