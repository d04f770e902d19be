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
import { lmstudioBody, lmstudioEvents } from "./lmstudio-stream.ts";
import { chatBody, chatEvents } from "./openai-chat.ts";
import { withNonce } from "./prompt-marks.ts";
import { asObject, countAt, listAt, numberAt, objectAt, textAt, type Wire } from "./wire-values.ts";

export interface LmstudioOptions {
  /** Without a path, e.g. http://127.0.0.1:1234. */
  readonly url: string;
  readonly apiKey?: string;
  readonly loadTimeoutMs: number;
}

const WHO = "LM Studio";
const ASK_MS = 30_000;

/**
 * LM Studio by its REST API v1. It names label, size and bits per weight, and no digest: such cells say so. Its chat takes a system prompt
 * and one message; raw prompts and longer conversations go by its OpenAI route. Seed, threads and layers cannot be set.
 */
export function lmstudio(options: LmstudioOptions): LanguageRuntime {
  const client = new HttpClient({ baseUrl: options.url, who: WHO, apiKey: options.apiKey });
  let loaded: { readonly instance: string; readonly settings: LoadSettings } | undefined;

  const ask = async (path: string, body: object | undefined, signal: AbortSignal, timeoutMs = ASK_MS): Promise<Wire> =>
    asObject(await client.json(path, body, { signal, timeoutMs }), path);

  const models = async (signal: AbortSignal): Promise<readonly Wire[]> => {
    const found = listAt(await ask("/api/v1/models", undefined, signal), "models") ?? [];
    return found.map((entry) => asObject(entry, "model")).filter((entry) => textAt(entry, "type") !== "embedding");
  };

  const contextOf = async (instance: string, signal: AbortSignal): Promise<number | undefined> => {
    for (const model of await models(signal)) {
      for (const entry of listAt(model, "loaded_instances") ?? []) {
        const one = asObject(entry, "instance");
        const config = objectAt(one, "config");
        if (textAt(one, "id") === instance && config !== undefined) return countAt(config, "context_length");
      }
    }
    return undefined;
  };

  const current = () => {
    if (loaded !== undefined) return loaded;
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
  };

  return {
    kind: "lmstudio",
    async versions() {
      return { lmstudio: "v1" };
    },
    async health({ signal }): Promise<Health> {
      try {
        return { state: "ready", detail: `${(await models(signal)).length} models` };
      } catch (error) {
        signal.throwIfAborted();
        return { state: "unavailable", detail: error instanceof Error ? error.message : String(error) };
      }
    },
    async list({ signal }) {
      return (await models(signal)).flatMap((entry) => textAt(entry, "key") ?? []);
    },
    async identify({ name }: ModelRef, { signal }): Promise<ModelIdentity> {
      const found = await models(signal);
      const entry = found.find((model) => textAt(model, "key") === name);
      if (entry !== undefined) return identityOf(name, entry);
      const names = found.flatMap((model) => textAt(model, "key") ?? []);
      throw new HarnessError("CONFIG_MODEL_MISSING", `LM Studio has no model ${name}`, {
        hint: `It has ${names.slice(0, 10).join(", ") || "none"}.`,
      });
    },
    async load(model, settings, { signal }): Promise<LoadedModel> {
      const identity = await this.identify(model, { signal });
      await this.unload({ signal });
      const body = { model: model.name, context_length: settings.contextTokens, echo_load_config: true };
      const reply = await ask("/api/v1/models/load", body, signal, options.loadTimeoutMs);
      const instance = textAt(reply, "instance_id") ?? textAt(reply, "model_instance_id") ?? model.name;
      loaded = { instance, settings };
      const config = objectAt(reply, "load_config");
      const contextTokens =
        (config === undefined ? undefined : countAt(config, "context_length")) ?? (await contextOf(instance, signal));
      if (contextTokens !== undefined && contextTokens < settings.contextTokens) {
        throw new HarnessError(
          "RUNTIME_CONTEXT",
          `LM Studio allocated a context of ${contextTokens} tokens, not of ${settings.contextTokens}`,
          { hint: "Lower context_tokens." },
        );
      }
      return {
        identity,
        loadS: numberAt(reply, "load_time_seconds"),
        contextTokens,
        offloadedBytes: undefined,
        memoryBytes: undefined,
      };
    },
    async inspect({ signal }) {
      const contextTokens = await contextOf(current().instance, signal);
      return { contextTokens, offloadedBytes: undefined, memoryBytes: undefined };
    },
    async unload({ signal }) {
      if (loaded === undefined) return;
      const { instance } = loaded;
      loaded = undefined;
      await ask("/api/v1/models/unload", { instance_id: instance }, signal, options.loadTimeoutMs);
    },
    async tokenize() {
      return undefined;
    },
    async countPrompt() {
      return undefined;
    },
    async *generate(asked: GenerateRequest, { signal }): AsyncGenerator<TimedEvent> {
      const request = marked(asked);
      const { instance, settings } = current();
      const exchange = { signal, timeoutMs: request.timeoutMs, stallTimeoutMs: request.stallTimeoutMs };
      const body = lmstudioBody(request, instance);
      try {
        if (body !== undefined) {
          const reply = await client.open("/api/v1/chat", body, exchange);
          yield* client.guarded(lmstudioEvents(reply, request, settings));
          return;
        }
        const path = request.prompt.kind === "chat" ? "/v1/chat/completions" : "/v1/completions";
        const reply = await client.open(path, chatBody(request, instance), exchange);
        yield* client.guarded(chatEvents(reply, request, WHO));
      } catch (error) {
        throw client.redacted(contextError(error) ?? error);
      }
    },
    async close() {
      if (loaded !== undefined) await this.unload({ signal: AbortSignal.timeout(ASK_MS) }).catch(() => undefined);
    },
  };
}

/** It always caches, and cannot be told not to. */
function marked(request: GenerateRequest): GenerateRequest {
  return request.cachePrompt && !request.isRepeat ? request : { ...request, prompt: withNonce(request.prompt) };
}

function identityOf(name: string, entry: Wire): ModelIdentity {
  const quantization = objectAt(entry, "quantization");
  return {
    name,
    digest: undefined,
    quantization: quantization && textAt(quantization, "name"),
    bytes: countAt(entry, "size_bytes"),
    parameters: parametersOf(textAt(entry, "params_string")),
    bitsPerWeight: quantization && numberAt(quantization, "bits_per_weight"),
    contextLength: countAt(entry, "max_context_length"),
  };
}

/** "135M", "7B"; undefined for anything else. */
function parametersOf(text: string | undefined): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMBT])$/i.exec(text ?? "") ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Number(number) * { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[unit.toUpperCase() as "K" | "M" | "B" | "T"];
}
