import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../domain/errors.ts";
import { errnoOf, writeError } from "./file-errors.ts";
import { type LockOwner, ownerIsGone, thisOwner } from "./lock-owner.ts";

/** An exclusive right over a folder, held until released or until its process is gone. */
export interface FolderLock {
  /** Counts up with every holder; never repeats in one folder. */
  readonly generation: number;
  /**
   * STORE_WRITE unless this is still the lock: a holder that was stopped for long, or whose machine the others could not see, may
   * have been passed over. To be asked right before a step that cannot be taken back.
   */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
/** A lock file that has no content for so long was left by a power cut: its name reached the disk, its content did not. */
const UNWRITTEN_MS = 5_000;
const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 40;

/**
 * Takes the lock that lives in `folder` (made if missing; nothing else may live there). Waits up to `timeoutMs`, then STORE_WRITE
 * naming the holder. A holder that was killed is noticed at once on the same machine, after ten minutes from another one.
 *
 * The holder is whoever created the file of the highest generation: `7.held`, renamed to `7.free` on release. Giving a file that
 * is written already that name is the one step that decides, and generations only grow, so a stale lock is passed over, never
 * removed by two waiters at once. A late creator of a used generation sees its other file, or a higher one, and steps back.
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
  const path = join(folder, `${generation}.held`);
  // Older than any later generation, so that the next holder clears it away if this process is killed here.
  const written = join(folder, `${generation}.${process.pid}-${randomBytes(4).toString("hex")}.new`);
  try {
    await writeFile(written, ownerText(thisOwner()), { flag: "wx" });
    await link(written, path).catch((error: unknown) => {
      // File systems without hard links: the name may be there for a moment before its content.
      if (!NO_LINKS.includes(errnoOf(error) ?? "")) throw error;
      return copyFile(written, path, constants.COPYFILE_EXCL);
    });
  } catch (error) {
    // ENOENT: a later holder cleared it away.
    if (errnoOf(error) === "EEXIST" || errnoOf(error) === "ENOENT") return undefined;
    throw error;
  } finally {
    await rm(written, { force: true });
  }
  const isNewest = async (): Promise<boolean> => {
    const seen = await newest(folder);
    return seen.generation === generation && seen.names.length === 1 && seen.names[0] === `${generation}.held`;
  };
  if (!(await isNewest())) {
    await rm(path, { force: true });
    return undefined;
  }
  await removeOlder(folder, generation);
  return {
    generation,
    async assertHeld() {
      if (await isNewest().catch(() => false)) return;
      throw new HarnessError("STORE_WRITE", `The lock of ${folder} was lost while it was held`, {
        hint: "This process was stopped for long, or the lock's folder was removed. Nothing was written; run the command again.",
      });
    },
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
