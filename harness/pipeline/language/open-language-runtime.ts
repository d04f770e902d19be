import { HarnessError } from "../../domain/errors.ts";
import type { Plan } from "../../domain/generated/plan-v1.ts";
import type { LanguageRuntime } from "../../domain/language-runtime.ts";
import { llamaServer } from "../../runtimes/language/llama-server.ts";
import { ollama } from "../../runtimes/language/ollama.ts";
import { openaiRuntime } from "../../runtimes/language/openai.ts";

/** Which adapter, and how it reaches its server. */
export type LanguageControls = Pick<
  NonNullable<Plan["language"]>,
  "runtime" | "url" | "command" | "route" | "api_key_env" | "load_timeout_sec"
>;

const OLLAMA_URL = "http://127.0.0.1:11434";

/**
 * The adapter that a config names. The API key is read from the environment here, and handed to nobody but the adapter.
 * CONFIG_INVALID where an address or a key is missing.
 */
export function openLanguageRuntime(controls: LanguageControls, env: NodeJS.ProcessEnv): LanguageRuntime {
  const { runtime, url, command, route } = controls;
  const apiKey = keyOf(controls, env);
  const loadTimeoutMs = controls.load_timeout_sec * 1000;
  switch (runtime) {
    case "ollama":
      return ollama({ url: withoutSlash(url ?? OLLAMA_URL), loadTimeoutMs, ...apiKey });
    case "llama-server":
      return llamaServer({
        ...(url === null ? {} : { url: withoutSlash(url) }),
        command: command ?? ["llama-server"],
        route,
        loadTimeoutMs,
        ...apiKey,
      });
    case "openai":
      return openaiRuntime({ url: withoutSlash(required(url, runtime)), ...apiKey });
    default:
      throw new HarnessError("CONFIG_INVALID", `The runtime ${runtime} cannot be opened here`, {
        hint: "Use ollama, llama-server or openai.",
      });
  }
}

function keyOf({ api_key_env }: LanguageControls, env: NodeJS.ProcessEnv): { apiKey?: string } {
  if (api_key_env === null) return {};
  const apiKey = env[api_key_env];
  if (apiKey !== undefined && apiKey !== "") return { apiKey };
  throw new HarnessError("CONFIG_INVALID", `The environment variable ${api_key_env} is not set`, {
    hint: "It is to hold the API key that the config names by api_key_env.",
  });
}

function required(url: string | null, runtime: string): string {
  if (url !== null) return url;
  throw new HarnessError("CONFIG_INVALID", `The runtime ${runtime} needs an address`, {
    hint: 'Add "language": { "url": "http://..." } to the config.',
  });
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
