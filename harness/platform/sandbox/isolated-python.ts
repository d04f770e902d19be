import { runProgram } from "../process-host.ts";
import { PYTHON_RUNNER } from "./python-runner.ts";

/** How to start Python so that it sees no network and no other process, or why that is not possible here. */
export type IsolatedPython =
  | { readonly command: string; readonly args: readonly string[] }
  | { readonly reason: string };

/** Namespaces of user, network, processes and IPC; the children die with unshare itself. */
const UNSHARE = ["--map-root-user", "--net", "--pid", "--ipc", "--fork", "--kill-child"];

const PROBE_MS = 20_000;
/** Isolated mode: no environment, no user packages, no current folder in the path. */
const PYTHON = ["python3", "-I", "-c"];

let found: Promise<IsolatedPython> | undefined;

/** Looked for once: it needs Linux, `unshare` with the right to make namespaces, Python 3.8 or newer, and Landlock in the kernel. */
export function isolatedPython(): Promise<IsolatedPython> {
  found ??= probe();
  return found;
}

async function probe(): Promise<IsolatedPython> {
  if (process.platform !== "linux") return { reason: "Python is isolated on Linux only" };
  const request = JSON.stringify({ code: "", tests: [], timeLimitMs: 5000, memoryLimitMb: 64 });
  const args = [...UNSHARE, ...PYTHON, PYTHON_RUNNER];
  const outcome = await runProgram("unshare", args, {
    timeoutMs: PROBE_MS,
    input: request,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
  });
  if (outcome.status === "exited" && outcome.exitCode === 0 && outcome.stdout.includes('"ran"'))
    return { command: "unshare", args };
  if (outcome.status === "not-started") return { reason: `unshare cannot be started: ${outcome.reason}` };
  const said = outcome.status === "timed-out" ? "it timed out" : outcome.stderr.trimEnd().split("\n").at(-1);
  return {
    reason: `Python cannot be isolated here: ${said === "" || said === undefined ? "it does not start" : said}`,
  };
}
