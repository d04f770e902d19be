import type { CodeOutcome, CodeRequest } from "../../domain/task-port.ts";
import { parseJson } from "../json.ts";
import { runProgram } from "../process-host.ts";
import { isolatedPython } from "./isolated-python.ts";

/** Start of the namespaces and of Python, beyond the limit of the code itself. */
const START_MS = 15_000;

/** One request in a Python of its own. Rejects only when `signal` aborts. */
export async function runPython(request: CodeRequest, signal?: AbortSignal): Promise<CodeOutcome> {
  const program = await isolatedPython();
  if ("reason" in program) return { status: "unavailable", reason: program.reason };
  const outcome = await runProgram(program.command, program.args, {
    timeoutMs: request.timeLimitMs + START_MS,
    input: JSON.stringify(request),
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    ...(signal === undefined ? {} : { signal }),
  });
  if (outcome.status === "timed-out") return { status: "timed-out" };
  if (outcome.status === "not-started") return { status: "unavailable", reason: outcome.reason };
  // The runner's verdict is its last line; without one the code ended the process, exit code 0 or not.
  const last = outcome.stdout.trimEnd().split("\n").at(-1) ?? "";
  if (outcome.exitCode === 0 && last.startsWith("{")) {
    return parseJson(last, { what: "the verdict of the sandbox", code: "RUNTIME_PROTOCOL" }) as CodeOutcome;
  }
  const why = outcome.stderr.trimEnd().split("\n").at(-1) ?? "";
  const how = outcome.signal === null ? `exit code ${outcome.exitCode}` : outcome.signal;
  return { status: "broke", message: `it ended the process (${how}${why === "" ? "" : `: ${why}`})`.slice(0, 300) };
}
