import { HarnessError } from "../domain/errors.ts";

/**
 * A key of an object. Keys come from patterns that were checked, but also from documents that other writers of the registry wrote:
 * REGISTRY_CORRUPT where one would lead out of it.
 */
export function requireKey(key: string): string {
  if (key.split("/").every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part))) return key;
  throw new HarnessError("REGISTRY_CORRUPT", `A document of the registry names the object ${JSON.stringify(key)}`, {
    hint: "No publication writes such a name. Look at aliases.json and the entries of the model.",
  });
}
