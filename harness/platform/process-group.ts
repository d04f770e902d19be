import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Writable } from "node:stream";

/**
 * Every child runs as the leader of its own process group, and nothing of a group outlives its owner: it is killed when the child
 * ends, on timeout and abort, when this process exits, and, by the reaper below, when this process is killed itself.
 * What makes itself a session of its own (setsid) escapes; only a container could hold that.
 */
const groups = new Set<number>();
let isWatchingExit = false;
let reaper: ChildProcessByStdio<Writable, null, null> | undefined;

/** Registers a child that was spawned with `detached: true`; call {@link killGroup} when it is done. */
export function ownGroup(pid: number): void {
  groups.add(pid);
  if (!isWatchingExit) {
    isWatchingExit = true;
    process.on("exit", () => {
      for (const group of groups) sendKill(group);
    });
  }
  tellReaper(`+ ${pid}`);
}

/** Kills whatever still lives in the group, and forgets it. */
export function killGroup(pid: number): void {
  if (!groups.delete(pid)) return;
  sendKill(pid);
  tellReaper(`- ${pid}`);
}

function sendKill(pid: number): void {
  try {
    if (process.platform === "win32") process.kill(pid, "SIGKILL");
    else process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/**
 * A shell that keeps the list of our groups and kills them when its standard input closes, that is when this process is gone,
 * kill -9 included. It sleeps in read() and holds under a megabyte.
 */
const REAPER = `
groups=
while read -r sign group; do
  case $sign in
    +) groups="$groups $group" ;;
    -) kept=
       for g in $groups; do [ "$g" = "$group" ] || kept="$kept $g"; done
       groups=$kept ;;
  esac
done
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
`;

function tellReaper(line: string): void {
  if (process.platform === "win32") return;
  if (reaper !== undefined) {
    reaper.stdin?.write(`${line}\n`);
    return;
  }
  // Its own group too, so that Ctrl-C in the terminal does not end it before its work.
  const started = spawn("/bin/sh", ["-c", REAPER], { detached: true, stdio: ["pipe", "ignore", "ignore"], cwd: "/" });
  // A machine without /bin/sh still has the exit handler and the children's own watch on their channel.
  started.on("error", () => undefined);
  started.stdin.on("error", () => undefined);
  // Somebody ended it: the next call starts another.
  started.on("exit", () => {
    reaper = undefined;
  });
  // It must not keep this process alive.
  started.unref();
  (started.stdin as unknown as Socket).unref();
  reaper = started;
  for (const group of groups) started.stdin.write(`+ ${group}\n`);
}
