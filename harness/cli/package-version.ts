import { createRequire } from "node:module";

/** Version in package.json. */
export function packageVersion(): string {
  return (createRequire(import.meta.url)("../../../package.json") as { version: string }).version;
}
