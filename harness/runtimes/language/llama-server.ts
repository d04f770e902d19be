import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../../domain/errors.ts";
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
} from "../../domain/language-runtime.ts";
import { programVersion } from "../../platform/program-version.ts";
import type { ServerProcess } from "../../platform/server-process.ts";
import { contextError } from "./context-error.ts";
import { ggufIdentity } from "./gguf-identity.ts";
import { type HttpClient, Refused } from "./http-client.ts";
import { completionEvents, nativeBody } from "./llama-native.ts";
import { ASK_MS, type LlamaServerOptions, llamaClient, startLlama } from "./llama-start.ts";
import { lastLine } from "./one-line.ts";
import { chatBody, chatEvents } from "./openai-chat.ts";
import { asObject, countAt, listAt, objectAt, textAt, type Wire } from "./wire-values.ts";

const POLL_MS = 20;
/** A process whose connection broke has this long to be seen dead. */
const LAST_WORDS_MS = 300;

/** llama.cpp's own server, either attached to or started once for each model. */
export function llamaServer(options: LlamaServerOptions): LanguageRuntime {
  return new LlamaServer(options);
}

class LlamaServer implements LanguageRuntime {
  readonly kind = "llama-server";
  private readonly options: LlamaServerOptions;
  private client: HttpClient | undefined;
  private process: ServerProcess | undefined;
  private build = "unknown";
  private version: Promise<string | undefined> | undefined;
  private contextTokens: number | undefined;

  constructor(options: LlamaServerOptions) {
    this.options = options;
    if (options.url !== undefined) this.client = llamaClient(options.url, options);
  }

  async versions({ signal }: { signal: AbortSignal }): Promise<Readonly<Record<string, string>>> {
    if (this.options.url !== undefined) {
      if (this.build === "unknown") await this.props(signal);
      return { "llama-server": this.build };
    }
    // Asked before a model is loaded, and again when a run goes on: the answer must be the same.
    const [program, ...args] = this.options.command;
    if (program !== undefined) this.version ??= programVersion([program, ...args], { signal });
    return { "llama-server": (await this.version) ?? this.build };
  }

  async health({ signal }: { signal: AbortSignal }): Promise<Health> {
    if (this.client === undefined) return { state: "ready", detail: "started when a model is loaded" };
    try {
      await this.client.json("/health", undefined, { signal, timeoutMs: ASK_MS });
      return { state: "ready", detail: this.build };
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      return { state: /HTTP 503/.test(message) ? "loading" : "unavailable", detail: message };
    }
  }

  async list({ signal }: { signal: AbortSignal }): Promise<readonly string[]> {
    if (this.client === undefined) return [];
    const reply = asObject(await this.client.json("/v1/models", undefined, { signal, timeoutMs: ASK_MS }), "models");
    return (listAt(reply, "data") ?? []).flatMap((model) => textAt(asObject(model, "model"), "id") ?? []);
  }

  async identify(model: ModelRef, { signal }: { signal: AbortSignal }): Promise<ModelIdentity> {
    const path = this.options.url === undefined ? model.path : ((await this.servedPath(signal)) ?? model.path);
    if (path === undefined) {
      throw new HarnessError("CONFIG_MODEL_MISSING", `${model.name} names no GGUF file`, {
        hint: "llama-server loads files: give the quant a gguf path.",
      });
    }
    return ggufIdentity(model.name, path);
  }

  async load(model: ModelRef, settings: LoadSettings, { signal }: { signal: AbortSignal }): Promise<LoadedModel> {
    const identity = await this.identify(model, { signal });
    if (this.options.url !== undefined) {
      return { identity, loadS: undefined, ...(await this.inspect({ signal })) };
    }
    await this.unload();
    const { loadS, ...own } = await startLlama(this.options, { model, settings, signal });
    this.process = own.process;
    this.client = own.client;
    const state = await this.inspect({ signal });
    if (state.contextTokens !== undefined && state.contextTokens < settings.contextTokens) {
      throw new HarnessError(
        "RUNTIME_CONTEXT",
        `llama-server allocated a context of ${state.contextTokens} tokens, not of ${settings.contextTokens}`,
        { hint: "Lower context_tokens, or give the server more memory." },
      );
    }
    return { identity, loadS, ...state };
  }

