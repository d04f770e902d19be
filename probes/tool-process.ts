import { type ChildProcess, spawn } from "node:child_process";
import type { ProblemCode } from "./protocol.ts";

/** How a vendor's tool ended. */
export type ToolEnding =
  | {
      readonly status: "exited";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly stderr: string;
    }
  | { readonly status: "not-started"; readonly reason: string }
  | { readonly status: "timed-out" }
  | { readonly status: "flooded" }
  | { readonly status: "stopped" };

export interface ToolOptions {
  /** Killed when it wrote nothing for this long. */
  readonly silenceMs: number;
  /** Killed when it wrote more than this in one second, or a line longer than this. */
  readonly bytesPerSecond: number;
  readonly onLine: (line: string) => void;
}

const KEPT_STDERR = 8 << 10;

/**
 * Runs a tool, without a shell, in a process group of its own and hands over its lines as they come. Its whole group is killed on
 * silence, flood and `stop()`, when it ends, and when this process is gone. `done` never rejects.
 */
export function runTool(
  command: string,
  args: readonly string[],
  { silenceMs, bytesPerSecond, onLine }: ToolOptions,
): { readonly done: Promise<ToolEnding>; stop(): void } {
  const child = spawn(command, args, {
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe"],
    // Decimal points and English words, whatever the user's language.
    env: { ...process.env, LC_ALL: "C" },
  });
  const reaper = child.pid === undefined ? undefined : reapAfterUs(child.pid);
  let fate: ToolEnding | undefined;
  let rest = "";
  let stderr = "";
  let bytes = 0;
  let secondStart = Date.now();

  const end = (why: ToolEnding): void => {
    fate ??= why;
    killTree(child);
  };
  const alarm = setTimeout(() => end({ status: "timed-out" }), silenceMs);
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    if (fate !== undefined) return;
    alarm.refresh();
    if (Date.now() - secondStart >= 1000) {
      secondStart = Date.now();
      bytes = 0;
    }
    bytes += piece.length;
    if (bytes > bytesPerSecond || rest.length > bytesPerSecond) {
      end({ status: "flooded" });
      return;
    }
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr = (stderr + piece).slice(-KEPT_STDERR);
  });

  const done = new Promise<ToolEnding>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      clearTimeout(alarm);
      const reason = error.code === "ENOENT" ? "it is not installed, or not in PATH" : error.message;
      resolve({ status: "not-started", reason });
    });
    child.once("exit", (exitCode, signal) => {
      clearTimeout(alarm);
      reaper?.dismiss();
      // What it left behind in its group must not outlive it.
      killTree(child);
      const finish = (): void => {
        clearTimeout(drain);
        child.stdout.destroy();
        child.stderr.destroy();
        if (fate === undefined && rest !== "") onLine(rest);
        resolve(fate ?? { status: "exited", exitCode, signal, stderr });
      };
      const drain = setTimeout(finish, 500);
      child.once("close", finish);
    });
  });
  return { done, stop: () => end({ status: "stopped" }) };
}

/** The whole output of a tool that answers and ends, and how it ended. Lines it wrote before it broke are kept. */
export async function askTool(
  command: string,
  args: readonly string[],
  limits: { readonly timeoutMs: number; readonly maxBytes: number; readonly signal?: AbortSignal },
): Promise<{ readonly text: string; readonly ending: ToolEnding }> {
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
  };
  const tool = runTool(command, args, { silenceMs: limits.timeoutMs, bytesPerSecond: limits.maxBytes, onLine });
  // A tool that drips a line now and then is late too.
  const late = setTimeout(tool.stop, 3 * limits.timeoutMs);
  limits.signal?.addEventListener("abort", tool.stop, { once: true });
  const ending = await tool.done;
  limits.signal?.removeEventListener("abort", tool.stop);
  clearTimeout(late);
  return { text: lines.join("\n"), ending: ending.status === "stopped" ? { status: "timed-out" } : ending };
}

/** What a tool's end means to the reader of our output; undefined for one that ended well. */
export function problemOf(command: string, ending: ToolEnding): { code: ProblemCode; message: string } | undefined {
  switch (ending.status) {
    case "not-started":
      return { code: "TOOL_MISSING", message: `${command} could not be started: ${ending.reason}.` };
    case "timed-out":
      return { code: "TOOL_TIMEOUT", message: `${command} did not answer in time and was killed.` };
    case "flooded":
      return { code: "TOOL_FLOODED", message: `${command} wrote far more than samples and was killed.` };
    case "stopped":
      return undefined;
    case "exited": {
      if (ending.exitCode === 0) return undefined;
      const how = ending.signal === null ? `with exit code ${ending.exitCode}` : `by signal ${ending.signal}`;
      const said = ending.stderr.trim().split("\n").at(-1) ?? "";
      return {
        code: "TOOL_FAILED",
        message: `${command} ended ${how}${said === "" ? "" : `: ${said.slice(0, 300)}`}.`,
      };
    }
  }
}

function killTree(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    if (child.exitCode === null) spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** A shell that waits for our end, which closes its standard input, and then kills the tool's group: kill -9 runs no handler. */
function reapAfterUs(group: number): { dismiss(): void } | undefined {
  if (process.platform === "win32") return undefined;
  const script = 'read -r _; kill -s KILL -- "-$1" 2>/dev/null';
  const reaper = spawn("/bin/sh", ["-c", script, "sh", String(group)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  reaper.on("error", () => undefined);
  reaper.stdin.on("error", () => undefined);
  reaper.unref();
  // Killed before its pipe closes: the group's number may belong to another by then.
  return { dismiss: () => void reaper.kill("SIGKILL") };
}
