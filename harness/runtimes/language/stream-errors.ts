import { HarnessError } from "../../domain/errors.ts";
import type { GenerateRequest } from "../../domain/language-runtime.ts";
import { Refused } from "./http-client.ts";
import type { Wire } from "./wire-values.ts";

/** A line of a reply is not longer than this, however long the reply. */
const MAX_LINE_BYTES = 512 * 1024;
/** Of one named token with its log-probability, with room to spare. */
const LOGPROB_BYTES = 256;
/** Bytes of one prompt character, which some servers repeat in their last event. */
const PROMPT_BYTES = 8;

/** The longest line that can belong to a reply to this request; a longer one is refused before it fills the memory. */
export function lineLimit({ prompt, topLogprobs = 0 }: GenerateRequest): number {
  const length = prompt.kind === "raw" ? prompt.text.length : prompt.messages.reduce((n, m) => n + m.content.length, 0);
  return MAX_LINE_BYTES + topLogprobs * LOGPROB_BYTES + length * PROMPT_BYTES;
}

/** An error that arrives inside a stream which began with HTTP 200; undefined where the event is none. */
export function errorIn(event: Wire, who: string): HarnessError | undefined {
  const { error } = event;
  if (error === undefined || error === null) return undefined;
  const { message, type } = (typeof error === "object" ? error : { message: error }) as {
    message?: unknown;
    type?: unknown;
  };
  const text = typeof message === "string" ? message : JSON.stringify(error);
  // Kept as a refusal, so that a prompt that does not fit is told from other errors wherever it is said.
  if (type === "exceed_context_size_error") return new Refused(who, 200, JSON.stringify(event));
  return new HarnessError("RUNTIME_CRASHED", `${who} broke its reply off: ${text.slice(0, 300)}`, {
    hint: "Look at the server's log.",
  });
}
