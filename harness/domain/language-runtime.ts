/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A conversation, which the model's own template renders, or text that is passed on as it is. */
export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "raw"; readonly text: string };

/** Every sampler setting is sent explicitly: servers differ in their defaults. */
export interface SamplingSettings {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps all tokens. */
  readonly topK: number;
  /** 1 keeps all tokens. */
  readonly topP: number;
  /** 0 keeps all tokens. */
  readonly minP: number;
  /** 1 applies no penalty. */
  readonly repeatPenalty: number;
  /** 1 .. 2^31 - 1; 0 is random for some servers, so it is never sent. */
  readonly seed: number;
}

export const GREEDY: SamplingSettings = {
  temperature: 0,
  topK: 1,
  topP: 1,
  minP: 0,
  repeatPenalty: 1,
  seed: 1,
};

export interface GenerateRequest {
  readonly prompt: Prompt;
  /** Tokens to generate at most, ≥ 1. */
  readonly maxTokens: number;
  readonly sampling: SamplingSettings;
  readonly stop?: readonly string[];
  /** False: the server must process the whole prompt; where it cannot be told so, the adapter makes the prompt's start unique. */
  readonly cachePrompt: boolean;
  /** The same prompt was asked just before with `cachePrompt: false`: it must be spelled as it was then, and may come from the cache. */
  readonly isRepeat?: boolean;
  /** Log-probabilities of so many best tokens at each position, where the runtime gives them; absent or 0: none are asked for. */
  readonly topLogprobs?: number;
  /** The whole request ends after this long (RUNTIME_TIMEOUT). */
  readonly timeoutMs: number;
  /** So does a stream in which nothing arrives for this long, its start included. */
  readonly stallTimeoutMs: number;
}

export interface TokenLogprob {
  /** undefined where the server names tokens by text only. */
  readonly id: number | undefined;
  readonly text: string;
  /** Natural logarithm, ≤ 0. */
  readonly logprob: number;
}

/** What was known at one generated token. */
export interface TokenDetail extends TokenLogprob {
  /** Best first; the sampled token need not be among them. */
  readonly top: readonly TokenLogprob[];
}

/** Who counted: the server in its reply, its tokenizer when asked, or this program from the stream's chunks. */
export type CountSource = "server" | "tokenizer" | "estimated";

export interface TokenCount {
  readonly tokens: number;
  readonly source: CountSource;
}

export type FinishReason = "stop" | "length" | "other";

/** Times as the server states them, s and tokens; undefined where it does not. `raw` is its own record, in its own units. */
export interface ServerTimings {
  readonly loadS: number | undefined;
  /** Processing of the prompt tokens that were not cached. */
  readonly promptS: number | undefined;
  readonly promptTokens: number | undefined;
  readonly decodeS: number | undefined;
  readonly decodeTokens: number | undefined;
  readonly raw: Readonly<Record<string, number>>;
}

/** What arrived, and when: seconds since the request was sent, taken when its bytes were read and before they were parsed. */
export type TimedEvent =
  | { readonly kind: "headers"; readonly atS: number }
  /** Prompt progress; carries no token. */
  | { readonly kind: "progress"; readonly atS: number; readonly processed: number; readonly total: number }
  | {
      readonly kind: "chunk";
      readonly atS: number;
      /** Either may be empty, e.g. in the first delta of a chat stream. */
      readonly text: string;
      readonly reasoning: string;
      readonly tokenIds?: readonly number[];
      readonly details?: readonly TokenDetail[];
    }
  | {
      /** Always last, and only after a reply that ended well: a broken stream rejects instead. */
      readonly kind: "end";
      readonly atS: number;
      readonly finish: FinishReason;
      /** Prompt tokens in all, cached ones included. */
      readonly prompt: TokenCount | undefined;
      readonly cachedTokens: number | undefined;
      readonly completion: TokenCount | undefined;
      /** True when the server says, or its counts show, that it did not process the whole prompt. */
      readonly isTruncated: boolean;
      readonly server: ServerTimings;
    };

/** Chunk times and what they were chunks of. Seconds since the request was sent. */
export interface StreamTimes {
  readonly headersS: number | undefined;
  /** First non-empty content or reasoning; undefined when there was none. */
  readonly firstS: number | undefined;
  readonly lastS: number | undefined;
  readonly endS: number;
  /** Arrival of every non-empty chunk, in order. */
  readonly chunkS: Float64Array;
}

