import { rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { artifactJson, canonicalJson } from "../domain/canonical-json.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { atomicWrite, readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";

/** `QUANTGATE_CACHE_DIR`, or `XDG_CACHE_HOME/quantgate`, or `~/.cache/quantgate`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env["QUANTGATE_CACHE_DIR"]) return env["QUANTGATE_CACHE_DIR"];
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "quantgate");
}

export interface CachedVariant {
  /** Path of the cached ONNX file. */
  readonly path: string;
  readonly sha256: string;
  /** As the quantizer wrote it; the caller's schema checks it. */
  readonly manifest: unknown;
}

/** Made variants by what they were made from: model digest, recipe, calibration items, quantizer version. */
export class VariantCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = join(folder, "variants");
  }

  key(madeFrom: object): string {
    return sha256(canonicalJson(madeFrom));
  }

  /** Undefined when absent or damaged (a damaged entry is removed: it can be made again). */
  async get(key: string): Promise<CachedVariant | undefined> {
    const path = join(this.folder, `${key}.onnx`);
    const entryPath = join(this.folder, `${key}.json`);
    const exists = (await stat(path).catch(() => undefined)) && (await stat(entryPath).catch(() => undefined));
    if (!exists) return undefined;
    try {
      const text = await readText(entryPath, { what: "cache entry", code: "STORE_CORRUPT" });
      const entry = parseJson(text, { what: entryPath }) as { sha256?: unknown; manifest?: unknown };
      const digest = await sha256OfFile(path);
      const isWhole = typeof entry.manifest === "object" && entry.manifest !== null;
      if (entry.sha256 === digest && isWhole) return { path, sha256: digest, manifest: entry.manifest };
    } catch {
      // Falls through to removal.
    }
    await Promise.all([rm(path, { force: true }), rm(entryPath, { force: true })]);
    return undefined;
  }

  async put(key: string, model: Uint8Array, manifest: object): Promise<CachedVariant> {
    const path = join(this.folder, `${key}.onnx`);
    const digest = sha256(model);
    await atomicWrite(path, model);
    await atomicWrite(join(this.folder, `${key}.json`), artifactJson({ sha256: digest, manifest }));
    return { path, sha256: digest, manifest };
  }
}
