import { HarnessError } from "../domain/errors.ts";
import { redact, secretValues } from "../domain/redact.ts";
import type { TransferReply } from "../platform/http-transfer.ts";

/** Longest piece of a server's words that is shown. */
const SHOWN = 300;

/** A reply that is no success, in one sentence; `said` is the server's own words, from which secrets are taken out. */
export function refusal(who: string, { status }: TransferReply, said: string, env: NodeJS.ProcessEnv): HarnessError {
  const words = redact(said.replaceAll(/\s+/g, " ").trim(), secretValues(env)).slice(0, SHOWN);
  const message = `${who} answered ${status}${words === "" ? "" : `: ${words}`}`;
  if (status === 401 || status === 403) {
    return new HarnessError("REGISTRY_DENIED", message, {
      hint: "Set the credentials in the environment: docs/publish.md says which variables are read.",
    });
  }
  if (status >= 500 || status === 429) {
    return new HarnessError("REGISTRY_UNAVAILABLE", message, {
      hint: "Run the command again later: it goes on where it stopped.",
    });
  }
  return new HarnessError("REGISTRY_REFUSED", message, { hint: "Look at the registry's log." });
}