/** One reply, whole. */
export interface GenerateResult {
  readonly text: string;
  readonly reasoning: string;
  /** In order; undefined where the runtime does not name tokens. */
  readonly tokenIds: readonly number[] | undefined;
  readonly details: readonly TokenDetail[] | undefined;
  readonly finish: FinishReason;
  readonly isTruncated: boolean;
  readonly prompt: TokenCount | undefined;
  readonly cachedTokens: number | undefined;
  readonly completion: TokenCount | undefined;
  readonly times: StreamTimes;
  readonly server: ServerTimings;
}

/** A model of a runtime: a tag that its provider resolves, or a file. */
export interface ModelRef {
  /** Provider's name, e.g. "qwen2.5-coder:7b-instruct-q4_K_M"; for a file its id. */
  readonly name: string;
  readonly path?: string;
}

/** What a provider says that a name stands for; undefined where it does not say. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of the weights, 64 hex digits, as the provider or the file has it. */
  readonly digest: string | undefined;
  /** The label, e.g. "Q4_K_M". */
  readonly quantization: string | undefined;
  readonly bytes: number | undefined;
  readonly parameters: number | undefined;
  /** Bits a weight takes, measured over the tensors of the file. */
  readonly bitsPerWeight: number | undefined;
  /** Tokens the model was trained for. */
  readonly contextLength: number | undefined;
}

/** Settings that make a server load a model again when they change; sent with every request where they must be. */
export interface LoadSettings {
  readonly contextTokens: number;
  /** 0: the runtime chooses. */
  readonly threads: number;
  /** Layers on the accelerator; undefined: the runtime chooses. */
  readonly gpuLayers: number | undefined;
  /** For the simulated runtime, which draws by it: the trial's own seed, and its place among the trials. */
  readonly trial?: { readonly seed: number; readonly index: number };
}

export interface LoadedModel {
  readonly identity: ModelIdentity;
  /** Wall seconds until the model answered; undefined when it was loaded before. */
  readonly loadS: number | undefined;
  /** Context as allocated, which may be less than was asked for. */
  readonly contextTokens: number | undefined;
  /** Bytes that did not fit the accelerator and are computed by the CPU; undefined where it is not said, 0 without an accelerator. */
  readonly offloadedBytes: number | undefined;
  /** Peak resident set of the server's process, where it can be read. */
  readonly memoryBytes: number | undefined;
}

export type Health = { readonly state: "ready" | "loading" | "unavailable"; readonly detail: string };

/** `openai`: any endpoint of that form. `command`: any program that speaks the line protocol. */
export type LanguageRuntimeKind =
  | "ollama"
  | "llama-server"
  | "openai"
  | "lmstudio"
  | "node-llama-cpp"
  | "command"
  | "simulated";

interface Abortable {
  readonly signal: AbortSignal;
}

/**
 * One way to talk to a language model. Every method rejects with a HarnessError (RUNTIME_*), and ends at once on the signal.
 * Calls are made one at a time: what is measured shares the server with nothing of ours.
 */
export interface LanguageRuntime {
  readonly kind: LanguageRuntimeKind;
  /** Tool versions that belong into provenance. */
  versions(options: Abortable): Promise<Readonly<Record<string, string>>>;
  health(options: Abortable): Promise<Health>;
  /** Names of the models that could be loaded. */
  list(options: Abortable): Promise<readonly string[]>;
  /** What the name stands for now. CONFIG_MODEL_MISSING when the provider does not have it. */
  identify(model: ModelRef, options: Abortable): Promise<ModelIdentity>;
  /** Makes the model ready, alone if the runtime can; the later calls go to it. */
  load(model: ModelRef, settings: LoadSettings, options: Abortable): Promise<LoadedModel>;
  /** What the loaded model occupies now. */
  inspect(options: Abortable): Promise<Pick<LoadedModel, "contextTokens" | "offloadedBytes" | "memoryBytes">>;
  unload(options: Abortable): Promise<void>;
  /** Token ids of a text, without special tokens; undefined where the runtime has no tokenizer to ask. */
  tokenize(text: string, options: Abortable): Promise<readonly number[] | undefined>;
  /** Tokens of the whole prompt as the model will see it, template included; undefined where the runtime cannot say beforehand. */
  countPrompt(prompt: Prompt, options: Abortable): Promise<TokenCount | undefined>;
  /**
   * The reply as it arrives; the last event is `end`. RUNTIME_TIMEOUT, RUNTIME_PROTOCOL (a reply that cannot be understood),
   * RUNTIME_CRASHED (reset, 5xx), RUNTIME_UNAVAILABLE (refused), RUNTIME_CONTEXT (the prompt does not fit).
   */
  generate(request: GenerateRequest, options: Abortable): AsyncIterable<TimedEvent>;
  close(): Promise<void>;
}
