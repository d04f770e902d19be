import type {
  GenerateResult,
  LoadedModel,
  LoadSettings,
  ModelIdentity,
  ModelRef,
  Prompt,
  SamplingSettings,
  TokenDetail,
} from "./language-runtime.ts";

/** One prompt of a trial. */
export interface PromptItem {
  /** Its number in the dataset. */
  readonly item: number;
  readonly prompt: Prompt;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Log-probabilities that its score needs; 0: none. */
  readonly topLogprobs: number;
}

/** Everything one trial of a language model needs. */
export interface LanguageTrialRequest {
  readonly trialId: string;
  readonly model: ModelRef;
  /** Digest that the weights must have; undefined where the provider gives none. */
  readonly digest: string | undefined;
  readonly load: LoadSettings;
  /** In the order in which they are asked. */
  readonly prompts: readonly PromptItem[];
  /** Items that are asked a second time at once, untimed; absent: none. */
  readonly repeat?: { readonly items: ReadonlySet<number> | "all"; readonly topLogprobs: number };
  readonly sampling: SamplingSettings;
  readonly requestTimeoutMs: number;
  readonly stallTimeoutMs: number;
  /** The whole trial ends after this long. */
  readonly timeoutMs: number;
}

/** What came of one prompt. */
export interface Reply {
  readonly item: number;
  readonly state: "completed" | "failed" | "timed-out";
  readonly result: GenerateResult | undefined;
  /** Where it did not complete: why, and what had arrived. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
  readonly partialText: string;
  /** How often the server asked to come back later before it took the request. */
  readonly retries: number;
}

/** What came of asking a prompt a second time: what a cache held of it, the tokens, and their probabilities. */
export interface Repeat {
  readonly item: number;
  readonly state: Reply["state"];
  readonly cachedTokens: number | undefined;
  readonly tokenIds: readonly number[] | undefined;
  readonly details: readonly TokenDetail[] | undefined;
}

/** What one trial of a language model measured. Seconds and bytes. */
export interface LanguageTrial {
  readonly before: ModelIdentity;
  readonly after: ModelIdentity;
  readonly loadS: number | undefined;
  readonly state: Pick<LoadedModel, "contextTokens" | "offloadedBytes" | "memoryBytes">;
  /** Load time and the first reply's time to its first token; undefined where the model was loaded before. */
  readonly coldTtftS: number | undefined;
  /** Time to first token of a prompt that was asked just before; undefined where nothing was cached. */
  readonly cachedTtftS: number | undefined;
  /** Replies that were discarded before the first that counts. */
  readonly warmup: { readonly requests: number; readonly seconds: number };
  readonly replies: readonly Reply[];
  readonly repeats: { readonly answers: readonly Repeat[]; readonly seconds: number };
  /** Sum of the replies' times, and what the rest of the trial took beside loading and warm-up. */
  readonly repliesS: number;
  readonly overheadS: number;
  readonly wallS: number;
}
