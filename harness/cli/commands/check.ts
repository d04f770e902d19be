import { artifactJson } from "../../domain/canonical-json.ts";
import { ERROR_CODES } from "../../domain/errors.ts";
import { type ArtifactKind, type CheckRequest, checkArtifacts } from "../../pipeline/check-artifacts.ts";

export interface CheckFlags {
  readonly frontier?: string[];
  readonly context?: string[];
  readonly thermal?: string[];
  readonly summary?: string[];
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Prints one line an artifact; exit code 6 when one is missing, corrupt or not what its sources give. */
export async function runCheck(paths: string[], flags: CheckFlags): Promise<number> {
  const kinds: readonly ArtifactKind[] = ["summary", "frontier", "context", "thermal"];
  const named = kinds.flatMap((kind) => (flags[kind] ?? []).map((path): CheckRequest => ({ path, kind })));
  const results = await checkArtifacts([...paths, ...named]);
  if (flags.json) process.stdout.write(artifactJson(results));
  else
    for (const { path, ok, message } of results.filter((result) => !(flags.quiet && result.ok)))
      process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${path}: ${message}\n`);
  return results.every((result) => result.ok) ? 0 : ERROR_CODES.STORE_CORRUPT;
}
