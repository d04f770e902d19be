import { HarnessError } from "../domain/errors.ts";
import type { LanguageRuntime } from "../domain/language-runtime.ts";
import { llamaServer } from "../runtimes/language/llama-server.ts";
import { ollama } from "../runtimes/language/ollama.ts";
import { openaiRuntime } from "../runtimes/language/openai.ts";

export interface ServerAddress {
  readonly runtime: "ollama" | "llama-server" | "openai";
  readonly url?: string | undefined;
  /** Program and arguments of a llama-server that is started for each length. */
  readonly command?: readonly string[] | undefined;
  /** Environment variable that holds the API key. */
  readonly apiKeyEnv?: string | undefined;
}

const OLLAMA_URL = "http://127.0.0.1:11434";
const LOAD_TIMEOUT_MS = 600_000;

/** The adapter for a server named on a command line. CONFIG_USAGE where its address is missing, CONFIG_INVALID where its key is. */
export function openServer(address: ServerAddress, env: NodeJS.ProcessEnv): LanguageRuntime {
  const key = keyOf(address, env);
  const url = address.url?.replace(/\/+$/, "");
  switch (address.runtime) {
    case "ollama":
      return ollama({ url: url ?? OLLAMA_URL, loadTimeoutMs: LOAD_TIMEOUT_MS, ...key });
    case "llama-server":
      return llamaServer({
        ...(url === undefined ? {} : { url }),
        command: address.command ?? ["llama-server"],
        route: "native",
        loadTimeoutMs: LOAD_TIMEOUT_MS,
        ...key,
      });
    case "openai":
      if (url !== undefined) return openaiRuntime({ url, ...key });
      throw new HarnessError("CONFIG_USAGE", "The runtime openai needs an address", {
        hint: "Give --url http://host:port/v1.",
      });
  }
}

function keyOf({ apiKeyEnv }: ServerAddress, env: NodeJS.ProcessEnv): { apiKey?: string } {
  if (apiKeyEnv === undefined) return {};
  const apiKey = env[apiKeyEnv];
  if (apiKey !== undefined && apiKey !== "") return { apiKey };
  throw new HarnessError("CONFIG_INVALID", `The environment variable ${apiKeyEnv} is not set`, {
    hint: "It is to hold the API key that --api-key-env names.",
  });
}
