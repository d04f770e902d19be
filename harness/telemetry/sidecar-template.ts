import { HarnessError } from "../domain/errors.ts";

/** Words a sidecar's command line may hold in braces. */
export const PLACEHOLDERS = ["model_id", "quant_tag", "runtime_target", "execution_mode", "out_file"] as const;
export type PlaceholderValues = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/**
 * A command line as a list of arguments, for a program that is started without a shell. It is cut first and filled in then, so a
 * value may hold spaces, quotes and braces and stays one argument. Quotes are a shell's, single or double; a backslash escapes
 * only a quote, a space or itself, so that Windows paths survive. `{{` is a brace. Errors: CONFIG_USAGE.
 */
export function expandTemplate(template: string, values: PlaceholderValues): string[] {
  const words = cut(template);
  if (words.length === 0) throw usage("The sidecar's command line is empty.");
  return words.map((word) => fill(word, values));
}

function cut(template: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < template.length; i++) {
    const char = template[i] as string;
    const next = template[i + 1];
    if (char === "\\" && quote !== "'" && next !== undefined && /["'\\ ]/.test(next)) {
      word = (word ?? "") + next;
      i++;
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      // An empty pair of quotes is an argument too.
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") throw usage(`A quote (${quote}) in the sidecar's command line is not closed.`);
  if (word !== undefined) words.push(word);
  return words;
}

/** In one pass, so that braces in a value are not filled in again. */
function fill(word: string, values: PlaceholderValues): string {
  return word.replace(/\{\{|\}\}|\{([A-Za-z_]+)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return whole.charAt(0);
    const value = Object.hasOwn(values, name) ? (values as Readonly<Record<string, string>>)[name] : undefined;
    if (value === undefined) throw usage(`{${name}} in the sidecar's command line is no placeholder.`);
    return value;
  });
}

function usage(message: string): HarnessError {
  const known = PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
  return new HarnessError("CONFIG_USAGE", message, { hint: `Placeholders are ${known}; write {{ for a brace.` });
}
