import { type ChildProcess, spawn } from "node:child_process";
import { killGroup, ownGroup } from "./process-group.ts";

/** How a program ended. */
export type ProgramOutcome =
  | {
      readonly status: "exited";
      /** null when a signal ended it. */
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly status: "timed-out"; readonly stdout: string; readonly stderr: string }
  | { readonly status: "not-started"; readonly reason: string };

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input, which is closed then. */
  readonly input?: string | Uint8Array;
  /** Called for each piece of standard output as it comes, e.g. by a probe client; stdout is then not collected. */
  readonly onStdout?: (text: string) => void;
  /** Called for each piece of standard error as it comes; its end is kept all the same. */
  readonly onStderr?: (text: string) => void;
}

/** Most of an output that is kept; the rest is dropped from the front. */
const KEPT_STDOUT = 16 << 20;
const KEPT_STDERR = 8 << 10;

/**
 * Runs a program to its end, without a shell. It and everything it started are killed on timeout and abort, and when it ends.
 * Every ending is an outcome; only an abort rejects, with the signal's reason.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramOutcome> {
  const { signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, {
    detached: true,
    windowsHide: true,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env as NodeJS.ProcessEnv }),
  });
  const stdout = new Tail(KEPT_STDOUT);
  const stderr = new Tail(KEPT_STDERR);
  child.stdout?.setEncoding("utf8").on("data", options.onStdout ?? ((text: string) => stdout.add(text)));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr.add(text);
    options.onStderr?.(text);
  });
  // A program that ends without reading its input is no fault of ours.
  child.stdin?.on("error", () => undefined).end(options.input);

  const ending = superviseChild(child);
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    ending.kill();
  }, timeoutMs);
  const onAbort = (): void => ending.kill();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const end = await ending.done;
    signal?.throwIfAborted();
    if (end.status === "not-started") return end;
    if (isTimedOut) return { status: "timed-out", stdout: stdout.text, stderr: stderr.text };
    return { ...end, stdout: stdout.text, stderr: stderr.text };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** How a child ended, whoever ended it. */
export type ChildEnding =
  | { readonly status: "exited"; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly status: "not-started"; readonly reason: string };

/** Longest wait for the pipes of a dead child, which a descendant outside its group may hold open. */
const DRAIN_MS = 500;

/** Takes ownership of a detached child: its group is killed when it ends. `done` never rejects. */
export function superviseChild(child: ChildProcess): { readonly done: Promise<ChildEnding>; kill(): void } {
  const pid = child.pid;
  if (pid !== undefined) ownGroup(pid);
  const kill = (): void => {
    if (pid !== undefined) killGroup(pid);
  };
  const done = new Promise<ChildEnding>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      // An error of a running child concerns one message or signal; its end is reported by "exit".
      if (pid === undefined) resolve({ status: "not-started", reason: startFailure(error) });
    });
    child.on("error", () => undefined);
    child.once("exit", (exitCode, signal) => {
      kill();
      const ended = (): void => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ status: "exited", exitCode, signal });
      };
      const timer = setTimeout(ended, DRAIN_MS);
      child.once("close", ended);
    });
  });
  return { done, kill };
}

function startFailure(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "it is not installed, or not in PATH";
  if (error.code === "EACCES") return "it is not executable";
  return error.message;
}

/** The end of a growing text. */
export class Tail {
  text = "";
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(piece: string): void {
    this.text += piece;
    // Cut seldom: slicing at every piece would copy the whole tail each time.
    if (this.text.length > 2 * this.#limit) this.text = this.text.slice(-this.#limit);
  }
}
