import type { DoctorFinding } from "../domain/doctor.ts";
import { findProgram } from "../platform/find-program.ts";
import type { DoctorCheck } from "./doctor.ts";
import { findServers, type ServerPlace, usualPlaces } from "./language/find-servers.ts";

export const SERVER_CHECKS: readonly DoctorCheck[] = [
  { id: "language-servers", area: "runtime", look: ({ env, signal }) => lookForServers(usualPlaces(env), signal) },
  { id: "llama-server", area: "runtime", look: ({ env }) => lookForProgram(env) },
];

/** Servers of language models that answer, and what they could load. */
export async function lookForServers(places: readonly ServerPlace[], signal: AbortSignal): Promise<DoctorFinding> {
  const servers = await findServers(places, signal);
  if (servers.length === 0) {
    return {
      status: "missing",
      found: "no server of language models answers",
      advice: "Nothing to do, unless you measure language models: then start Ollama, LM Studio or llama-server.",
    };
  }
  const found = servers
    .map(({ kind, version, url, models }) => `${kind} ${version} at ${url} with ${counted(models.length)}`)
    .join(", ");
  const facts = Object.fromEntries(servers.map(({ kind, models }) => [kind, models.length]));
  const total = servers.reduce((sum, { models }) => sum + models.length, 0);
  if (total === 0) return { status: "warn", found, advice: "Pull or load a model first.", facts };
  return { status: "ok", found, advice: "Run quantgate init to write a config for them.", facts };
}

function lookForProgram(env: NodeJS.ProcessEnv): DoctorFinding {
  const path = findProgram("llama-server", env);
  if (path !== undefined) return { status: "ok", found: "llama-server can be started on GGUF files" };
  return {
    status: "missing",
    found: "no llama-server in PATH",
    advice: "Nothing to do, unless you have GGUF files and no server: then install llama.cpp.",
  };
}

function counted(models: number): string {
  return `${models} ${models === 1 ? "model" : "models"}`;
}
