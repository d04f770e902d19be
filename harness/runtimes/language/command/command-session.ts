import { HarnessError } from "../../../domain/errors.ts";
import type {
  CommandChunk,
  CommandProgress,
  CommandReply,
  CommandValue,
} from "../../../domain/generated/command-reply-v1.ts";
import type { CommandArgs } from "../../../domain/generated/command-request-v1.ts";
import { AsyncQueue } from "../../../platform/async-queue.ts";
import type { TimedBytes } from "../../../platform/http-stream.ts";
import { parseWireJson } from "../../../platform/json.ts";
import { validator } from "../../../platform/schema.ts";
import { type StreamProcess, startStreamProcess } from "../../../platform/stream-process.ts";
import { lastLine, oneLine } from "../one-line.ts";
import { readLines, type TimedLine } from "../read-lines.ts";

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** A call in which nothing arrives for this long ends; default: timeoutMs. */
  readonly stallTimeoutMs?: number;
  /** What may arrive in all; a program that says more is not waited for. */
  readonly maxTotalBytes?: number;
}

/** What arrives before the result. */
export type CommandEvent = (CommandChunk | CommandProgress) & { readonly atS: number };

/** One line is not longer than this: 64 bytes for each of a thousand log-probabilities, with room to spare. */
const MAX_LINE_BYTES = 512 * 1024;
/** Of a call for which nothing else is said. */
const MAX_CALL_BYTES = 16 * 1024 * 1024;
/** After a cancel the program has this long to say that it stopped; then it is ended. */
const CANCEL_MS = 2000;

/**
 * A program that speaks the line protocol: requests by number, one at a time. Every line it writes is checked against
 * schemas/command_reply.v1; what is no such line ends the call (RUNTIME_PROTOCOL) and the program, since what follows could belong to
 * anything. Calls reject with the program's own error, RUNTIME_TIMEOUT, or RUNTIME_CRASHED where it is gone.
 */
export class CommandSession {
  private readonly who: string;
  private process!: StreamProcess;
  private readonly queue = new AsyncQueue<TimedBytes>();
  private readonly lines: AsyncGenerator<TimedLine>;
  private next = 1;
  /** Set once: the program cannot be used any more. */
  private dead: HarnessError | undefined;

  private constructor(who: string) {
    this.who = who;
    this.lines = readLines(
      this.queue.read(() => undefined),
      { who, maxBytes: MAX_LINE_BYTES },
    );
  }

  static async start(command: readonly [string, ...string[]], who: string): Promise<CommandSession> {
    const session = new CommandSession(who);
    session.process = await startStreamProcess(command, {
      onBytes: (atMs, bytes) => session.queue.push({ atS: atMs / 1000, bytes }),
      onEnd: (why) => {
        const last = lastLine(session.process.log());
        const hint = last === "" ? "It said nothing about why." : `Its last words: ${last}`;
        session.dead ??= new HarnessError("RUNTIME_CRASHED", `${who} is gone: ${why}`, { hint });
        session.queue.end(session.dead);
      },
    });
    return session;
  }

  get isAlive(): boolean {
    return this.dead === undefined;
  }

  peakMemoryBytes(): Promise<number | undefined> {
    return this.process.peakMemoryBytes();
  }

  async stop(): Promise<void> {
    this.dead ??= new HarnessError("RUNTIME_UNAVAILABLE", `${this.who} was ended`, { hint: "Load the model again." });
    await this.process.stop();
  }

  /** The result of an operation; what arrives before it is let go. */
  async call(op: string, args: CommandArgs, options: CallOptions): Promise<CommandValue> {
    const call = this.stream(op, args, options);
    for (;;) {
      const { done, value } = await call.next();
      if (done) return value;
    }
  }

