import type { TaskTools } from "../domain/task-port.ts";
import { foreignSchemaProblem } from "../platform/foreign-schema.ts";
import { parseJson } from "../platform/json.ts";
import { openCodeSandbox } from "../platform/sandbox/code-sandbox.ts";
import { matchAll } from "../platform/timed-pattern.ts";

/** Scoring's tools in a real run: patterns with a time limit, JSON, schemas, and code in its sandbox. Whoever opens them closes them. */
export type OpenTaskTools = TaskTools & { close(): Promise<void> };

export function openTaskTools({ signal }: { readonly signal?: AbortSignal } = {}): OpenTaskTools {
  const sandbox = openCodeSandbox();
  return {
    matchAll,
    parseJson(text) {
      try {
        return { value: parseJson(text, { what: "the answer" }) };
      } catch {
        return undefined;
      }
    },
    schemaProblem: foreignSchemaProblem,
    runCode: (request) => sandbox.run(request, signal === undefined ? {} : { signal }),
    close: () => sandbox.close(),
  };
}
