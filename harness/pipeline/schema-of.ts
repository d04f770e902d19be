import { validator } from "../platform/schema.ts";

/** Name of the schema of a version: `explorer.frontier.v1` → `frontier.v1`. */
export function schemaOf(version: unknown): string | undefined {
  return validator
    .schemaNames()
    .find((name) => [`quantgate.${name}`, `explorer.${name}`, name.replace("_", ".")].includes(String(version)));
}
