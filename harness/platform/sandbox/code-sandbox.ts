import { HarnessError } from "../../domain/errors.ts";
import type { CodeOutcome, CodeRequest } from "../../domain/task-port.ts";
import { startWorker, type Worker } from "../worker-host.ts";
import { workerModule } from "../worker-module.ts";
import { runPython } from "./run-python.ts";

/** Runs code that a model wrote against its tests; one request at a time. */
export interface CodeSandbox {
  /** Every ending is an outcome; rejects only when `signal` aborts, with its reason. */
  run(request: CodeRequest, options?: { readonly signal?: AbortSignal }): Promise<CodeOutcome>;
  close(): Promise<void>;
}

/** Start of the child and of its engine on a busy machine. */
const START_MS = 15_000;
/** Beyond the limit of the code itself, which the engine watches between its own steps only: a long native one must be cut off. */
const GRACE_MS = 2000;
/** Answered as soon as the child has loaded its engine. */
const NOTHING: CodeRequest = { language: "javascript", code: "", tests: [], timeLimitMs: START_MS, memoryLimitMb: 16 };
const PERMISSION_OF_NODE_20 = "--experimental-permission";

/**
 * A sandbox of child processes that are killed with all they started. JavaScript runs in a WebAssembly engine that has no function for
 * files, network, time or processes, a fresh one for each request; Python in namespaces of its own (Linux). Where that cannot be had
 * the outcome is `unavailable`: code is never run without it.
 */
export function openCodeSandbox(): CodeSandbox {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function runJavascript(request: CodeRequest, signal?: AbortSignal): Promise<CodeOutcome> {
    const aborting = signal === undefined ? {} : { signal };
    let isStarted = worker !== undefined;
    try {
      worker ??= startJavascript();
      if (!isStarted) await worker.request(NOTHING, { timeoutMs: START_MS, ...aborting });
      isStarted = true;
      return (await worker.request(request, { timeoutMs: request.timeLimitMs + GRACE_MS, ...aborting })) as CodeOutcome;
    } catch (error) {
      // Whatever it was, this child is dead, or not to be trusted any more.
      worker?.kill();
      worker = undefined;
      signal?.throwIfAborted();
      if (!(error instanceof HarnessError)) throw error;
      if (!isStarted) return { status: "unavailable", reason: error.message };
      if (error.code === "RUNTIME_TIMEOUT") return { status: "timed-out" };
      return { status: "broke", message: "it broke the engine that runs it" };
    }
  }

  return {
    run(request, { signal } = {}) {
      const next = last.then(() => {
        signal?.throwIfAborted();
        return request.language === "javascript" ? runJavascript(request, signal) : runPython(request, signal);
      });
      last = next.catch(() => undefined);
      return next;
    },
    async close() {
      await worker?.close();
      worker = undefined;
    },
  };
}

function startJavascript(): Worker {
  const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : PERMISSION_OF_NODE_20;
  return startWorker(workerModule("javascript-worker", import.meta.url), {
    label: "the JavaScript sandbox",
    inheritsEnv: false,
    nodeFlags: [
      "--no-warnings",
      // A second wall: were the engine to be broken out of, there is still no writing, no child process and no worker.
      permission,
      "--allow-fs-read=*",
      // Deep recursion in the engine needs stack of its host.
      "--stack-size=3000",
    ],
  });
}
