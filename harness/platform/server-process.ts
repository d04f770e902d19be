import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { HarnessError } from "../domain/errors.ts";
import { killGroup, ownGroup } from "./process-group.ts";

/** A server that was started here and is ended here. */
export interface ServerProcess {
  readonly pid: number;
  /** Why it is no longer there; undefined while it runs. */
  exited(): string | undefined;
  /** The end of what it wrote, a few kilobytes. */
  log(): string;
  /** Largest resident set so far, bytes; undefined where the platform does not say. */
  peakMemoryBytes(): Promise<number | undefined>;
  /** Ends it and all that it started; resolves when it is gone. */
  stop(): Promise<void>;
}

const LOG_BYTES = 8192;

/** Waits until a program runs and owns its process group, which ends with it; its id. RUNTIME_UNAVAILABLE where it cannot be started. */
export async function spawned(child: ChildProcess, program: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(
        new HarnessError("RUNTIME_UNAVAILABLE", `${program} cannot be started: ${cause.message}`, {
          hint: "Install it, or give its path in the config.",
          cause,
        }),
      ),
    );
  });
  const pid = child.pid as number;
  ownGroup(pid);
  child.once("exit", () => killGroup(pid));
  return pid;
}

/** Starts a server in a process group of its own. RUNTIME_UNAVAILABLE where the program cannot be started. */
export async function startServer(
  command: readonly [string, ...string[]],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<ServerProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let log = "";
  const keep = (bytes: Buffer) => {
    log = (log + bytes.toString("utf8")).slice(-LOG_BYTES);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let why: string | undefined;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      why = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
      resolve();
    });
  });
  const pid = await spawned(child, program);
  return {
    pid,
    exited: () => why,
    log: () => log,
    peakMemoryBytes: () => peakOf(pid),
    async stop() {
      killGroup(pid);
      await gone;
    },
  };
}

/** A port of the loopback address that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Largest resident set of a process so far, bytes; undefined where the platform does not say. */
export async function peakOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
