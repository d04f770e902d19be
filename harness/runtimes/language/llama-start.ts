import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../../domain/errors.ts";
import type { LoadSettings, ModelRef } from "../../domain/language-runtime.ts";
import { freePort, type ServerProcess, startServer } from "../../platform/server-process.ts";
import { HttpClient } from "./http-client.ts";
import { lastLine } from "./one-line.ts";
import { asObject, textAt } from "./wire-values.ts";

export interface LlamaServerOptions {
  /** Of a server that runs already and holds one model; absent: one is started for each model from `command`. */
  readonly url?: string;
  /** Program and arguments; model, port, context and threads are added. */
  readonly command: readonly string[];
  /** Which of its two ways to complete is used. */
  readonly route: "native" | "openai";
  readonly apiKey?: string;
  /** Starting and loading end after this long. */
  readonly loadTimeoutMs: number;
}

/** Short questions: health, props, tokenize. */
export const ASK_MS = 30_000;
const POLL_MS = 20;
const MOST_POLL_MS = 500;
const MOST_STARTS = 3;
/** As llama-server and others say it. */
const PORT_TAKEN = /couldn't bind|address already in use|EADDRINUSE/i;

interface Wanted {
  readonly model: ModelRef;
  readonly settings: LoadSettings;
  readonly signal: AbortSignal;
}

export interface StartedLlama {
  readonly process: ServerProcess;
  readonly client: HttpClient;
  /** From its start until it had loaded. */
  readonly loadS: number;
}

/** At the port of a server that was started here another one answers. */
class OtherServer extends HarnessError {
  constructor(model: string) {
    super("RUNTIME_PROTOCOL", `Another server than the one that was started for ${model} answers at its port`, {
      hint: "Run it again.",
    });
  }
}

export function llamaClient(baseUrl: string, { apiKey }: LlamaServerOptions): HttpClient {
  return new HttpClient({ baseUrl, who: "llama-server", apiKey });
}

/**
 * Starts the server on the model's file and waits until it has loaded. A port that was free may be taken by the time that the server asks
 * for it: then another is tried. RUNTIME_CRASHED, RUNTIME_TIMEOUT; nothing is left running.
 */
export async function startLlama(options: LlamaServerOptions, wanted: Wanted): Promise<StartedLlama> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const startMs = performance.now();
    const process = await startServer(commandFor(options, wanted, port));
    const client = llamaClient(`http://127.0.0.1:${port}`, options);
    try {
      await untilReady(process, client, { ...wanted, timeoutMs: options.loadTimeoutMs });
      await refuseOther(process, client, wanted);
      return { process, client, loadS: (performance.now() - startMs) / 1000 };
    } catch (error) {
      const isTaken = PORT_TAKEN.test(process.log()) || error instanceof OtherServer;
      await process.stop();
      if (!isTaken || tries >= MOST_STARTS || wanted.signal.aborted) throw error;
    }
  }
}

function commandFor({ command }: LlamaServerOptions, { model, settings }: Wanted, port: number): [string, ...string[]] {
  const [program, ...args] = command;
  if (program === undefined) {
    throw new HarnessError("CONFIG_INVALID", "The llama-server runtime has neither a url nor a command", {
      hint: 'Add "url" of a running server, or "command": ["llama-server"].',
    });
  }
  const threads = settings.threads > 0 ? ["-t", String(settings.threads)] : [];
  const layers = settings.gpuLayers === undefined ? [] : ["-ngl", String(settings.gpuLayers)];
  // One slot: the context is per slot, and nothing else shares the machine with a trial.
  const fixed = ["-m", model.path as string, "-c", String(settings.contextTokens), "-np", "1"];
  const place = ["--host", "127.0.0.1", "--port", String(port)];
  return [program, ...args, ...fixed, ...place, ...threads, ...layers];
}

async function untilReady(
  process: ServerProcess,
  client: HttpClient,
  { model, signal, timeoutMs }: Wanted & { readonly timeoutMs: number },
): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    const why = process.exited();
    if (why !== undefined) {
      // Its last words may still be on their way.
      await sleep(POLL_MS);
      throw new HarnessError("RUNTIME_CRASHED", `llama-server did not load ${model.name}: ${why}`, {
        hint: `Its last words: ${lastLine(process.log()) || "none"}`,
      });
    }
    if (await isReady(client, signal)) return;
    const waitedMs = performance.now() - startMs;
    if (waitedMs > timeoutMs) {
      throw new HarnessError("RUNTIME_TIMEOUT", `llama-server did not load ${model.name} in ${timeoutMs / 1000} s`, {
        hint: "Raise load_timeout_sec.",
      });
    }
    // Asking takes processor time from the loading: the longer it takes, the more rarely it is asked, to a fiftieth of its time.
    await sleep(Math.max(POLL_MS, Math.min(waitedMs / 50, MOST_POLL_MS)), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
  }
}

async function isReady(client: HttpClient, signal: AbortSignal): Promise<boolean> {
  try {
    await client.json("/health", undefined, { signal, timeoutMs: ASK_MS });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Who answers may be another: then it holds another file, or the own server is gone. */
async function refuseOther(process: ServerProcess, client: HttpClient, { model, signal }: Wanted): Promise<void> {
  const props = asObject(await client.json("/props", undefined, { signal, timeoutMs: ASK_MS }), "props");
  const served = textAt(props, "model_path");
  const isOther = served !== undefined && basename(served) !== basename(model.path as string);
  if (isOther || process.exited() !== undefined) throw new OtherServer(model.name);
}
