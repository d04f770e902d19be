import { createContext, Script } from "node:vm";
import type { TaskTools } from "../domain/task-port.ts";

/** A pattern that backtracks for longer on one answer will not end soon either. */
const TIME_LIMIT_MS = 250;
/** An empty pattern matches everywhere: nobody needs more of that. */
const MOST_MATCHES = 1000;

const SCRIPT = `(() => {
  const found = [];
  for (const match of text.matchAll(new RegExp(source, flags + "g"))) {
    found.push([match[0], match[1] ?? null]);
    if (found.length === ${MOST_MATCHES}) break;
  }
  return JSON.stringify(found);
})()`;

let script: Script | undefined;

/**
 * Matches of a pattern that may backtrack for ever on a hostile text: V8 stops it after a quarter of a second, and the result is
 * undefined. RangeError for a pattern that is none.
 */
export const matchAll: TaskTools["matchAll"] = ({ source, flags }, text) => {
  script ??= new Script(SCRIPT);
  try {
    const json = script.runInContext(createContext({ source, flags, text }), { timeout: TIME_LIMIT_MS }) as string;
    const found = JSON.parse(json) as [string, string | null][];
    return found.map(([whole, group]) => ({ whole, group: group ?? undefined }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw new RangeError(`the pattern /${source}/${flags} cannot be used: ${(error as Error).message}`);
  }
};
