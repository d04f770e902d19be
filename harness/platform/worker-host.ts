import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { ERROR_CODES, type ErrorCode, HarnessError } from "../domain/errors.ts";
import { frameChannel } from "./frame-channel.ts";
import { pinned } from "./own-process.ts";
import { capital, PendingRequests } from "./pending-requests.ts";
import { type ChildEnding, superviseChild, Tail } from "./process-host.ts";

/** A Node program in a child process that answers requests; see worker-child.ts for its side. */
export interface Worker {
  /**
   * Sends a request and waits for its answer. Rejects with the error the child reported; RUNTIME_TIMEOUT after `timeoutMs` and
   * RUNTIME_PROTOCOL on an answer that is none (the child is dead then); RUNTIME_CRASHED when the child died; the signal's reason on abort.
   */
  request(message: unknown, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown>;
  /** Lets the child end by itself, and kills its group if it does not within two seconds. */
  close(): Promise<void>;
  /** Kills the child and everything it started, now. */
  kill(): void;
}

export interface WorkerOptions {
  /** What it is to the user, e.g. "the runtime of trial b03.u8s8". */
  readonly label: string;
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** False: the child sees nothing of this process's environment, where keys and tokens live. True by default. */
  readonly inheritsEnv?: boolean;
  /** Processors the child may use, where the system has `taskset`; empty: any. The child sees what held. */
  readonly cpuAffinity?: readonly number[];
}

const KEPT_STDERR = 8 << 10;

/** Starts `module` as a worker in its own process group. Failures to start show in the first request. */
export function startWorker(
  module: URL,
  { label, nodeFlags = [], env = {}, inheritsEnv = true, cpuAffinity = [] }: WorkerOptions,
): Worker {
  const [command, ...args] = pinned([process.execPath, ...nodeFlags, fileURLToPath(module)], cpuAffinity);
  const child = spawn(command, args, {
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: inheritsEnv ? { ...process.env, ...env } : env,
  });
  const stderr = new Tail(KEPT_STDERR);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.add(text));
  const ending = superviseChild(child);
  const requests = new PendingRequests(capital(label), ending.kill);
  const breakOff = (reason: string): void => {
    const hint = "Run it again; if it happens again, update the runtime or exclude the model.";
    requests.failAll(
      new HarnessError("RUNTIME_PROTOCOL", `${capital(label)} cannot be understood: ${reason}.`, { hint }),
    );
    ending.kill();
  };
  void ending.done.then((end) => requests.failAll(deathOf(label, end, stderr.text)));

  const channel = frameChannel(child.stdio[3] as Duplex, {
    onFault: breakOff,
    onMessage(message) {
      const answer = readAnswer(message);
      if (answer === undefined) {
        breakOff("its answer has another form than expected");
        return;
      }
      requests.settle(answer.id, answer);
    },
  });

  return {
    request: (message, options) => requests.request((id) => channel.send({ id, message }), options),
    kill: ending.kill,
    close: () => requests.close(() => child.stdio[3]?.destroy(), ending.done),
  };
}

function deathOf(label: string, end: ChildEnding, stderr: string): HarnessError {
  if (end.status === "not-started") {
    const hint = "Check the installation of Node and the limit of processes (ulimit -u).";
    return new HarnessError("RUNTIME_UNAVAILABLE", `${capital(label)} could not be started: ${end.reason}.`, { hint });
  }
  const how = end.signal === null ? `with exit code ${end.exitCode}` : `by signal ${end.signal}`;
  const lastLine = lastWords(stderr);
  const hint =
    end.signal === "SIGKILL"
      ? "Something killed it, often the system when memory runs out: check the free memory."
      : lastLine === ""
        ? "It left no message; the model or the runtime's build is at fault."
        : `Its last words: ${lastLine.slice(0, 300)}`;
  const cause = stderr === "" ? undefined : new Error(`standard error of ${label}:\n${stderr.trim()}`);
  return new HarnessError("RUNTIME_CRASHED", `${capital(label)} died ${how}.`, { hint, cause });
}

/** The last line that speaks: not blank, no frame of a stack trace. */
function lastWords(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "" && !/^(\d+: 0x|at |-+ .* -+$|Node\.js v)/.test(line)) ?? "";
}

function readAnswer(message: unknown): { id: number; value?: unknown; error?: Error } | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { id, value, error } = message as { id?: unknown; value?: unknown; error?: unknown };
  if (typeof id !== "number") return undefined;
  if (error === undefined) return { id, value };
  const { code, message: text, hint } = error as { code?: unknown; message?: unknown; hint?: unknown };
  if (typeof code !== "string" || !(code in ERROR_CODES) || typeof text !== "string") return undefined;
  return { id, error: new HarnessError(code as ErrorCode, text, { hint: typeof hint === "string" ? hint : "" }) };
}
