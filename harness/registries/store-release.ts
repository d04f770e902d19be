import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { ModelFile, ObjectStore } from "../domain/registry-port.ts";
import { sha256 } from "../platform/digest.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** Objects of a release, in the order in which they are stored. */
export const RELEASE_STEPS = ["content", "version", "metadata"] as const;
export type ReleaseStep = (typeof RELEASE_STEPS)[number];

/** Where the entry of a version lies: beside the model. Versions of the same bytes may share a model's path, never an entry's. */
export function metadataKey({ path, version }: Pick<RegistryEntry, "path" | "version">): string {
  const stem = path.replace(/\.onnx$/, "");
  return stem.includes(version.slice(1)) ? `${stem}.json` : `${stem}.${version}.json`;
}

/** Stores one object of a release, unless it is there, and reads it back. REGISTRY_CORRUPT where what comes back is something else. */
export async function storeStep(
  step: ReleaseStep,
  objects: ObjectStore,
  { entry, file, location }: { readonly entry: RegistryEntry; readonly file: ModelFile; readonly location: string },
): Promise<void> {
  const { key, digest, write } = {
    content: { key: entry.content_key, digest: file.sha256, write: () => objects.put(entry.content_key, file) },
    version: {
      key: entry.path,
      digest: file.sha256,
      write: () => objects.copy(entry.content_key, entry.path, file),
    },
    metadata: metadataStep(objects, entry),
  }[step];
  if ((await objects.digest(key)) === digest) return;
  await write();
  const found = await objects.digest(key);
  if (found === digest) return;
  throw new HarnessError(
    "REGISTRY_CORRUPT",
    `The registry ${location} gives back ${found === undefined ? "nothing" : "other bytes"} under ${key} than were sent`,
    {
      hint: "Nothing names the new version. Look at the storage, then run the command again: it sends the object again.",
    },
  );
}

function metadataStep(objects: ObjectStore, entry: RegistryEntry) {
  const content = new TextEncoder().encode(artifactJson(entry));
  const key = metadataKey(entry);
  return { key, digest: sha256(content), write: () => objects.put(key, content) };
}

/** A stored entry through its schema. */
export function parseEntry(content: Uint8Array, what: string): RegistryEntry {
  const document = parseJson(new TextDecoder().decode(content), { what, code: "REGISTRY_CORRUPT" });
  return validator.validate<RegistryEntry>("registry_entry.v1", document, { what, code: "REGISTRY_CORRUPT" });
}
