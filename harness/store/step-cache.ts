import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { artifactJson, canonicalJson } from "../domain/canonical-json.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { writeError } from "../platform/file-errors.ts";
import { atomicWrite, ensureFolder, readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { type LockOwner, ownerIsGone, thisOwner } from "../platform/lock-owner.ts";

/** A file that a step wrote. */
export interface StepFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface CachedStep {
  readonly outputs: readonly StepFile[];
  /** What the program printed when it made them. */
  readonly log: string;
  /** Seconds it took. */
  readonly madeS: number;
}

/** Name of the log in an entry; outputs lie beside it. */
export const STEP_LOG = "step.log";
const ENTRY = "entry.json";
/** Beginning of the name of a folder that a step works in; beside it lies a file that says whose it is. */
const WORK = ".work-";
const OWNER = ".owner.json";
const UNSEEN_MS = 30 * 86_400_000;

/** Outputs of steps by the digest of what went into them. */
export class StepCache {
  readonly folder: string;

  constructor(cache: string) {
    this.folder = join(cache, "steps");
  }

  key(madeFrom: object): string {
    return sha256(canonicalJson(madeFrom));
  }

  /** An empty folder for a step to work in; {@link put} keeps it, {@link discard} removes it. What killed processes left is removed. */
  async workFolder(): Promise<string> {
    const path = join(this.folder, `${WORK}${process.pid}-${randomBytes(6).toString("hex")}`);
    await this.#removeAbandoned();
    await atomicWrite(`${path}${OWNER}`, JSON.stringify(thisOwner()));
    await ensureFolder(path);
    return path;
  }

  async discard(work: string): Promise<void> {
    await rm(work, { recursive: true, force: true });
    await rm(`${work}${OWNER}`, { force: true });
  }

  /** A training may leave gigabytes; nobody else would ever look at them. */
  async #removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (!name.startsWith(WORK) || !name.endsWith(OWNER)) continue;
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      const owner = await readFile(path, "utf8").then(parseOwner, () => undefined);
      if (found === undefined || owner === undefined) continue;
      // The owner's own machine knows; others wait for longer than any step runs.
      const ageMs = Date.now() - found.mtimeMs > UNSEEN_MS ? Number.POSITIVE_INFINITY : 0;
      if (ownerIsGone(owner, ageMs)) await this.discard(path.slice(0, -OWNER.length));
    }
  }

  /** Keeps the outputs and the log of a work folder under their key; everything else in it is removed. */
  async put(
    key: string,
    work: string,
    made: { readonly outputs: readonly StepFile[]; readonly madeS: number },
  ): Promise<CachedStep> {
    const kept = new Set([...made.outputs.map(({ path }) => path), join(work, STEP_LOG)]);
    for (const name of await readdir(work)) {
      if (!kept.has(join(work, name))) await rm(join(work, name), { recursive: true, force: true });
    }
    const files = made.outputs.map(({ name, path, sha256: digest, bytes }) => ({
      name,
      file: path.slice(work.length + 1),
      sha256: digest,
      bytes,
    }));
    await atomicWrite(join(work, ENTRY), artifactJson({ outputs: files, made_s: made.madeS }));
    const target = join(this.folder, key);
    try {
      await mkdir(this.folder, { recursive: true });
      await rm(target, { recursive: true, force: true });
      await rename(work, target);
    } catch (error) {
      throw writeError(target, error);
    }
    const stored = await this.get(key);
    if (stored === undefined) throw new Error(`the step's outputs changed while they were stored: ${target}`);
    return stored;
  }

  /** Undefined when absent or damaged (a damaged entry is removed: it can be made again). */
  async get(key: string): Promise<CachedStep | undefined> {
    const folder = join(this.folder, key);
    if ((await stat(folder).catch(() => undefined)) === undefined) return undefined;
    try {
      const text = await readText(join(folder, ENTRY), { what: "cache entry", code: "STORE_CORRUPT" });
      const entry = parseJson(text, { what: join(folder, ENTRY) }) as {
        outputs: { name: string; file: string; sha256: string; bytes: number }[];
        made_s: number;
      };
      const outputs: StepFile[] = [];
      for (const { name, file, sha256: digest, bytes } of entry.outputs) {
        const path = join(folder, file);
        if ((await sha256OfFile(path)) !== digest) throw new Error("damaged");
        outputs.push({ name, path, sha256: digest, bytes });
      }
      if (!(entry.made_s >= 0) || outputs.length === 0) throw new Error("damaged");
      return { outputs, log: join(folder, STEP_LOG), madeS: entry.made_s };
    } catch {
      await rm(folder, { recursive: true, force: true });
      return undefined;
    }
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return parseJson(text, { what: "owner" }) as LockOwner;
  } catch {
    return undefined;
  }
}
