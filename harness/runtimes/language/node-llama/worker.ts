// Runs a model by node-llama-cpp and answers the line protocol on standard input and output.
import { HarnessError } from "../../../domain/errors.ts";
import type { CommandTokenDetail, CommandValue } from "../../../domain/generated/command-reply-v1.ts";
import type { CommandArgs, CommandPrompt } from "../../../domain/generated/command-request-v1.ts";
import { type CommandOp, serveCommand } from "../command/serve-command.ts";
import {
  type EvaluateOptions,
  type LlamaContext,
  type LlamaLibrary,
  type LlamaModel,
  type LlamaSequence,
  openLibrary,
} from "./library.ts";
import { StopTexts } from "./stop-texts.ts";

/** Longest character in tokens: a byte each. */
const CHARACTER_TOKENS = 4;

interface Loaded {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly sequence: LlamaSequence;
}

let library: LlamaLibrary | undefined;
let loaded: Loaded | undefined;

const ops: Readonly<Record<string, CommandOp>> = {
  async hello({ protocol }) {
    library ??= await openLibrary();
    return {
      ...(protocol === undefined ? {} : { protocol }),
      versions: { ...library.versions },
      ops: ["load", "inspect", "tokenize", "count", "generate"],
    };
  },

  async load({ path, context_tokens = 4096, threads = 0, gpu_layers = null }) {
    if (path == null) {
      throw new HarnessError("CONFIG_MODEL_MISSING", "No model file was named", {
        hint: "Give the quant a gguf path.",
      });
    }
    library ??= await openLibrary();
    const llama = await library.getLlama({
      build: "never",
      gpu: gpu_layers === 0 ? false : "auto",
      ...(threads > 0 ? { maxThreads: threads } : {}),
      logLevel: "error",
      progressLogs: false,
      skipDownload: true,
    });
    const model = await llama.loadModel({
      modelPath: path,
      ...(gpu_layers === null ? {} : { gpuLayers: gpu_layers }),
    });
    const context = await model.createContext({
      contextSize: context_tokens,
      sequences: 1,
      ...(threads > 0 ? { threads } : {}),
      failedCreationRemedy: false,
    });
    loaded = { model, context, sequence: context.getSequence() };
    return { context_tokens: context.contextSize };
  },

  async inspect() {
    return { context_tokens: current().context.contextSize };
  },

  async tokenize({ text = "" }) {
    return { tokens: current().model.tokenize(text, false) };
  },

  async count({ prompt }) {
    return { count: promptTokens(prompt).length };
  },

  generate,
};

async function generate(args: CommandArgs, { emit, signal }: Parameters<CommandOp>[1]): Promise<CommandValue> {
  const { model, context, sequence } = current();
  const tokens = promptTokens(args.prompt);
  // The library would shift an over-long prompt's start out without a word.
  if (tokens.length >= context.contextSize) {
    throw new HarnessError(
      "RUNTIME_CONTEXT",
      `The prompt does not fit the context: ${tokens.length} tokens, and the context has ${context.contextSize}`,
      { hint: "Raise context_tokens, or shorten the prompt." },
    );
  }
  const cached = await prepare(sequence, tokens, args.cache_prompt === true);
  const limit = Math.min(args.max_tokens ?? 1, context.contextSize - tokens.length);
  const stops = new StopTexts(args.stop ?? []);
  const words = new Detokenizer(model, tokens);
  const startMs = performance.now();
  let firstMs = startMs;
  let lastMs = startMs;
  let count = 0;
  for await (const { token, probabilities } of evaluated(sequence, tokens.slice(cached), args)) {
    lastMs = performance.now();
    if (count === 0) firstMs = lastMs;
    count++;
    const text = stops.push(words.push(token));
    const details = probabilities && [detailOf(model, token, probabilities, args.top_logprobs ?? 0)];
    emit({ event: "chunk", text, token_ids: [token], ...(details === undefined ? {} : { details }) });
    signal.throwIfAborted();
    if (stops.isReached || count >= limit) break;
  }
  const rest = stops.push(words.rest()) + stops.rest();
  if (rest !== "") emit({ event: "chunk", text: rest });
  return {
    finish: count >= limit && !stops.isReached ? "length" : "stop",
    prompt_tokens: tokens.length,
    cached_tokens: cached,
    completion_tokens: count,
    truncated: false,
    prompt_s: (firstMs - startMs) / 1000,
    decode_s: (lastMs - firstMs) / 1000,
  };
}

