import { type ErrorCode, HarnessError } from "../domain/errors.ts";
import { findJsonFault } from "./json-syntax.ts";

/** Longer texts come from programs, which write no key twice: they are not searched for that. */
const HAND_WRITTEN_LENGTH = 1 << 20;

/**
 * Parses JSON from outside, as `unknown`: only the validator of schema.ts makes a type of it. `what` names the source to
 * the user. Errors carry `code` (STORE_CORRUPT unless said otherwise) and line and column; equal keys in one object are an error.
 */
export function parseJson(text: string, { what, code = "STORE_CORRUPT" }: { what: string; code?: ErrorCode }): unknown {
  let parsed: { value: unknown } | undefined;
  let cause: unknown;
  try {
    parsed = { value: JSON.parse(text) };
  } catch (error) {
    cause = error;
  }
  if (parsed !== undefined && text.length > HAND_WRITTEN_LENGTH) return parsed.value;
  const place = describeFault(text);
  if (parsed !== undefined && place === undefined) return parsed.value;
  const reason =
    text.trim() === "" ? "it is empty" : (place ?? (cause instanceof Error ? cause.message : String(cause)));
  throw new HarnessError(code, `Cannot read ${what} as JSON: ${reason}.`, {
    hint:
      code === "STORE_CORRUPT"
        ? "The file was cut off or changed; restore it or run again."
        : "Correct the file and run again.",
    cause,
  });
}

function describeFault(text: string): string | undefined {
  try {
    const fault = findJsonFault(text);
    if (fault === undefined) return undefined;
    const before = text.slice(0, fault.offset);
    const column = before.length - before.lastIndexOf("\n");
    return `line ${before.split("\n").length}, column ${column}: ${fault.reason}`;
  } catch {
    // Nested deeper than the stack: JSON.parse's own word has to do.
    return undefined;
  }
}

/** Parses what a program sent (RUNTIME_PROTOCOL); programs write no key twice, so nothing is searched for that. */
export function parseWireJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HarnessError("RUNTIME_PROTOCOL", `${what} sent a line that is not JSON`, {
      hint: "Something other than the expected server may answer at this address.",
      cause,
    });
  }
}
