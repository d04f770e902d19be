import { HarnessError } from "../domain/errors.ts";

/** CONFIG_DATA_INVALID: items or labels that cannot be what they claim to be. */
export function invalidItems(message: string, hint: string, cause?: unknown): HarnessError {
  return new HarnessError("CONFIG_DATA_INVALID", message, { hint, cause });
}

/** "2,000 items", "1 item": counts as messages have them. */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
}