  /** Yields what arrives, with seconds since the request was written, and returns the result. */
  async *stream(op: string, args: CommandArgs, options: CallOptions): AsyncGenerator<CommandEvent, CommandValue, void> {
    const { signal } = options;
    signal.throwIfAborted();
    if (this.dead !== undefined) throw this.dead;
    const id = this.next++;
    const watch = new CallWatch(this.who, options);
    const most = options.maxTotalBytes ?? MAX_CALL_BYTES;
    let total = 0;
    let isOver = false;
    const sentS = performance.now() / 1000;
    this.process.send(JSON.stringify({ id, op, args }));
    try {
      for (;;) {
        const line = await watch.race(this.nextLine());
        watch.alive();
        total += line.text.length;
        if (total > most) throw this.broken(`${this.who} sent more than ${most} bytes in answer to one request`);
        const reply = this.replyOf(line);
        // The end of a call that was given up.
        if (reply.id < id) continue;
        if (reply.id > id) throw this.broken(`it answered request ${reply.id}, which was not made`);
        if (reply.event === "result" || reply.event === "error") isOver = true;
        if (reply.event === "result") return reply.value;
        if (reply.event === "error") throw errorOf(this.who, reply.code, reply.message);
        yield { ...reply, atS: line.atS - sentS };
      }
    } finally {
      watch.stop();
      if (!isOver && this.dead === undefined) await this.cancel(id);
    }
  }

  private pending: Promise<TimedLine> | undefined;

  /** One read at a time: a read that a timeout left behind is what the next call waits for. */
  private nextLine(): Promise<TimedLine> {
    this.pending ??= this.lines.next().then(({ done, value }) => {
      if (done) throw this.dead ?? new HarnessError("RUNTIME_CRASHED", `${this.who} is gone`, { hint: "Look at it." });
      return value;
    });
    const line = this.pending;
    const forget = () => {
      if (this.pending === line) this.pending = undefined;
    };
    line.then(forget, forget);
    return line;
  }

  private replyOf({ text }: TimedLine): CommandReply {
    try {
      return validator.validate<CommandReply>("command_reply.v1", parseWireJson(text, this.who), {
        what: `a line of ${this.who}`,
        code: "RUNTIME_PROTOCOL",
      });
    } catch (error) {
      throw error instanceof HarnessError ? this.broken(error.message) : error;
    }
  }

  /** What comes after a line that cannot be understood cannot be trusted either. */
  private broken(message: string): HarnessError {
    const error = new HarnessError("RUNTIME_PROTOCOL", message, {
      hint: "See docs/command-protocol.md for what the program may write; other words belong on its standard error.",
    });
    this.dead = error;
    void this.process.stop();
    return error;
  }

  /** Asks the program to stop what it does, and ends it where it does not. */
  private async cancel(id: number): Promise<void> {
    this.process.send(JSON.stringify({ id: this.next++, op: "cancel", args: { request: id } }));
    const deadline = AbortSignal.timeout(CANCEL_MS);
    try {
      for (;;) {
        const reply = this.replyOf(await raceSignal(this.nextLine(), deadline));
        if (reply.id === id && (reply.event === "result" || reply.event === "error")) return;
      }
    } catch {
      this.dead ??= new HarnessError("RUNTIME_CRASHED", `${this.who} did not stop when it was told to, and was ended`, {
        hint: "The program should watch for cancel while it generates.",
      });
      await this.process.stop();
    }
  }
}

function errorOf(who: string, code: HarnessError["code"], message: string): HarnessError {
  return new HarnessError(code, `${who}: ${oneLine(message)}`, {
    hint:
      code === "RUNTIME_CONTEXT" ? "Raise context_tokens, or shorten the prompt." : "Look at what the program says.",
  });
}

/** Ends a call that takes too long, in which nothing arrives, or that is aborted. */
class CallWatch {
  private readonly ended = new AbortController();
  private readonly timers: NodeJS.Timeout[];
  private readonly signal: AbortSignal;
  private readonly onAbort: () => void;

  constructor(who: string, { signal, timeoutMs, stallTimeoutMs = timeoutMs }: CallOptions) {
    this.signal = signal;
    this.onAbort = () => this.ended.abort(signal.reason);
    signal.addEventListener("abort", this.onAbort, { once: true });
    const late = (what: string, ms: number) =>
      setTimeout(
        () =>
          this.ended.abort(
            new HarnessError("RUNTIME_TIMEOUT", `${who} ${what} within ${ms / 1000} s`, {
              hint: "Raise the timeout if the model is that slow.",
            }),
          ),
        ms,
      );
    this.timers = [late("did not finish its reply", timeoutMs), late("sent nothing", stallTimeoutMs)];
  }

  race<T>(work: Promise<T>): Promise<T> {
    return raceSignal(work, this.ended.signal);
  }

  alive(): void {
    this.timers[1]?.refresh();
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.signal.removeEventListener("abort", this.onAbort);
  }
}

/** The work's outcome, or the signal's reason where that comes first; the work goes on unheard. */
function raceSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