  async inspect({
    signal,
  }: {
    signal: AbortSignal;
  }): Promise<Pick<LoadedModel, "contextTokens" | "offloadedBytes" | "memoryBytes">> {
    const props = await this.props(signal);
    const settings = objectAt(props, "default_generation_settings");
    this.contextTokens = settings === undefined ? undefined : countAt(settings, "n_ctx");
    return {
      contextTokens: this.contextTokens,
      offloadedBytes: undefined,
      memoryBytes: await this.process?.peakMemoryBytes(),
    };
  }

  async unload(): Promise<void> {
    const { process } = this;
    if (process === undefined) return;
    this.process = undefined;
    this.client = undefined;
    await process.stop();
  }

  async tokenize(text: string, { signal }: { signal: AbortSignal }): Promise<readonly number[]> {
    return this.tokens(text, false, signal);
  }

  async countPrompt(prompt: Prompt, { signal }: { signal: AbortSignal }) {
    const text = await this.textOf(prompt, signal);
    return { tokens: (await this.tokens(text, true, signal)).length, source: "tokenizer" as const };
  }

  async *generate(request: GenerateRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<TimedEvent> {
    const client = this.connected();
    const exchange = { signal, timeoutMs: request.timeoutMs, stallTimeoutMs: request.stallTimeoutMs };
    try {
      if (this.options.route === "openai" && request.prompt.kind === "chat") {
        const body = { ...chatBody(request, "loaded"), cache_prompt: request.cachePrompt, return_tokens: true };
        const reply = await client.open("/v1/chat/completions", body, exchange);
        yield* client.guarded(chatEvents(reply, request, "llama-server"));
      } else {
        const body = nativeBody(request, await this.textOf(request.prompt, signal));
        const reply = await client.open("/completion", body, exchange);
        yield* client.guarded(completionEvents(reply, request, this.contextTokens));
      }
    } catch (error) {
      throw client.redacted(contextError(error) ?? (await this.explained(error)));
    }
  }

  async close(): Promise<void> {
    await this.unload();
  }

  private async props(signal: AbortSignal): Promise<Wire> {
    const props = asObject(await this.ask("/props", undefined, signal), "props");
    this.build = textAt(props, "build_info") ?? "unknown";
    return props;
  }

  private async servedPath(signal: AbortSignal): Promise<string | undefined> {
    return textAt(await this.props(signal), "model_path");
  }

  /** The text that the model sees: for a conversation, what its template makes of it. */
  private async textOf(prompt: Prompt, signal: AbortSignal): Promise<string> {
    if (prompt.kind === "raw") return prompt.text;
    const reply = asObject(await this.ask("/apply-template", { messages: prompt.messages }, signal), "template");
    const text = textAt(reply, "prompt");
    if (text === undefined) throw new Refused("llama-server", 200, "it applied no template");
    return text;
  }

  private async tokens(text: string, isPrompt: boolean, signal: AbortSignal): Promise<readonly number[]> {
    const body = { content: text, add_special: isPrompt, parse_special: isPrompt };
    const reply = asObject(await this.ask("/tokenize", body, signal), "tokens");
    return (listAt(reply, "tokens") ?? []).map(Number);
  }

  private ask(path: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    return this.connected().json(path, body, { signal, timeoutMs: ASK_MS });
  }

  private connected(): HttpClient {
    if (this.client !== undefined) return this.client;
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
  }

  /** A connection that broke because the process died says so; the system may tell of the connection first. */
  private async explained(error: unknown): Promise<unknown> {
    if (!(error instanceof HarnessError) || !["RUNTIME_CRASHED", "RUNTIME_UNAVAILABLE"].includes(error.code))
      return error;
    for (let waitedMs = 0; waitedMs < LAST_WORDS_MS && this.process?.exited() === undefined; waitedMs += POLL_MS) {
      if (this.process === undefined) break;
      await sleep(POLL_MS);
    }
    const why = this.process?.exited();
    if (why === undefined) return error;
    return new HarnessError("RUNTIME_CRASHED", `llama-server is gone: ${why}`, {
      hint: `Its last words: ${lastLine(this.process?.log() ?? "") || "none"}`,
      cause: error,
    });
  }
}
