import { join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import { openAppender } from "../platform/appender.ts";
import { sha256 } from "../platform/digest.ts";
import { errnoOf } from "../platform/file-errors.ts";
import { readBytes } from "../platform/files.ts";
import { lockFolder } from "../platform/folder-lock.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** What every explorer artifact has that says which others it may be compared with. */
export interface ExplorerArtifact {
  readonly schema_version: string;
  readonly hardware_fingerprint: string;
  readonly execution_lane: string;
  readonly vram_profile: string;
}

export interface ExplorerHistory<T> {
  /** In the order of recording. */
  readonly artifacts: readonly T[];
  /** Numbers of lines that cannot be read, from 1. They are left out, never guessed. */
  readonly unreadable: readonly number[];
}

/**
 * Adds an artifact to the history of those it may be compared with: same kind, hardware, lane and memory profile. The same artifact is
 * stored once. Returns whether it was added. STORE_SCHEMA where it is not what its schema asks for.
 */
export async function appendExplorer(root: string, artifact: ExplorerArtifact): Promise<boolean> {
  const schema = schemaOf(artifact.schema_version);
  validator.validate(schema, artifact, { what: "the artifact", code: "STORE_SCHEMA" });
  const path = explorerHistoryPath(root, artifact);
  const line = canonicalJson(artifact);
  const lock = await lockFolder(join(root, "explorer", ".lock"));
  try {
    const content = await historyBytes(path);
    const digests = new Set(textLines(content).map((text) => sha256(text)));
    if (digests.has(sha256(line))) return false;
    // What a crash left behind the last whole line is cut off: its artifact can be recorded again.
    const appender = await openAppender(path, { keepBytes: content.lastIndexOf(10) + 1 });
    await appender.append(line).finally(() => appender.close());
    return true;
  } finally {
    await lock.release();
  }
}

/** Earlier artifacts that this one may be compared with, itself included where it is recorded. None is an empty history. */
export async function readExplorer<T extends ExplorerArtifact>(root: string, like: T): Promise<ExplorerHistory<T>> {
  const path = explorerHistoryPath(root, like);
  const schema = schemaOf(like.schema_version);
  const artifacts: T[] = [];
  const unreadable: number[] = [];
  for (const [index, text] of textLines(await historyBytes(path)).entries()) {
    try {
      const what = `${path}, line ${index + 1}`;
      artifacts.push(validator.validate<T>(schema, parseJson(text, { what }), { what, code: "STORE_CORRUPT" }));
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      unreadable.push(index + 1);
    }
  }
  return { artifacts, unreadable };
}

/** `<root>/explorer/frontier/<hardware>_<lane>_<profile>.ndjson`, one artifact a line. */
export function explorerHistoryPath(root: string, artifact: ExplorerArtifact): string {
  const kind = schemaOf(artifact.schema_version).replace(/\.v\d+$/, "");
  const key = [artifact.hardware_fingerprint, artifact.execution_lane, artifact.vram_profile].join("_");
  return join(root, "explorer", kind, `${key}.ndjson`);
}

function schemaOf(version: string): string {
  const name = /^explorer\.([a-z_]+\.v\d+)$/.exec(version)?.[1];
  if (name !== undefined && validator.schemaNames().includes(name)) return name;
  throw new HarnessError("STORE_SCHEMA", `${version} is no explorer artifact`, {
    hint: "Only frontiers, context ceilings and thermal profiles have a comparable history.",
  });
}

function textLines(content: Uint8Array): string[] {
  const whole = content.subarray(0, content.lastIndexOf(10) + 1);
  return new TextDecoder().decode(whole).split("\n").slice(0, -1);
}

async function historyBytes(path: string): Promise<Uint8Array> {
  try {
    return await readBytes(path, { what: "history", code: "STORE_MISSING" });
  } catch (error) {
    if (error instanceof HarnessError && errnoOf(error.cause) === "ENOENT") return new Uint8Array(0);
    throw error;
  }
}
