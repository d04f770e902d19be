import { HarnessError } from "../domain/errors.ts";
import { visible } from "../report/visible-text.ts";

/** Exit codes of product rules that are not a HarnessError's. */
export const EXIT = { ok: 0, crash: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** An error as a person reads it: one sentence and a hint; the stack only with QUANTGATE_DEBUG. */
export function describeError(error: unknown, env: NodeJS.ProcessEnv): { text: string; exitCode: number } {
  if (error instanceof HarnessError) {
    // Words of a server or a file may be among them: they move no cursor.
    const [message, hint] = [error.message, error.hint].map((text) => text.split("\n").map(visible).join("\n"));
    const sentence = /[.!?]$/.test(message as string) ? message : `${message}.`;
    const debug = env["QUANTGATE_DEBUG"] ? `\n${error.stack}` : "";
    return { text: `error: ${sentence} [${error.code}]\nhint: ${hint}${debug}`, exitCode: error.exitCode };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `internal error: ${stack}\nhint: this is a defect of quantgate; please report it.`,
    exitCode: EXIT.crash,
  };
}

/** What commander says of a command line it cannot use, in the form of {@link describeError}; its suggestion is the hint. */
export function describeUsage(message: string): string {
  const [said = "", ...suggestion] = message.replace(/^error: /, "").split("\n");
  const sentence = said.charAt(0).toUpperCase() + said.slice(1);
  const hint = suggestion.join(" ").replace(/[()]/g, "").trim() || "quantgate --help lists commands and examples.";
  return `error: ${/[.!?]$/.test(sentence) ? sentence : `${sentence}.`} [CONFIG_USAGE]\nhint: ${hint}`;
}
