import { HarnessError } from "../../domain/errors.ts";
import type {
  GenerateRequest,
  Health,
  LanguageRuntime,
  LoadedModel,
  LoadSettings,
  ModelIdentity,
  ModelRef,
  TimedEvent,
} from "../../domain/language-runtime.ts";
import { contextError } from "./context-error.ts";
import { HttpClient } from "./http-client.ts";
import { ollamaBody, ollamaEvents, ollamaOptions } from "./ollama-stream.ts";
import { asObject, countAt, listAt, objectAt, textAt, type Wire } from "./wire-values.ts";

export interface OllamaOptions {
  readonly url: string;
  readonly apiKey?: string;
  readonly loadTimeoutMs: number;
}

const WHO = "Ollama";
const ASK_MS = 30_000;
/** Longer than any trial; unloading is asked for explicitly. */
const KEEP_ALIVE = "1h";

/** Ollama by its native API: the OpenAI route ignores the context length. */
export function ollama(options: OllamaOptions): LanguageRuntime {
  const client = new HttpClient({ baseUrl: options.url, who: WHO, apiKey: options.apiKey });
  let loaded: { readonly name: string; readonly settings: LoadSettings } | undefined;

  const ask = async (path: string, body: object | undefined, signal: AbortSignal, timeoutMs = ASK_MS): Promise<Wire> =>
    asObject(await client.json(path, body, { signal, timeoutMs }), path);

  const tags = async (signal: AbortSignal): Promise<readonly Wire[]> =>
    (listAt(await ask("/api/tags", undefined, signal), "models") ?? []).map((entry) => asObject(entry, "model"));

  const running = async (name: string, signal: AbortSignal): Promise<Wire | undefined> => {
    const models = listAt(await ask("/api/ps", undefined, signal), "models") ?? [];
    return models.map((entry) => asObject(entry, "model")).find((entry) => isCalled(entry, name));
  };

  const inspect = async (name: string, signal: AbortSignal) => {
    const entry = await running(name, signal);
    const size = entry && countAt(entry, "size");
    const inVram = entry && countAt(entry, "size_vram");
    return {
      contextTokens: entry && countAt(entry, "context_length"),
      // With no accelerator at all the whole model is on the CPU, and nothing has spilled.
      offloadedBytes: size === undefined || inVram === undefined ? undefined : inVram === 0 ? 0 : size - inVram,
      memoryBytes: size,
    };
  };

  return {
    kind: "ollama",
    async versions({ signal }) {
      return { ollama: textAt(await ask("/api/version", undefined, signal), "version") ?? "unknown" };
    },
    async health({ signal }): Promise<Health> {
      try {
        return { state: "ready", detail: textAt(await ask("/api/version", undefined, signal), "version") ?? "" };
      } catch (error) {
        signal.throwIfAborted();
        return { state: "unavailable", detail: error instanceof Error ? error.message : String(error) };
      }
    },
    async list({ signal }) {
      return (await tags(signal)).flatMap((entry) => textAt(entry, "name") ?? []);
    },
    async identify({ name }: ModelRef, { signal }): Promise<ModelIdentity> {
      const found = await tags(signal);
      const entry = found.find((model) => isCalled(model, name));
      if (entry === undefined) {
        const names = found.flatMap((model) => textAt(model, "name") ?? []);
        throw new HarnessError("CONFIG_MODEL_MISSING", `Ollama has no model ${name}`, {
          hint: `Run "ollama pull ${name}". It has ${names.slice(0, 10).join(", ") || "none"}.`,
        });
      }
      return identityOf(name, entry, await ask("/api/show", { model: name }, signal));
    },
    async load(model, settings, { signal }): Promise<LoadedModel> {
      const identity = await this.identify(model, { signal });
      const { name } = model;
      if (loaded !== undefined && loaded.name !== name) await this.unload({ signal });
      const startMs = performance.now();
      const wasRunning = (await running(name, signal)) !== undefined;
      // Without a prompt it only loads. The settings go with it, since other ones later would load it again.
      const body = { model: name, keep_alive: KEEP_ALIVE, stream: false, options: ollamaOptions(settings) };
      await ask("/api/generate", body, signal, options.loadTimeoutMs);
      const loadS = (performance.now() - startMs) / 1000;
      loaded = { name, settings };
      const state = await inspect(name, signal);
      if (state.contextTokens !== undefined && state.contextTokens < settings.contextTokens) {
        throw new HarnessError(
          "RUNTIME_CONTEXT",
          `Ollama allocated a context of ${state.contextTokens} tokens, not of ${settings.contextTokens}`,
          { hint: "Lower context_tokens." },
        );
      }
      return { identity, loadS: wasRunning ? undefined : loadS, ...state };
    },
    async inspect({ signal }) {
      return inspect(requireLoaded().name, signal);
    },
    async unload({ signal }) {
      if (loaded === undefined) return;
      const { name } = loaded;
      loaded = undefined;
      await ask("/api/generate", { model: name, keep_alive: 0, stream: false }, signal, options.loadTimeoutMs);
    },
    async tokenize() {
      return undefined;
    },
    async countPrompt() {
      return undefined;
    },
    async *generate(request: GenerateRequest, { signal }): AsyncGenerator<TimedEvent> {
      const { name, settings } = requireLoaded();
      const exchange = { signal, timeoutMs: request.timeoutMs, stallTimeoutMs: request.stallTimeoutMs };
      const path = request.prompt.kind === "chat" ? "/api/chat" : "/api/generate";
      try {
        const reply = await client.open(path, ollamaBody(request, name, settings, KEEP_ALIVE), exchange);
        yield* client.guarded(ollamaEvents(reply, request, settings));
      } catch (error) {
        throw client.redacted(contextError(error) ?? error);
      }
    },
    async close() {
      if (loaded !== undefined) await this.unload({ signal: AbortSignal.timeout(ASK_MS) }).catch(() => undefined);
    },
  };

  function requireLoaded() {
    if (loaded !== undefined) return loaded;
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
  }
}

/** "llama3" and "llama3:latest" are one name. */
function isCalled(entry: Wire, name: string): boolean {
  const full = name.includes(":") ? name : `${name}:latest`;
  return textAt(entry, "name") === full || textAt(entry, "model") === full || textAt(entry, "name") === name;
}

function identityOf(name: string, entry: Wire, show: Wire): ModelIdentity {
  const details = objectAt(show, "details") ?? objectAt(entry, "details");
  const facts = objectAt(show, "model_info") ?? {};
  const architecture = textAt(facts, "general.architecture");
  const digest = textAt(entry, "digest")?.replace(/^sha256:/, "");
  const bytes = countAt(entry, "size");
  const parameters = countAt(facts, "general.parameter_count");
  return {
    name,
    digest: digest !== undefined && /^[0-9a-f]{64}$/.test(digest) ? digest : undefined,
    quantization: details && textAt(details, "quantization_level"),
    bytes,
    parameters,
    // The size is that of the whole file: an upper bound that is close for all but tiny models.
    bitsPerWeight: bytes === undefined || !parameters ? undefined : (bytes * 8) / parameters,
    contextLength: architecture === undefined ? undefined : countAt(facts, `${architecture}.context_length`),
  };
}
