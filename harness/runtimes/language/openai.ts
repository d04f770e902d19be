import { HarnessError } from "../../domain/errors.ts";
import type {
  GenerateRequest,
  Health,
  LanguageRuntime,
  LoadedModel,
  ModelIdentity,
  ModelRef,
  TimedEvent,
} from "../../domain/language-runtime.ts";
import { contextError } from "./context-error.ts";
import { type Exchange, HttpClient, Refused } from "./http-client.ts";
import { chatBody, chatEvents } from "./openai-chat.ts";
import { asObject, listAt, textAt } from "./wire-values.ts";

const WHO = "The OpenAI-compatible server";
const ASK_MS = 30_000;

/** Any endpoint that speaks OpenAI's completions. It names neither weights nor their digest: such cells say so, and are not verified. */
export function openaiRuntime(options: { readonly url: string; readonly apiKey?: string }): LanguageRuntime {
  const client = new HttpClient({ baseUrl: options.url, who: WHO, apiKey: options.apiKey });
  let model = "";
  // Learned from the server's refusal, once.
  let usage = true;

  const models = async (signal: AbortSignal): Promise<string[]> => {
    const reply = asObject(await client.json("/models", undefined, { signal, timeoutMs: ASK_MS }), "models");
    return (listAt(reply, "data") ?? []).flatMap((entry) => textAt(asObject(entry, "model"), "id") ?? []);
  };

  return {
    kind: "openai",
    async versions() {
      return { openai: "v1" };
    },
    async health({ signal }): Promise<Health> {
      try {
        await models(signal);
        return { state: "ready", detail: "" };
      } catch (error) {
        signal.throwIfAborted();
        return { state: "unavailable", detail: error instanceof Error ? error.message : String(error) };
      }
    },
    list: ({ signal }) => models(signal),
    async identify({ name }: ModelRef, { signal }): Promise<ModelIdentity> {
      const names = await models(signal);
      if (!names.includes(name)) {
        throw new HarnessError("CONFIG_MODEL_MISSING", `${WHO} has no model ${name}`, {
          hint: `It has ${names.slice(0, 10).join(", ") || "none"}.`,
        });
      }
      return unknownIdentity(name);
    },
    async load(ref, _settings, { signal }): Promise<LoadedModel> {
      const identity = await this.identify(ref, { signal });
      model = ref.name;
      return {
        identity,
        loadS: undefined,
        contextTokens: undefined,
        offloadedBytes: undefined,
        memoryBytes: undefined,
      };
    },
    async inspect() {
      return { contextTokens: undefined, offloadedBytes: undefined, memoryBytes: undefined };
    },
    async unload() {},
    async tokenize() {
      return undefined;
    },
    async countPrompt() {
      return undefined;
    },
    async *generate(request: GenerateRequest, { signal }): AsyncGenerator<TimedEvent> {
      const exchange = { signal, timeoutMs: request.timeoutMs, stallTimeoutMs: request.stallTimeoutMs };
      try {
        yield* client.guarded(chatEvents(await open(request, exchange), request, WHO));
      } catch (error) {
        throw client.redacted(contextError(error) ?? error);
      }
    },
    async close() {},
  };

  async function open(request: GenerateRequest, exchange: Exchange) {
    const path = request.prompt.kind === "chat" ? "/chat/completions" : "/completions";
    try {
      return await client.open(path, chatBody(request, model, { usage }), exchange);
    } catch (error) {
      // Older servers refuse what they do not know: then their tokens are counted by chunks, and marked as an estimate.
      if (!usage || !(error instanceof Refused) || !/stream_options|include_usage/.test(error.body)) throw error;
      usage = false;
      return client.open(path, chatBody(request, model, { usage }), exchange);
    }
  }
}

/** A model of which only the name is known. */
export function unknownIdentity(name: string): ModelIdentity {
  return {
    name,
    digest: undefined,
    quantization: undefined,
    bytes: undefined,
    parameters: undefined,
    bitsPerWeight: undefined,
    contextLength: undefined,
  };
}
