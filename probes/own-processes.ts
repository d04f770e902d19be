import { readFileSync } from "node:fs";

/** Longest chain of parents that is followed. */
const MAX_DEPTH = 32;

/**
 * Whether a process is one of those named or descends from one, which servers of models usually do their work in. Where parents
 * cannot be read, only the named ones are ours. undefined where none is named.
 */
export function ownProcesses(pids: readonly number[], root = "/"): ((pid: number) => boolean) | undefined {
  if (pids.length === 0) return undefined;
  const named = new Set(pids);
  return (pid) => {
    let current = pid;
    for (let i = 0; i < MAX_DEPTH && current > 1; i++) {
      if (named.has(current)) return true;
      current = parentOf(current, root);
    }
    return false;
  };
}

function parentOf(pid: number, root: string): number {
  try {
    // The name in parentheses may hold anything; the parent is the second field after it.
    const fields = readFileSync(`${root}/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
    return Number(fields?.[1] ?? 0);
  } catch {
    return 0;
  }
}
