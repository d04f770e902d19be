import type { ProbeLine } from "../domain/generated/probe-reading-v1.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A longer line is no line of a probe. */
const MAX_LINE = 1 << 20;

/**
 * Cuts a probe's output into lines and reads each by its schema. What is none is passed to `onFault` with a reason, and the
 * lines after it are read on.
 */
export function probeLineReader(handlers: {
  readonly onLine: (line: ProbeLine) => void;
  readonly onFault: (reason: string) => void;
}): (text: string) => void {
  let rest = "";
  let isSkipping = false;
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (isSkipping) isSkipping = false;
      else if (line.trim() !== "") read(line, handlers);
    }
    if (rest.length <= MAX_LINE) return;
    rest = "";
    if (!isSkipping) handlers.onFault(`a line is longer than ${MAX_LINE} characters`);
    isSkipping = true;
  };
}

function read(
  text: string,
  { onLine, onFault }: { onLine: (line: ProbeLine) => void; onFault: (reason: string) => void },
): void {
  let line: ProbeLine;
  try {
    const value = parseJson(text, { what: "a line of the probe" });
    line = validator.validate<ProbeLine>("probe_reading.v1", value, {
      what: "A line of the probe",
      code: "STORE_SCHEMA",
    });
  } catch (error) {
    onFault(error instanceof Error ? error.message : String(error));
    return;
  }
  onLine(line);
}
