import { rm } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite, readBytes } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";

/** Finished layers by what they were made from, so that an interrupted quantization goes on where it was. */
export class LayerCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = join(folder, "layers");
  }

  key(madeFrom: object): string {
    return sha256(canonicalJson(madeFrom));
  }

  /** A document and the bytes behind it; undefined when absent or damaged (a damaged entry is removed). */
  async get(key: string): Promise<{ readonly document: unknown; readonly bytes: Uint8Array<ArrayBuffer> } | undefined> {
    const path = join(this.folder, `${key}.layer`);
    const file = await readBytes(path, { what: "cached layer", code: "STORE_MISSING" }).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const end = file.indexOf(0x0a);
      const head = parseJson(new TextDecoder().decode(file.subarray(0, end)), { what: path }) as {
        sha256?: unknown;
        document?: unknown;
      };
      const bytes = file.slice(end + 1);
      if (head.sha256 === sha256(bytes)) return { document: head.document, bytes: new Uint8Array(bytes) };
    } catch {
      // Falls through to removal.
    }
    await rm(path, { force: true });
    return undefined;
  }

  async put(key: string, document: object, bytes: Uint8Array): Promise<void> {
    const head = new TextEncoder().encode(`${canonicalJson({ sha256: sha256(bytes), document })}\n`);
    const whole = new Uint8Array(head.length + bytes.length);
    whole.set(head);
    whole.set(bytes, head.length);
    await atomicWrite(join(this.folder, `${key}.layer`), whole);
  }
}
