import { spawn } from "node:child_process";
import { killGroup } from "./process-group.ts";
import { peakOf, type ServerProcess, spawned } from "./server-process.ts";

/** A program that answers on its standard output, a line each, what it is told on its standard input. */
export interface StreamProcess extends ServerProcess {
  /** Writes a line. Does nothing once the program is gone. */
  send(line: string): void;
}

const LOG_BYTES = 8192;

/**
 * Starts a program in a process group of its own. `onBytes` hears its output with the moment it was read (performance.now(), ms), `onEnd`
 * that it is gone. RUNTIME_UNAVAILABLE where it cannot be started.
 */
export async function startStreamProcess(
  command: readonly [string, ...string[]],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly onBytes: (atMs: number, bytes: Uint8Array) => void;
    readonly onEnd: (why: string) => void;
  },
): Promise<StreamProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: options.env ?? process.env,
  });
  let log = "";
  let why: string | undefined;
  child.stdout.on("data", (bytes: Buffer) => options.onBytes(performance.now(), bytes));
  child.stderr.on("data", (bytes: Buffer) => {
    log = (log + bytes.toString("utf8")).slice(-LOG_BYTES);
  });
  // A program that died does not read: its end is told by the exit.
  child.stdin.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => {
    // Not at "exit": what it wrote last may still be on its way.
    child.once("close", (code, signal) => {
      why = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      // A program that was never started is told by the rejection.
      if (child.pid !== undefined) options.onEnd(why);
      resolve();
    });
  });
  const pid = await spawned(child, program);
  return {
    pid,
    exited: () => why,
    log: () => log,
    peakMemoryBytes: () => peakOf(pid),
    send(line) {
      if (why === undefined && child.stdin.writable) child.stdin.write(`${line}\n`);
    },
    async stop() {
      killGroup(pid);
      await gone;
    },
  };
}
