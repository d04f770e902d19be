import { HarnessError } from "../domain/errors.ts";

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** How long a process that is closed may take to end by itself, ms. */
const CLOSE_MS = 2000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The requests that a child process has not answered yet, whatever carries them. */
export class PendingRequests {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  /** Set once: why no request can be answered any more. */
  private fate: HarnessError | undefined;
  /** What the process is to the user, as a sentence begins: "The runtime of trial b03.u8s8". */
  private readonly name: string;
  private readonly kill: () => void;

  constructor(name: string, kill: () => void) {
    this.name = name;
    this.kill = kill;
  }

  /** Rejects all requests, and those to come, with the first error this was called with. */
  failAll(error: HarnessError): void {
    this.fate ??= error;
    for (const { reject } of this.pending.values()) reject(this.fate);
    this.pending.clear();
  }

  /** Settles the request of this id with its value, or its error where there is one. */
  settle(id: number, { value, error }: { readonly value?: unknown; readonly error?: Error | undefined }): void {
    const waiting = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(error);
  }

  /**
   * Sends a request under a new id and waits until it is settled. Rejects with RUNTIME_TIMEOUT after `timeoutMs` and with the signal's
   * reason on abort; the process is killed in either case.
   */
  async request(send: (id: number) => void, { timeoutMs, signal }: RequestOptions = {}): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.fate !== undefined) throw this.fate;
    const id = ++this.lastId;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      this.pending.get(id)?.reject(signal?.reason);
      this.pending.delete(id);
      this.kill();
    };
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        signal?.addEventListener("abort", onAbort, { once: true });
        if (timeoutMs !== undefined) timer = setTimeout(() => this.timeOut(timeoutMs), timeoutMs);
        send(id);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** `end` tells the process to end; it is killed if it is not `done` within two seconds. */
  async close(end: () => void, done: Promise<unknown>): Promise<void> {
    const hint = "Open it again.";
    this.failAll(new HarnessError("RUNTIME_CRASHED", `${this.name} was closed before it answered.`, { hint }));
    end();
    const timer = setTimeout(this.kill, CLOSE_MS);
    await done;
    clearTimeout(timer);
  }

  private timeOut(timeoutMs: number): void {
    const hint = "Raise the trial's timeout, or take fewer samples or items.";
    const said = `${this.name} did not finish within ${timeoutMs / 1000} s and was killed.`;
    this.failAll(new HarnessError("RUNTIME_TIMEOUT", said, { hint }));
    this.kill();
  }
}

/** The text with a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
