import type { Extract, TaskCheck } from "../domain/generated/task-bank-v1.ts";
import type { TaskTools } from "../domain/task-port.ts";

/** The part of an answer that a check looks at, or why there is none. */
export type Extracted = { readonly text: string } | { readonly missing: string };

/** Starts of JSON values that are tried in one answer: a text of nothing but brackets must not cost its length squared. */
const JSON_STARTS = 64;

/** What a check looks at unless it says so itself. */
export function extractOf(check: TaskCheck): Extract {
  if (check.kind === "choice") return "text";
  if (check.extract !== undefined) return check.extract;
  if (check.kind === "json_schema") return "json";
  if (check.kind === "unit_tests") return "code";
  return check.kind === "numeric" ? "number" : "text";
}

/** Cuts the part out. `tools` runs patterns, which may take too long, and parses JSON. */
export function extractAnswer(text: string, extract: Extract, tools: TaskTools): Extracted {
  if (typeof extract === "object") return byPattern(text, extract, tools);
  switch (extract) {
    case "text":
      return { text: text.trim() };
    case "code":
      return { text: fencedBlock(text) ?? text.trim() };
    case "json": {
      const found = jsonText(text, tools);
      return found === undefined ? { missing: "there is no JSON value in it" } : { text: found };
    }
    case "number": {
      const last = text.replaceAll("\u2212", "-").match(NUMBER)?.at(-1);
      return last === undefined ? { missing: "there is no number in it" } : { text: last.replaceAll(",", "") };
    }
    case "last_line": {
      const last = text
        .split("\n")
        .map((line) => line.trim())
        .findLast((line) => line !== "");
      return last === undefined ? { missing: "it is empty" } : { text: last };
    }
  }
}

/** Digits in groups of three or plain ones, with sign, fraction and exponent. No part can match in two ways, so it runs in linear time. */
const NUMBER = /(?:(?<![\w.])[-+])?(?:(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?/gi;

function byPattern(text: string, extract: Exclude<Extract, string>, tools: TaskTools): Extracted {
  const matches = tools.matchAll({ source: extract.pattern, flags: extract.flags ?? "" }, text);
  if (matches === undefined) return { missing: "the pattern that looks for it took too long" };
  const last = matches.at(-1);
  if (last === undefined) return { missing: "the pattern that looks for it matches nowhere" };
  return { text: (last.group ?? last.whole).trim() };
}

/** Content of the first ``` block; one that is never closed runs to the end. */
function fencedBlock(text: string): string | undefined {
  const open = /^[ \t]*```[^\n`]*\n/m.exec(text);
  if (open === null) return undefined;
  const body = text.slice(open.index + open[0].length);
  const close = /^[ \t]*```/m.exec(body);
  return close === null ? body : body.slice(0, close.index);
}

/** The first object or list that parses; else the text itself where it is a JSON value of another kind. */
function jsonText(text: string, tools: TaskTools): string | undefined {
  const source = fencedBlock(text) ?? text;
  const whole = source.trim();
  if (tools.parseJson(whole) !== undefined) return whole;
  let from = 0;
  for (let tried = 0; tried < JSON_STARTS; tried++) {
    const start = source.slice(from).search(/[{[]/);
    if (start < 0) return undefined;
    const value = balanced(source, from + start);
    if (value !== undefined && tools.parseJson(value) !== undefined) return value;
    from += start + 1;
  }
  return undefined;
}

/** From the bracket at `start` to the one that closes it, brackets inside strings not counted. */
function balanced(text: string, start: number): string | undefined {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === "\\") i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      depth--;
      if (depth === 0) return text.slice(start, i + 1);
    }
  }
  return undefined;
}
