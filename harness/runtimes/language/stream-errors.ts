import { HarnessError } from "../../domain/errors.ts";
import type { GenerateRequest } from "../../domain/language-runtime.ts";
import { Refused } from "./http-client.ts";
import { oneLine } from "./one-line.ts";
import type { Wire } from "./wire-values.ts";

/** A line of a reply is not longer than this, however long the reply. */
const MAX_LINE_BYTES = 512 * 1024;
/** Of one named token with its log-probability, with room to spare. */
const LOGPROB_BYTES = 256;
/** Bytes of one prompt character, which some servers repeat in their last event. */
const PROMPT_BYTES = 8;
/** Of the event that brings one token, with room to spare, and tokens' worth of other events. */
const TOKEN_BYTES = 4096;
const SPARE_TOKENS = 64;

/** What can belong to a reply to this request, a line and in all; more is refused before it fills the memory. */
export function replyLimits({ prompt, maxTokens, topLogprobs = 0 }: GenerateRequest): {
  readonly maxBytes: number;
  readonly maxTotalBytes: number;
} {
  const length = prompt.kind === "raw" ? prompt.text.length : prompt.messages.reduce((n, m) => n + m.content.length, 0);
  const named = topLogprobs * LOGPROB_BYTES;
  const maxBytes = MAX_LINE_BYTES + named + length * PROMPT_BYTES;
  return { maxBytes, maxTotalBytes: maxBytes + (maxTokens + SPARE_TOKENS) * (TOKEN_BYTES + named) };
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
  return new HarnessError("RUNTIME_CRASHED", `${who} broke its reply off: ${oneLine(text)}`, {
    hint: "Look at the server's log.",
  });
}
