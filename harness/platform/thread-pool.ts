import { Worker } from "node:worker_threads";
import { ERROR_CODES, type ErrorCode, HarnessError } from "../domain/errors.ts";

/** Work for one thread; `bytes` is what it holds in memory while it is under way. */
export interface ThreadTask<Input> {
  readonly bytes: number;
  /** Reads the input when its turn comes, so that waiting tasks hold nothing. */
  readonly load: () => Promise<{ readonly input: Input; readonly transfer?: ArrayBuffer[] }>;
}

export interface ThreadPoolOptions<Input, Output> {
  /** Module that calls serveThread of thread-child.ts. */
  readonly module: URL;
  readonly tasks: readonly ThreadTask<Input>[];
  readonly threads: number;
  /** Bytes that tasks under way may hold together; a task larger than all of it runs alone. */
  readonly budgetBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Called in the order in which tasks end; the next task waits for it. */
  readonly onDone: (index: number, output: Output) => Promise<void> | void;
}

/**
 * Runs tasks on threads, in order, as many at a time as threads and bytes allow. The first failure ends all threads and is thrown;
 * so does an abort, with the signal's reason. RUNTIME_CRASHED for a thread that dies.
 */
export async function runOnThreads<Input, Output>(options: ThreadPoolOptions<Input, Output>): Promise<void> {
  const { tasks, budgetBytes, signal } = options;
  signal?.throwIfAborted();
  if (tasks.length === 0) return;
  const threads = Array.from(
    { length: Math.max(1, Math.min(options.threads, tasks.length)) },
    () => new Worker(options.module),
  );
  let next = 0;
  let held = 0;
  let wake: (() => void)[] = [];
  let failure: { readonly error: unknown } | undefined;
  const wakeAll = () => {
    for (const go of wake.splice(0)) go();
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    wakeAll();
    // A thread that is told to end rejects what waits for it.
    for (const thread of threads) void thread.terminate();
  };
  const onAbort = () => fail(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.all(
      threads.map(async (thread) => {
        while (failure === undefined && next < tasks.length) {
          const task = tasks[next] as ThreadTask<Input>;
          // In order: a small task does not overtake a large one that waits, or that one might wait for ever.
          if (held > 0 && held + task.bytes > budgetBytes) {
            await new Promise<void>((resolve) => wake.push(resolve));
            continue;
          }
          const index = next++;
          held += task.bytes;
          try {
            const { input, transfer } = await task.load();
            if (failure !== undefined) return;
            await options.onDone(index, (await ask(thread, input, transfer ?? [])) as Output);
          } catch (error) {
            fail(error);
          } finally {
            held -= task.bytes;
            wakeAll();
          }
        }
      }),
    );
  } finally {
    signal?.removeEventListener("abort", onAbort);
    wake = [];
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  if (failure !== undefined) throw failure.error;
}

function ask(thread: Worker, input: unknown, transfer: ArrayBuffer[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      thread.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (message: { value?: unknown; error?: { code: string; message: string; hint: string } }) =>
      settle(() => (message.error === undefined ? resolve(message.value) : reject(errorOf(message.error))));
    const onError = (error: unknown) =>
      settle(() => reject(crashed(error instanceof Error ? error.message : String(error), error)));
    const onExit = (code: number) => settle(() => reject(crashed(`it ended with code ${code}`)));
    thread.on("message", onMessage).on("error", onError).on("exit", onExit);
    thread.postMessage(input, transfer);
  });
}

function errorOf({ code, message, hint }: { code: string; message: string; hint: string }): HarnessError {
  return Object.hasOwn(ERROR_CODES, code) ? new HarnessError(code as ErrorCode, message, { hint }) : crashed(message);
}

function crashed(reason: string, cause?: unknown): HarnessError {
  return new HarnessError("RUNTIME_CRASHED", `A worker thread failed: ${reason}`, {
    hint: "Run it again; give it less at once with --workers and --memory-budget.",
    cause,
  });
}
