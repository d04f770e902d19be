import { HarnessError } from "../../../domain/errors.ts";
import type { CommandChunk, CommandValue } from "../../../domain/generated/command-reply-v1.ts";
import type { CommandArgs, CommandPrompt } from "../../../domain/generated/command-request-v1.ts";
import type {
  GenerateRequest,
  Health,
  LanguageRuntime,
  LoadedModel,
  LoadSettings,
  ModelIdentity,
  ModelRef,
  Prompt,
  TimedEvent,
} from "../../../domain/language-runtime.ts";
import { replyLimits } from "../stream-errors.ts";
import { type CallOptions, CommandSession } from "./command-session.ts";

export interface CommandRuntimeOptions {
  readonly kind: "command" | "node-llama-cpp";
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Its name in messages. */
  readonly who: string;
  readonly loadTimeoutMs: number;
  /** What a file is, for programs that only load it; absent: the program is asked. */
  readonly identifyFile?: (name: string, path: string) => Promise<ModelIdentity>;
}

const PROTOCOL = "quantgate.command.v1";
const ASK_MS = 30_000;

/**
 * Any program that speaks the line protocol of docs/command-protocol.md. One process holds one model: it is started for each load and
 * ended with it, so that no state of one variant meets another.
 */
export function commandRuntime(options: CommandRuntimeOptions): LanguageRuntime {
  return new CommandRuntime(options);
}

class CommandRuntime implements LanguageRuntime {
  readonly kind: CommandRuntimeOptions["kind"];
  private readonly options: CommandRuntimeOptions;
  private session: CommandSession | undefined;
  private hello: CommandValue | undefined;

  constructor(options: CommandRuntimeOptions) {
    this.options = options;
    this.kind = options.kind;
  }

  async versions({ signal }: { signal: AbortSignal }): Promise<Readonly<Record<string, string>>> {
    if (this.hello === undefined) await this.withSession(signal, async () => undefined);
    return { ...this.hello?.versions };
  }

