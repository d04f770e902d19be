import { spawn } from "node:child_process";
import { ERROR_CODES, type ErrorCode, HarnessError } from "../domain/errors.ts";
import { pinned } from "./own-process.ts";
import { capital, PendingRequests } from "./pending-requests.ts";
import { superviseChild, Tail } from "./process-host.ts";

/** A program that answers requests of one JSON object a line on its standard input, with one a line on its standard output. */
export interface LineProcess {
  /**
   * Sends {...message, id} and waits for {id, value} or {id, error: {code, message}}. Rejects with that error; RUNTIME_UNAVAILABLE where
   * the program is not there; RUNTIME_TIMEOUT after `timeoutMs` and RUNTIME_PROTOCOL on a line that is no answer (the program is killed);
   * RUNTIME_CRASHED when it died; the signal's reason on abort.
   */
  request(message: object, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown>;
  /** Ends its input, and kills its group if it does not end within two seconds. */
  close(): Promise<void>;
  kill(): void;
}

export interface LineProcessOptions {
  /** What it is to the user, e.g. "the PyTorch process of trial b03.int8". */
  readonly label: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Processors it may use; empty: any. */
  readonly cpuAffinity?: readonly number[];
  /** What to do where it cannot be started. */
  readonly install: string;
  /** Hint of the errors that it answers with, by their code. */
  readonly hints?: Readonly<Partial<Record<ErrorCode, string>>>;
}

const KEPT_STDERR = 8 << 10;
/** An answer that never ends is none: a trial's outputs are far below. */
const LONGEST_LINE = 1 << 30;

/** Starts a program in its own process group. Failures to start show in the first request. */
export function startLineProcess(command: readonly [string, ...string[]], options: LineProcessOptions): LineProcess {
  const { label, env = process.env, cpuAffinity = [], install, hints = {} } = options;
  const [program, ...args] = pinned(command, cpuAffinity);
  const child = spawn(program, args, { detached: true, windowsHide: true, stdio: ["pipe", "pipe", "pipe"], env });
  const stderr = new Tail(KEPT_STDERR);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.add(text));
  // A program that died does not read on; its death is told by "exit".
  child.stdin.on("error", () => undefined);
  const ending = superviseChild(child);
  const name = capital(label);
  const requests = new PendingRequests(name, ending.kill);
  void ending.done.then((end) => {
    if (end.status === "not-started") {
      requests.failAll(
        new HarnessError("RUNTIME_UNAVAILABLE", `${name} could not be started: ${end.reason}.`, { hint: install }),
      );
      return;
    }
    const how = end.signal === null ? `with exit code ${end.exitCode}` : `by signal ${end.signal}`;
    const words = stderr.text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
    const hint = words === "" ? "It left no message; memory may have run out." : `Its last words: ${words}`;
    requests.failAll(new HarnessError("RUNTIME_CRASHED", `${name} died ${how}.`, { hint }));
  });

  const pieces: string[] = [];
  let length = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = text.split("\n");
    for (const [index, part] of lines.entries()) {
      pieces.push(part);
      length += part.length;
      if (length > LONGEST_LINE) return breakOff("it answers without end");
      if (index === lines.length - 1) return;
      const whole = pieces.join("");
      pieces.length = 0;
      length = 0;
      if (whole !== "") receive(whole);
    }
  });

  function breakOff(reason: string): void {
    const hint = "Something prints on the program's standard output, or it is another program.";
    requests.failAll(new HarnessError("RUNTIME_PROTOCOL", `${name} cannot be understood: ${reason}.`, { hint }));
    ending.kill();
  }

  function receive(line: string): void {
    const answer = readAnswer(line);
    if (answer === undefined) {
      breakOff(`it wrote ${JSON.stringify(line.slice(0, 80))}`);
      return;
    }
    requests.settle(answer.id, { value: answer.value, error: answer.error && told(answer.error) });
  }

  function told({ code, message }: NonNullable<Answer["error"]>): HarnessError {
    const hint = hints[code] ?? "Run it again; if it happens again, update the runtime or exclude the model.";
    return new HarnessError(code, `${message.replace(/[.!?]$/, "")}.`, { hint });
  }

  return {
    request: (message, options) =>
      requests.request((id) => child.stdin.write(`${JSON.stringify({ ...message, id })}\n`), options),
    kill: ending.kill,
    close: () => requests.close(() => child.stdin.end(), ending.done),
  };
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

function readAnswer(line: string): Answer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { id, error } = value as { id?: unknown; error?: { code?: unknown; message?: unknown } };
  if (typeof id !== "number") return undefined;
  if (error === undefined) return { id, value: (value as { value?: unknown }).value };
  const { code, message } = error ?? {};
  if (typeof code !== "string" || !(code in ERROR_CODES) || typeof message !== "string") return undefined;
  return { id, error: { code: code as ErrorCode, message } };
}
