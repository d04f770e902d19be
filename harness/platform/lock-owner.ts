import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "./file-errors.ts";

/** A process, told apart from later ones with the same number. */
export interface LockOwner {
  readonly pid: number;
  /** In the system's own unit since boot; empty where it cannot be read. */
  readonly startTime: string;
  /** Boot and process namespace: equal for processes that can see each other. */
  readonly machine: string;
}

/** Nothing under a lock takes this long; a holder that cannot be seen from here and is older is taken for gone. */
const UNSEEN_OWNER_MS = 600_000;

let self: LockOwner | undefined;

/** The process that runs this code. */
export function thisOwner(): LockOwner {
  self ??= { pid: process.pid, startTime: startTimeOf(process.pid) ?? "", machine: machineId() };
  return self;
}

/** Whether the process has ended. `ageMs`: since it took the lock; decides only where the process cannot be looked up. */
export function ownerIsGone(owner: LockOwner, ageMs: number): boolean {
  if (!Number.isInteger(owner.pid) || owner.pid <= 0) return ageMs > UNSEEN_OWNER_MS;
  if (owner.machine !== thisOwner().machine) return ageMs > UNSEEN_OWNER_MS;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return errnoOf(error) === "ESRCH";
  }
  const startTime = startTimeOf(owner.pid);
  return owner.startTime !== "" && startTime !== undefined && startTime !== owner.startTime;
}

/** Field 22 of /proc/<pid>/stat; undefined off Linux. A zombie has ended: it holds nothing, so its time is "gone". */
function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces and parentheses itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "gone" : fields[19];
  } catch {
    return undefined;
  }
}

function machineId(): string {
  const read = (get: () => string): string => {
    try {
      return get().trim();
    } catch {
      return "";
    }
  };
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = read(() => readlinkSync("/proc/self/ns/pid"));
  return boot === "" ? hostname() : `${boot} ${namespace}`;
}
