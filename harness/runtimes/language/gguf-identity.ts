import { stat } from "node:fs/promises";
import type { ModelIdentity } from "../../domain/language-runtime.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { ggufWeights, readGguf } from "./gguf.ts";

/** Digests of files that have not changed since, by path, size, inode and times: a model of gigabytes is read once, not for each trial. */
const known = new Map<string, Promise<string>>();

/** What a GGUF file is: digest, label, size, and bits per weight as measured. */
export async function ggufIdentity(name: string, path: string): Promise<ModelIdentity> {
  const header = await readGguf(path);
  const { label, parameters, bitsPerWeight } = ggufWeights(header);
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  const key = [path, size, mtimeNs, ctimeNs, ino].join(" ");
  const digest = known.get(key) ?? sha256OfFile(path);
  known.set(key, digest);
  // A file that could not be read once may be readable later.
  digest.catch(() => known.delete(key));
  const architecture = header.metadata.get("general.architecture");
  const context = header.metadata.get(`${String(architecture)}.context_length`);
  return {
    name,
    digest: await digest,
    quantization: label,
    bytes: Number(size),
    parameters,
    bitsPerWeight,
    contextLength: typeof context === "number" || typeof context === "bigint" ? Number(context) : undefined,
  };
}
