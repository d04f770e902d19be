import { runProgram } from "./process-host.ts";

/** The commit a working tree stands on, or why there is none to name. */
export type WorkingTreeCommit =
  | { readonly sha: string /** Files differ from the commit. */; readonly isDirty: boolean }
  | { readonly sha: null; readonly reason: string };

/** Longest wait for git; a hook, a lock or a network folder must not hold up a run. */
const TIMEOUT_MS = 5000;

/** Asks git for the commit of the working tree around `folder`. Never rejects but for an abort, and writes nothing. */
export async function workingTreeCommit(
  folder: string,
  { signal, program = "git" }: { signal?: AbortSignal; program?: string } = {},
): Promise<WorkingTreeCommit> {
  // "status" alone gives both facts; without optional locks it leaves the index untouched.
  const args = ["-C", folder, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no"];
  const outcome = await runProgram(program, args, {
    timeoutMs: TIMEOUT_MS,
    env: { ...process.env, LC_ALL: "C" },
    ...(signal === undefined ? {} : { signal }),
  });
  if (outcome.status === "not-started") return { sha: null, reason: `git could not be run: ${outcome.reason}` };
  if (outcome.status === "timed-out") return { sha: null, reason: `git gave no answer in ${TIMEOUT_MS / 1000} s` };
  if (outcome.exitCode !== 0) {
    const said = outcome.stderr.trim().split("\n")[0] ?? "";
    return {
      sha: null,
      reason: said.replace(/^fatal: /, "") || `git ended with ${outcome.exitCode ?? outcome.signal}`,
    };
  }
  const lines = outcome.stdout.split("\n").filter((line) => line !== "");
  const sha = lines
    .map((line) => /^# branch\.oid ([0-9a-f]{40,64})$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (sha === undefined) return { sha: null, reason: "the repository has no commit yet" };
  return { sha, isDirty: lines.some((line) => !line.startsWith("#")) };
}
