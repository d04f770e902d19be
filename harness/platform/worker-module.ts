import { extname } from "node:path";
import { fileURLToPath } from "node:url";

/** The file of a worker next to its owner: compiled next to compiled, source next to source. `name` has no extension. */
export function workerModule(name: string, ownerUrl: string): URL {
  return new URL(name + extname(fileURLToPath(ownerUrl)), ownerUrl);
}