/** Leaves as much of the prompt in the sequence as may stay, at least one token short; returns how much. */
async function prepare(sequence: LlamaSequence, tokens: readonly number[], mayCache: boolean): Promise<number> {
  if (!mayCache) {
    await sequence.clearHistory();
    return 0;
  }
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  return sequence.nextTokenIndex;
}

async function* evaluated(
  sequence: LlamaSequence,
  tokens: readonly number[],
  { sampling, top_logprobs = 0 }: CommandArgs,
): AsyncGenerator<{ token: number; probabilities: ReadonlyMap<number, number> | undefined }> {
  const options: EvaluateOptions = {
    temperature: sampling?.temperature ?? 0,
    topK: sampling?.top_k ?? 0,
    topP: sampling?.top_p ?? 1,
    minP: sampling?.min_p ?? 0,
    seed: sampling?.seed ?? 1,
    ...(sampling === undefined || sampling.repeat_penalty === 1
      ? {}
      : { repeatPenalty: { penalty: sampling.repeat_penalty } }),
    yieldEogToken: false,
  };
  if (top_logprobs > 0) yield* sequence.evaluateWithMetadata(tokens, { probabilities: true }, options);
  else for await (const token of sequence.evaluate(tokens, options)) yield { token, probabilities: undefined };
}

/** The library sorts them, the likeliest first. */
function detailOf(
  model: LlamaModel,
  token: number,
  probabilities: ReadonlyMap<number, number>,
  wanted: number,
): CommandTokenDetail {
  const named = (id: number, probability: number) => ({
    id,
    text: model.detokenize([id], true),
    logprob: Math.log(Math.max(probability, Number.MIN_VALUE)),
  });
  const top: ReturnType<typeof named>[] = [];
  for (const [id, probability] of probabilities) {
    if (top.length >= wanted || probability <= 0) break;
    top.push(named(id, probability));
  }
  return { ...named(token, probabilities.get(token) ?? 0), top };
}

/** Text of tokens as they come; half a character waits for its other half. */
class Detokenizer {
  private readonly model: LlamaModel;
  private readonly before: number[];
  private pending: number[] = [];

  constructor(model: LlamaModel, prompt: readonly number[]) {
    this.model = model;
    this.before = [...prompt.slice(-CHARACTER_TOKENS)];
  }

  push(token: number): string {
    this.pending.push(token);
    const text = this.model.detokenize(this.pending, false, this.before);
    return text.endsWith("\uFFFD") && this.pending.length < CHARACTER_TOKENS ? "" : this.take(text);
  }

  rest(): string {
    return this.pending.length === 0 ? "" : this.take(this.model.detokenize(this.pending, false, this.before));
  }

  private take(text: string): string {
    this.before.push(...this.pending);
    this.before.splice(0, this.before.length - CHARACTER_TOKENS);
    this.pending = [];
    return text;
  }
}

function promptTokens(prompt: CommandPrompt | undefined): number[] {
  const { model } = current();
  if (prompt?.kind === "chat") return model.tokenize(rendered(model, prompt.messages ?? []), true);
  const { bos, shouldPrependBosToken } = model.tokens;
  return [...(shouldPrependBosToken && bos !== null ? [bos] : []), ...model.tokenize(prompt?.text ?? "", true)];
}

function rendered(model: LlamaModel, messages: readonly object[]): string {
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  if (typeof template !== "string" || library === undefined) {
    throw new HarnessError("CONFIG_MODEL_INVALID", "The model file holds no chat template", {
      hint: "Ask it raw prompts, or use a model that was made for conversations.",
    });
  }
  const { bosString, eosString } = model.tokens;
  const values = { messages, add_generation_prompt: true, bos_token: bosString ?? "", eos_token: eosString ?? "" };
  return library.renderTemplate(template, values);
}

function current(): Loaded {
  if (loaded !== undefined) return loaded;
  throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
}

await serveCommand(ops);
