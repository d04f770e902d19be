import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { Download, DownloadedFile, Downloads } from "../domain/generated/downloads-v1.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { type DownloadRequest, download } from "../platform/download.ts";
import { atomicWrite, makeFolders, readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { packageRoot } from "../platform/package-root.ts";
import { validator } from "../platform/schema.ts";
import { readTarGz } from "../platform/tar.ts";

export interface FetchOptions {
  /** Ids of the catalog; empty: all of it. */
  readonly ids?: readonly string[];
  /** Another catalog than the built-in one. */
  readonly catalog?: string | undefined;
  /** Where files go; default: QUANTGATE_DATA_DIR, else ./data. */
  readonly dataDir?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: FetchProgress) => void;
  /** For tests: pauses between attempts, and how long a silent connection is waited for. */
  readonly patience?: Pick<DownloadRequest, "pausesMs" | "stallMs">;
}

export interface FetchProgress {
  readonly id: string;
  readonly done: number;
  readonly total: number;
}

export interface FetchedFile {
  readonly id: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Was there already, with the right digest. */
  readonly isCached: boolean;
}

/** The catalog of what can be fetched. CONFIG_INVALID for a file that is none. */
export async function readCatalog(path = join(packageRoot(), "configs/downloads.json")): Promise<Downloads> {
  const text = await readText(path, { what: "the catalog of downloads", code: "CONFIG_USAGE" });
  const parsed = parseJson(text, { what: path, code: "CONFIG_INVALID" });
  return validator.validate<Downloads>("downloads.v1", parsed, { what: path, code: "CONFIG_INVALID" });
}

/**
 * Gets data and models by pinned address and digest into the data folder. What is there with the right digest is left alone; what arrived
 * of an interrupted download is gone on with; nothing gets its name before its digest is right. CONFIG_USAGE for an id that the
 * catalog lacks, RUNTIME_UNAVAILABLE for a server that cannot be reached, STORE_CORRUPT for content that is not what was pinned.
 */
export async function fetchData(options: FetchOptions = {}): Promise<FetchedFile[]> {
  const { cwd = process.cwd(), env = process.env, ids = [] } = options;
  const catalog = await readCatalog(options.catalog === undefined ? undefined : resolve(cwd, options.catalog));
  const root = resolve(cwd, options.dataDir ?? env["QUANTGATE_DATA_DIR"] ?? "data");
  const wanted = ids.length === 0 ? catalog.downloads : ids.map((id) => find(catalog, id));
  const fetched: FetchedFile[] = [];
  for (const entry of wanted) fetched.push(...(await fetchOne(entry, root, options)));
  return fetched;
}

function find({ downloads }: Downloads, id: string): Download {
  const found = downloads.find((entry) => entry.id === id);
  if (found !== undefined) return found;
  throw new HarnessError("CONFIG_USAGE", `There is no download ${JSON.stringify(id)}`, {
    hint: `There are: ${downloads.map((entry) => entry.id).join(", ")}.`,
  });
}

async function fetchOne(entry: Download, root: string, options: FetchOptions): Promise<FetchedFile[]> {
  const { signal = new AbortController().signal, onProgress, patience = {} } = options;
  const known = await Promise.all(entry.files.map((file) => cached(entry, file, root)));
  if (known.every((file) => file !== undefined)) return known;
  const part = join(root, ".downloads", `${entry.sha256}.part`);
  await download({
    url: entry.url,
    partPath: part,
    bytes: entry.bytes,
    signal,
    onBytes: (done) => onProgress?.({ id: entry.id, done, total: entry.bytes }),
    ...patience,
  });
  await refuseOtherContent(entry, part);
  const files: FetchedFile[] = [];
  for (const file of entry.files) files.push(await keep(entry, file, { root, part, signal }));
  await rm(part, { force: true });
  return files;
}

async function cached(entry: Download, file: DownloadedFile, root: string): Promise<FetchedFile | undefined> {
  const path = join(root, file.path);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || (await sha256OfFile(path)) !== file.sha256) return undefined;
  return { id: entry.id, path, sha256: file.sha256, bytes: found.size, isCached: true };
}

/** What is not what was pinned is removed, so that the next run begins anew instead of ending here again. */
async function refuseOtherContent(entry: Download, part: string): Promise<void> {
  const sha256 = await sha256OfFile(part);
  const md5 = entry.md5 === undefined ? undefined : await md5OfFile(part);
  if (sha256 === entry.sha256 && md5 === entry.md5) return;
  await rm(part, { force: true });
  throw corrupt(`What ${entry.url} gave is not what was pinned: its SHA-256 is ${sha256}, not ${entry.sha256}`);
}

async function md5OfFile(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function keep(
  entry: Download,
  file: DownloadedFile,
  { root, part, signal }: { readonly root: string; readonly part: string; readonly signal: AbortSignal },
): Promise<FetchedFile> {
  const path = join(root, file.path);
  await makeFolders(dirname(path));
  if (file.member === undefined) {
    if (file.sha256 !== entry.sha256) throw corrupt(`The catalog gives two digests for ${file.path}`);
    await rename(part, path);
    return { id: entry.id, path, sha256: file.sha256, bytes: entry.bytes, isCached: false };
  }
  const content = await member(part, file.member, signal);
  const digest = createHash("sha256").update(content).digest("hex");
  if (digest !== file.sha256)
    throw corrupt(`${file.member} in ${entry.url} has the SHA-256 ${digest}, not ${file.sha256}`);
  await atomicWrite(path, content);
  return { id: entry.id, path, sha256: digest, bytes: content.length, isCached: false };
}

async function member(archive: string, name: string, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of readTarGz(archive, signal)) {
    if (chunk.name !== name) continue;
    pieces.push(Uint8Array.from(chunk.bytes));
    if (chunk.isLast) return Buffer.concat(pieces);
  }
  throw corrupt(`The archive has no file ${name}`);
}

function corrupt(message: string): HarnessError {
  return new HarnessError("STORE_CORRUPT", message, {
    hint: "The public original changed, or something between altered it; do not use it. Try again, or get it another way.",
  });
}
