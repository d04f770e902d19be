import { fileURLToPath } from "node:url";
import type { LanguageRuntime } from "../../../domain/language-runtime.ts";
import { workerModule } from "../../../platform/worker-module.ts";
import { commandRuntime } from "../command/command-runtime.ts";
import { ggufIdentity } from "../gguf-identity.ts";

/**
 * llama.cpp inside Node, by the package node-llama-cpp where it is installed. In a process of its own, by the protocol that any program can
 * speak: a model file that its library cannot bear ends that process, and no trial but its own.
 */
export function nodeLlama({ loadTimeoutMs }: { readonly loadTimeoutMs: number }): LanguageRuntime {
  const worker = fileURLToPath(workerModule("worker", import.meta.url));
  return commandRuntime({
    kind: "node-llama-cpp",
    command: [process.execPath, worker],
    who: "node-llama-cpp",
    loadTimeoutMs,
    identifyFile: ggufIdentity,
  });
}
