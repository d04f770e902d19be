import { HarnessError } from "../../domain/errors.ts";
import type { Plan } from "../../domain/generated/plan-v1.ts";
import type { LanguageRuntime } from "../../domain/language-runtime.ts";
import { commandRuntime } from "../../runtimes/language/command/command-runtime.ts";
import { llamaServer } from "../../runtimes/language/llama-server.ts";
import { lmstudio } from "../../runtimes/language/lmstudio.ts";
import { nodeLlama } from "../../runtimes/language/node-llama/node-llama.ts";
import { ollama } from "../../runtimes/language/ollama.ts";
import { openaiRuntime } from "../../runtimes/language/openai.ts";

/** Which adapter, and how it reaches its model; of a plan, or of a command line. */
export type LanguageControls = Pick<
  NonNullable<Plan["language"]>,
  "runtime" | "url" | "command" | "route" | "api_key_env" | "load_timeout_sec"
>;

/** Runtimes that a command line can name. */
export const SERVED_RUNTIMES = ["ollama", "llama-server", "openai", "lmstudio", "node-llama-cpp", "command"] as const;

export const OLLAMA_URL = "http://127.0.0.1:11434";
export const LMSTUDIO_URL = "http://127.0.0.1:1234";

/**
 * The adapter that is named. The API key is read from the environment here, and handed to nobody but the adapter.
 * CONFIG_INVALID where an address, a program or a key is missing.
 */
export function openLanguageRuntime(controls: LanguageControls, env: NodeJS.ProcessEnv): LanguageRuntime {
  const { runtime, command, route } = controls;
  const url = controls.url === null ? null : plainUrl(controls.url);
  const apiKey = keyOf(controls, env);
  const loadTimeoutMs = controls.load_timeout_sec * 1000;
  switch (runtime) {
    case "ollama":
      return ollama({ url: withoutSlash(url ?? OLLAMA_URL), loadTimeoutMs, ...apiKey });
    case "lmstudio":
      return lmstudio({ url: withoutSlash(url ?? LMSTUDIO_URL), loadTimeoutMs, ...apiKey });
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
    case "node-llama-cpp":
      return nodeLlama({ loadTimeoutMs });
    case "command":
      if (command === null || command.length === 0) {
        throw new HarnessError("CONFIG_INVALID", "The runtime command needs a program", {
          hint: 'Give it as "language": { "command": ["my-program"] } in the config, or by --command.',
        });
      }
      return commandRuntime({ kind: "command", command, who: command[0] as string, loadTimeoutMs });
    default:
      throw new HarnessError("CONFIG_INVALID", `The runtime ${runtime} cannot be opened here`, {
        hint: `Use ${SERVED_RUNTIMES.join(", ")}.`,
      });
  }
}

function keyOf({ api_key_env }: LanguageControls, env: NodeJS.ProcessEnv): { apiKey?: string } {
  if (api_key_env === null) return {};
  // Files of settings leave line ends behind.
  const apiKey = env[api_key_env]?.trim();
  if (apiKey !== undefined && /[^\x21-\x7e]/.test(apiKey)) {
    throw new HarnessError("CONFIG_INVALID", `The environment variable ${api_key_env} holds no API key`, {
      hint: "A key is of letters, digits and signs, without spaces or line ends.",
    });
  }
  if (apiKey !== undefined && apiKey !== "") return { apiKey };
  throw new HarnessError("CONFIG_INVALID", `The environment variable ${api_key_env} is not set`, {
    hint: "It is to hold the API key that api_key_env names.",
  });
}

function required(url: string | null, runtime: string): string {
  if (url !== null) return url;
  throw new HarnessError("CONFIG_INVALID", `The runtime ${runtime} needs an address`, {
    hint: 'Give it as "language": { "url": "http://..." } in the config, or by --url.',
  });
}

/** Addresses stand in plans and reports: what they hold is no secret. */
function plainUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.username === "" && url.password === "" && url.search === "" && url.hash === ""))
    return text;
  throw new HarnessError("CONFIG_INVALID", `The address of ${url.host} holds a user, a password or a query`, {
    hint: "Addresses are written into artifacts. Name the variable that holds the key as api_key_env.",
  });
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
