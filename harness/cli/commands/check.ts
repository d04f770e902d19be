import { artifactJson } from "../../domain/canonical-json.ts";
import { ERROR_CODES } from "../../domain/errors.ts";
import { checkArtifacts } from "../../pipeline/check-artifacts.ts";

/** Prints one line an artifact; exit code 6 when one is missing, corrupt or not what its sources give. */
export async function runCheck(paths: string[], flags: { readonly json?: boolean }): Promise<number> {
  const results = await checkArtifacts(paths);
  if (flags.json) process.stdout.write(artifactJson(results));
  else
    for (const { path, ok, message } of results) process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${path}: ${message}\n`);
  return results.every((result) => result.ok) ? 0 : ERROR_CODES.STORE_CORRUPT;
}
