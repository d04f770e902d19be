import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../domain/errors.ts";
import { errnoOf, writeError } from "./file-errors.ts";
import { type LockOwner, ownerIsGone, thisOwner } from "./lock-owner.ts";

/** An exclusive right over a folder, held until released or until its process is gone. */
export interface FolderLock {
  /** Counts up with every holder; never repeats in one folder. */
  readonly generation: number;
  release(): Promise<void>;
}

/** A lock file that is empty this long was left by a process that died while it wrote it. */
const UNWRITTEN_MS = 5_000;
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 40;

/**
 * Takes the lock that lives in `folder` (made if missing; nothing else may live there). Waits up to `timeoutMs`, then STORE_WRITE
 * naming the holder. A holder that was killed is noticed at once on the same machine, after ten minutes from another one.
 *
 * The holder is whoever created the file of the highest generation: `7.held`, renamed to `7.free` on release. Creating a file
 * exclusively is the one step that decides, and generations only grow, so a stale lock is passed over, never removed by two
 * waiters at once. A late creator of a generation that has been used sees the other file of it, or a higher one, and steps back.
 */
export async function lockFolder(folder: string, { timeoutMs = 30_000 } = {}): Promise<FolderLock> {
  const deadline = Date.now() + timeoutMs;
  let waitMs = FIRST_WAIT_MS;
  try {
    await mkdir(folder, { recursive: true });
    for (;;) {
      const seen = await newest(folder);
      const holder = await liveHolder(folder, seen);
      if (holder === undefined) {
        const lock = await tryGeneration(folder, seen.generation + 1);
        if (lock !== undefined) return lock;
      }
      if (Date.now() > deadline) throw timeout(folder, holder, timeoutMs);
      await sleep(waitMs * (0.5 + Math.random()));
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    }
  } catch (error) {
    throw writeError(folder, error);
  }
}

interface Newest {
  /** 0 where nobody ever held the lock. */
  readonly generation: number;
  /** Files of that generation; two only while a late creator steps back. */
  readonly names: readonly string[];
}

async function newest(folder: string): Promise<Newest> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.(held|free)$/.test(name));
  const generation = Math.max(0, ...names.map((name) => Number.parseInt(name, 10)));
  return { generation, names: names.filter((name) => Number.parseInt(name, 10) === generation) };
}

/** Who holds the newest generation; undefined when it is free or its holder is gone. */
async function liveHolder(folder: string, { names }: Newest): Promise<LockOwner | "unknown" | undefined> {
  for (const name of names.filter((other) => other.endsWith(".held"))) {
    const path = join(folder, name);
    const [text, found] = await Promise.all([
      readFile(path, "utf8").catch(() => undefined),
      stat(path).catch(() => undefined),
    ]);
    // Renamed or removed since it was listed: look again.
    if (text === undefined || found === undefined) return "unknown";
    const ageMs = Date.now() - found.mtimeMs;
    if (text === "") {
      if (ageMs < UNWRITTEN_MS) return "unknown";
      continue;
    }
    const owner = ownerFrom(text);
    if (!ownerIsGone(owner, ageMs)) return owner;
  }
  return undefined;
}

async function tryGeneration(folder: string, generation: number): Promise<FolderLock | undefined> {
  const name = `${generation}.held`;
  const path = join(folder, name);
  const handle = await open(path, "wx").catch((error: unknown) => {
    if (errnoOf(error) === "EEXIST") return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    await handle.writeFile(ownerText(thisOwner())).finally(() => handle.close());
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
  const seen = await newest(folder);
  if (seen.generation !== generation || seen.names.length !== 1) {
    await rm(path, { force: true });
    return undefined;
  }
  await removeOlder(folder, generation);
  return {
    generation,
    async release() {
      await rename(path, join(folder, `${generation}.free`)).catch(() => undefined);
    },
  };
}

async function removeOlder(folder: string, generation: number): Promise<void> {
  const older = (await readdir(folder)).filter((name) => Number.parseInt(name, 10) < generation);
  await Promise.all(older.map((name) => rm(join(folder, name), { force: true })));
}

/** One line a field: no parser has to be trusted with what a crash left. */
function ownerText(owner: LockOwner): string {
  return `${owner.pid}\n${owner.startTime}\n${owner.machine}\n`;
}

function ownerFrom(text: string): LockOwner {
  const [pid = "", startTime = "", machine = ""] = text.split("\n");
  return { pid: Number(pid), startTime, machine };
}

function timeout(folder: string, holder: LockOwner | "unknown" | undefined, timeoutMs: number): HarnessError {
  const who = typeof holder === "object" ? `process ${holder.pid}` : "another process";
  return new HarnessError("STORE_WRITE", `${folder} is locked by ${who} for more than ${timeoutMs / 1000} s`, {
    hint: "Wait until that process is done, or end it; its lock is passed over then.",
  });
}