  async health({ signal }: { signal: AbortSignal }): Promise<Health> {
    try {
      await this.withSession(signal, async () => undefined);
      return { state: "ready", detail: Object.entries(this.hello?.versions ?? {}).join(" ") };
    } catch (error) {
      signal.throwIfAborted();
      return { state: "unavailable", detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async list({ signal }: { signal: AbortSignal }): Promise<readonly string[]> {
    return this.withSession(signal, async (session) =>
      this.knows("list") ? ((await session.call("list", {}, { signal, timeoutMs: ASK_MS })).models ?? []) : [],
    );
  }

  async identify(model: ModelRef, { signal }: { signal: AbortSignal }): Promise<ModelIdentity> {
    const { identifyFile, loadTimeoutMs } = this.options;
    if (identifyFile !== undefined) {
      if (model.path !== undefined) return identifyFile(model.name, model.path);
      throw new HarnessError("CONFIG_MODEL_MISSING", `${model.name} names no file`, {
        hint: "This runtime loads files: give the quant a gguf path.",
      });
    }
    return this.withSession(signal, async (session) => {
      // Its weights may have to be read for their digest.
      const found = await session.call("identify", refOf(model), { signal, timeoutMs: loadTimeoutMs });
      return {
        name: model.name,
        digest: found.digest ?? undefined,
        quantization: found.quantization ?? undefined,
        bytes: found.bytes ?? undefined,
        parameters: found.parameters ?? undefined,
        bitsPerWeight: found.bits_per_weight ?? undefined,
        contextLength: found.context_length ?? undefined,
      };
    });
  }

  async load(model: ModelRef, settings: LoadSettings, { signal }: { signal: AbortSignal }): Promise<LoadedModel> {
    const identity = await this.identify(model, { signal });
    await this.unload();
    const startMs = performance.now();
    const session = await this.open(signal);
    const { contextTokens, threads, gpuLayers } = settings;
    const args = { ...refOf(model), context_tokens: contextTokens, threads, gpu_layers: gpuLayers ?? null };
    try {
      const found = await session.call("load", args, { signal, timeoutMs: this.options.loadTimeoutMs });
      const loadS = (performance.now() - startMs) / 1000;
      if (found.context_tokens != null && found.context_tokens < contextTokens) {
        throw new HarnessError(
          "RUNTIME_CONTEXT",
          `${this.options.who} allocated a context of ${found.context_tokens} tokens, not of ${contextTokens}`,
          { hint: "Lower context_tokens." },
        );
      }
      this.session = session;
      return {
        identity,
        loadS,
        contextTokens: found.context_tokens ?? undefined,
        offloadedBytes: found.offloaded_bytes ?? undefined,
        memoryBytes: await session.peakMemoryBytes(),
      };
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  async inspect({ signal }: { signal: AbortSignal }) {
    const session = this.loaded();
    const own = await session.peakMemoryBytes();
    const found = this.knows("inspect") ? await session.call("inspect", {}, { signal, timeoutMs: ASK_MS }) : {};
    return {
      contextTokens: found.context_tokens ?? undefined,
      offloadedBytes: found.offloaded_bytes ?? undefined,
      memoryBytes: found.memory_bytes ?? own,
    };
  }

  async unload(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.stop();
  }

  async tokenize(text: string, { signal }: { signal: AbortSignal }): Promise<readonly number[] | undefined> {
    if (!this.knows("tokenize")) return undefined;
    return (await this.loaded().call("tokenize", { text }, { signal, timeoutMs: ASK_MS })).tokens ?? undefined;
  }

  async countPrompt(prompt: Prompt, { signal }: { signal: AbortSignal }) {
    if (!this.knows("count")) return undefined;
    const { count } = await this.loaded().call("count", { prompt: promptDoc(prompt) }, { signal, timeoutMs: ASK_MS });
    return count == null ? undefined : { tokens: count, source: "tokenizer" as const };
  }

  async *generate(request: GenerateRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<TimedEvent> {
    const { timeoutMs, stallTimeoutMs } = request;
    const { maxTotalBytes } = replyLimits(request);
    const options = { signal, timeoutMs, stallTimeoutMs, maxTotalBytes };
    const call = this.loaded().stream("generate", generateArgs(request), options);
    const startMs = performance.now();
    let chunks = 0;
    for (;;) {
      const { done, value } = await call.next();
      if (done) {
        yield endOf(value, (performance.now() - startMs) / 1000, chunks);
        return;
      }
      if (value.event === "progress") {
        yield { kind: "progress", atS: value.atS, processed: value.processed, total: value.total };
      } else {
        if (value.text !== "" || (value.reasoning ?? "") !== "") chunks++;
        yield chunkOf(value, value.atS);
      }
    }
  }

  async close(): Promise<void> {
    await this.unload();
  }

  private async open(signal: AbortSignal): Promise<CommandSession> {
    const [program, ...args] = this.options.command;
    if (program === undefined) {
      throw new HarnessError("CONFIG_INVALID", "The runtime command has no command", {
        hint: 'Add "language": { "command": ["my-program"] } to the config.',
      });
    }
    const session = await CommandSession.start([program, ...args], this.options.who);
    try {
      const options: CallOptions = { signal, timeoutMs: ASK_MS };
      this.hello = await session.call("hello", { protocol: PROTOCOL }, options);
      if (this.hello.protocol === PROTOCOL) return session;
      throw new HarnessError("RUNTIME_PROTOCOL", `${this.options.who} does not say that it speaks ${PROTOCOL}`, {
        hint: "See docs/command-protocol.md.",
      });
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  /** With the loaded model's process, or one for the moment. */
  private async withSession<T>(signal: AbortSignal, work: (session: CommandSession) => Promise<T>): Promise<T> {
    if (this.session?.isAlive) return work(this.session);
    const session = await this.open(signal);
    try {
      return await work(session);
    } finally {
      await session.stop();
    }
  }

  private knows(op: string): boolean {
    return this.hello?.ops?.includes(op) === true;
  }

  private loaded(): CommandSession {
    if (this.session !== undefined) return this.session;
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
  }
}

function refOf({ name, path }: ModelRef): CommandArgs {
  return { name, path: path ?? null };
}

function promptDoc(prompt: Prompt): CommandPrompt {
  return prompt.kind === "raw"
    ? { kind: "raw", text: prompt.text }
    : { kind: "chat", messages: prompt.messages.map(({ role, content }) => ({ role, content })) };
}

function generateArgs(request: GenerateRequest): CommandArgs {
  const { sampling } = request;
  return {
    prompt: promptDoc(request.prompt),
    max_tokens: request.maxTokens,
    sampling: {
      temperature: sampling.temperature,
      top_k: sampling.topK,
      top_p: sampling.topP,
      min_p: sampling.minP,
      repeat_penalty: sampling.repeatPenalty,
      seed: sampling.seed,
    },
    stop: [...(request.stop ?? [])],
    cache_prompt: request.cachePrompt,
    top_logprobs: request.topLogprobs ?? 0,
  };
}

function chunkOf({ text, reasoning, token_ids, details }: CommandChunk, atS: number): TimedEvent {
  const named = ({ id, text: word, logprob }: { id: number | null; text: string; logprob: number }) => ({
    id: id ?? undefined,
    text: word,
    logprob,
  });
  return {
    kind: "chunk",
    atS,
    text,
    reasoning: reasoning ?? "",
    ...(token_ids === undefined ? {} : { tokenIds: token_ids }),
    ...(details === undefined
      ? {}
      : { details: details.map((detail) => ({ ...named(detail), top: detail.top.map(named) })) }),
  };
}

function endOf(value: CommandValue, atS: number, chunks: number): TimedEvent {
  const { prompt_tokens: prompt, cached_tokens: cached, completion_tokens: completion } = value;
  return {
    kind: "end",
    atS,
    finish: value.finish ?? "other",
    prompt: prompt == null ? undefined : { tokens: prompt, source: "server" },
    cachedTokens: cached ?? undefined,
    completion: completion == null ? { tokens: chunks, source: "estimated" } : { tokens: completion, source: "server" },
    isTruncated: value.truncated === true,
    server: {
      loadS: undefined,
      promptS: value.prompt_s ?? undefined,
      promptTokens: prompt == null ? undefined : prompt - (cached ?? 0),
      decodeS: value.decode_s ?? undefined,
      decodeTokens: completion ?? undefined,
      raw: Object.fromEntries(
        Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
      ),
    },
  };
}
