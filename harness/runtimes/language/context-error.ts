import { HarnessError } from "../../domain/errors.ts";
import { Refused } from "./http-client.ts";

/** The refusal of a prompt that is longer than the context, as RUNTIME_CONTEXT; undefined for any other error. */
export function contextError(error: unknown): HarnessError | undefined {
  if (!(error instanceof Refused)) return undefined;
  const { body } = error;
  const isContext =
    /exceed_context_size|context[_ ]length[_ ]exceeded|exceeds? the (available )?context|context length of|input length exceeds/i;
  if (!isContext.test(body)) return undefined;
  const size = (name: string) => new RegExp(`"${name}"\\s*:\\s*(\\d+)`).exec(body)?.[1];
  const [asked, has] = [size("n_prompt_tokens"), size("n_ctx")];
  const figures = asked === undefined || has === undefined ? "" : `: ${asked} tokens, and the context has ${has}`;
  return new HarnessError("RUNTIME_CONTEXT", `The prompt does not fit the context${figures}`, {
    hint: "Raise context_tokens, or shorten the prompt.",
    cause: error,
  });
}
