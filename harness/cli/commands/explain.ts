import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { explain, explanations } from "../../report/explain.ts";
import { renderCodeList, renderExplanations } from "../../report/explain-text.ts";
import { textOptions } from "../terminal.ts";

/** Any reason, finding or error code in a paragraph; all codes without one. */
export async function runExplain(code: string | undefined, flags: { readonly json?: boolean }): Promise<number> {
  const text = textOptions(process.stdout, process.env);
  if (code === undefined) {
    process.stdout.write(flags.json ? artifactJson(explanations()) : `${renderCodeList(explanations(), text)}\n`);
    return 0;
  }
  const { found, nearest } = explain(code);
  if (found.length === 0) {
    throw new HarnessError("CONFIG_USAGE", `The code ${code} is not known`, {
      hint: nearest === undefined ? "quantgate explain lists all codes." : `Did you mean ${nearest}?`,
    });
  }
  process.stdout.write(flags.json ? artifactJson(found) : `${renderExplanations(found, text)}\n`);
  return 0;
}
