import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HarnessError } from "../../domain/errors.ts";
import type { NodeTime, OpenSession, SessionPort, TensorValue } from "../../domain/session-port.ts";
import type { ValueCounts } from "../../domain/value-counts.ts";
import { writeError } from "../../platform/file-errors.ts";
import { readBytes, readText } from "../../platform/files.ts";
import { parseJson } from "../../platform/json.ts";
import { startWorker, type Worker } from "../../platform/worker-host.ts";
import { workerModule } from "../../platform/worker-module.ts";
import { nodeTimes } from "./node-times.ts";
import type { SessionRequest } from "./session-request.ts";

/** The sessions of a pipeline, each in a child process. */
export interface ChildSessions extends SessionPort {
  /** Ends every child. Sessions still open are closed with it. */
  close(): Promise<void>;
}

export interface ChildSessionsOptions {
  /** Longest time for one load or run, default 10 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Starts the first child at once, for an owner that has other work to do before it opens a session. */
  readonly eager?: boolean;
  /** Another child program, in tests. */
  readonly worker?: URL;
}

const TIMEOUT_MS = 600_000;

/** Runs of a profile: a median of so many is steady on a quiet machine. */
const PROFILED_RUNS = 30;

/**
 * Runs models for calibration and inspection where a crash cannot hurt: RUNTIME_CRASHED when the model takes the child down,
 * CONFIG_MODEL_INVALID when ONNX Runtime refuses it. A child whose session was closed serves the next one, as starting costs some 0.3 s.
 */
export function childSessions(options: ChildSessionsOptions = {}): ChildSessions {
  const {
    timeoutMs = TIMEOUT_MS,
    signal,
    eager = false,
    worker: module = workerModule("./session-worker", import.meta.url),
  } = options;
  const children = new Set<Worker>();
  let idle = eager ? start() : undefined;

  function start(): Worker {
    const worker = startWorker(module, { label: "the ONNX Runtime process" });
    children.add(worker);
    return worker;
  }

  function take(): Worker {
    const worker = idle ?? start();
    idle = undefined;
    return worker;
  }

  async function give(worker: Worker): Promise<void> {
    if (idle === undefined && children.has(worker)) idle = worker;
    else await drop(worker);
  }

  async function drop(worker: Worker): Promise<void> {
    children.delete(worker);
    await worker.close();
  }

  async function ask(worker: Worker, request: SessionRequest): Promise<unknown> {
    try {
      return await worker.request(request, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (error instanceof HarnessError && error.code.startsWith("CONFIG_")) throw error;
      await drop(worker);
      throw nameTheModel(error, request.kind);
    }
  }

  /** A request that needs nothing afterwards of a child that refused it: the child can serve the next. */
  async function begin(request: SessionRequest): Promise<Worker> {
    const worker = take();
    try {
      await ask(worker, request);
      return worker;
    } catch (error) {
      if (children.has(worker)) await give(worker);
      throw error;
    }
  }

  return {
    async open(model, options = {}): Promise<OpenSession> {
      const worker = await begin({ kind: "open", model, options });
      let isOpen = true;
      return {
        async run(feeds, outputs) {
          const request = { kind: "run" as const, feeds, ...(outputs === undefined ? {} : { outputs }) };
          return (await ask(worker, request)) as Record<string, TensorValue>;
        },
        async count(feeds, outputs) {
          await ask(worker, { kind: "count", feeds, outputs });
        },
        async counts(output) {
          return (await ask(worker, { kind: "counts", output })) as ValueCounts;
        },
        async close() {
          if (!isOpen || !children.has(worker)) return;
          isOpen = false;
          await ask(worker, { kind: "release" });
          await give(worker);
        },
      };
    },
    async optimize(model, options = {}): Promise<Uint8Array> {
      const folder = await mkdtemp(join(tmpdir(), "quantgate-optimize-")).catch((cause: unknown) => {
        throw writeError(tmpdir(), cause);
      });
      try {
        const dumpPath = join(folder, "optimized.onnx");
        await give(await begin({ kind: "optimize", model, options, dumpPath }));
        return await readBytes(dumpPath, { what: "the optimized model", code: "STORE_MISSING" });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async profile(model, feeds, { runs = PROFILED_RUNS, ...options } = {}): Promise<readonly NodeTime[]> {
      const folder = await mkdtemp(join(tmpdir(), "quantgate-profile-")).catch((cause: unknown) => {
        throw writeError(tmpdir(), cause);
      });
      try {
        const prefix = join(folder, "profile");
        // One run more: the first is not counted.
        await give(await begin({ kind: "profile", model, options, feeds, runs: runs + 1, prefix }));
        const [file = ""] = await readdir(folder);
        const what = "the profile";
        const text = await readText(join(folder, file), { what, code: "STORE_MISSING" });
        return nodeTimes(parseJson(text, { what, code: "STORE_CORRUPT" }));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async close() {
      idle = undefined;
      await Promise.all([...children].map(drop));
    },
  };
}

/** A child that died while it held a model most likely died of it. */
function nameTheModel(error: unknown, kind: SessionRequest["kind"]): unknown {
  if (!(error instanceof HarnessError) || error.code !== "RUNTIME_CRASHED") return error;
  const during = {
    open: "was loaded",
    run: "ran",
    count: "ran",
    counts: "was counted",
    release: "was released",
    optimize: "was optimized",
    profile: "was profiled",
  }[kind];
  return new HarnessError("RUNTIME_CRASHED", `The model crashed ONNX Runtime while it ${during}: ${error.message}`, {
    hint: error.hint,
    cause: error.cause ?? error,
  });
}
