import { load } from "js-yaml";
import { type ErrorCode, HarnessError } from "../domain/errors.ts";

/** Parses YAML from outside, as `unknown`, under the same promise as parseJson: plain data only, no tags that make objects. */
export function parseYaml(text: string, { what, code }: { what: string; code: ErrorCode }): unknown {
  try {
    return load(text);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw new HarnessError(code, `Cannot read ${what} as YAML: ${reason}.`, {
      hint: "Correct the file and run again.",
      cause,
    });
  }
}
