import { HarnessError } from "../../domain/errors.ts";
import type { LanguageRuntime, ModelIdentity } from "../../domain/language-runtime.ts";
import { LMSTUDIO_URL, OLLAMA_URL, openLanguageRuntime } from "./open-language-runtime.ts";

/** Where a server may listen. */
export interface ServerPlace {
  readonly kind: "ollama" | "lmstudio" | "llama-server" | "openai";
  readonly url: string;
}

export interface FoundServer extends ServerPlace {
  /** Version, as it says itself. */
  readonly version: string;
  readonly models: readonly ModelIdentity[];
}

/** A local server answers in milliseconds. */
const LOOK_MS = 2000;
/** Models of one server that are looked at. */
const MOST_MODELS = 100;

/** The usual places; Ollama's is where OLLAMA_HOST says, as for its own programs. */
export function usualPlaces(env: NodeJS.ProcessEnv): ServerPlace[] {
  const host = env["OLLAMA_HOST"] ?? "";
  const named = host === "" ? OLLAMA_URL : host.includes("://") ? host : `http://${host}`;
  // Servers listen on every address by 0.0.0.0, which is none to ask.
  const ollama = /:\d+\/?$/.test(named) ? named : `${named}:11434`;
  return [
    { kind: "ollama", url: ollama.replace("//0.0.0.0", "//127.0.0.1") },
    { kind: "lmstudio", url: LMSTUDIO_URL },
    { kind: "llama-server", url: "http://127.0.0.1:8080" },
    { kind: "openai", url: "http://127.0.0.1:8000/v1" },
  ];
}

/** Servers that answer, with what they could load; places where none answers are left out. Rejects on abort alone. */
export async function findServers(places: readonly ServerPlace[], signal: AbortSignal): Promise<FoundServer[]> {
  const found = await Promise.all(places.map((place) => look(place, signal)));
  return found.filter((server) => server !== undefined);
}

async function look(place: ServerPlace, outer: AbortSignal): Promise<FoundServer | undefined> {
  const runtime = openLanguageRuntime(
    { runtime: place.kind, url: place.url, command: null, route: "native", api_key_env: null, load_timeout_sec: 10 },
    {},
  );
  const signal = AbortSignal.any([outer, AbortSignal.timeout(LOOK_MS)]);
  try {
    const { state } = await runtime.health({ signal });
    if (state !== "ready") return undefined;
    const names = await runtime.list({ signal });
    const models: ModelIdentity[] = [];
    for (const name of names.slice(0, MOST_MODELS)) {
      const identity = await identify(runtime, name, signal);
      if (identity !== undefined) models.push(identity);
    }
    const version = Object.values(await runtime.versions({ signal }))[0] ?? "unknown";
    return { ...place, version, models };
  } catch (error) {
    outer.throwIfAborted();
    // Something else listens there, or it is too slow to be used.
    if (error instanceof HarnessError || signal.aborted) return undefined;
    throw error;
  } finally {
    await runtime.close();
  }
}

/** A model that cannot be identified is none to offer. */
async function identify(
  runtime: LanguageRuntime,
  name: string,
  signal: AbortSignal,
): Promise<ModelIdentity | undefined> {
  try {
    return await runtime.identify({ name }, { signal });
  } catch (error) {
    if (error instanceof HarnessError) return undefined;
    throw error;
  }
}
