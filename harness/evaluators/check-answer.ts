import type {
  ChoiceCheck,
  ContainsCheck,
  CountCheck,
  ExactCheck,
  JsonSchemaCheck,
  NumericCheck,
  RegexCheck,
  TaskCheck,
  UnitTestsCheck,
} from "../domain/generated/task-bank-v1.ts";
import type { TaskResponse, TaskTools } from "../domain/task-port.ts";
import { extractAnswer, extractOf } from "./extract-answer.ts";

/** Defaults of `unit_tests`, as its schema states them. */
const CODE_TIME_LIMIT_MS = 2000;
const CODE_MEMORY_LIMIT_MB = 64;

/** Why an answer fails one check, as a clause; undefined where it passes. `unavailable`: the check could not be made, which is no pass. */
export type Failure = { readonly kind: "refused" | "unavailable"; readonly message: string };

/** One check against one answer. */
export async function checkAnswer(
  check: TaskCheck,
  response: TaskResponse,
  tools: TaskTools,
): Promise<Failure | undefined> {
  if (check.kind === "choice") return choice(check, response);
  const found = extractAnswer(response.text, extractOf(check), tools);
  if ("missing" in found) return refused(found.missing);
  const { text } = found;
  switch (check.kind) {
    case "exact":
      return exact(check, text);
    case "contains":
      return contains(check, text);
    case "regex":
      return regex(check, text, tools);
    case "numeric":
      return numeric(check, text);
    case "count":
      return count(check, text);
    case "json_schema":
      return jsonSchema(check, text, tools);
    case "unit_tests":
      return unitTests(check, text, tools);
  }
}

function exact({ value, ignore_case, collapse_space }: ExactCheck, text: string): Failure | undefined {
  const plain = (raw: string) => {
    const spaced = collapse_space === true ? raw.replaceAll(/\s+/g, " ").trim() : raw.trim();
    return ignore_case === true ? spaced.toLowerCase() : spaced;
  };
  const wanted = typeof value === "string" ? [value] : value;
  if (wanted.some((one) => plain(one) === plain(text))) return undefined;
  return refused(`it is ${quoted(text)}, not ${wanted.map(quoted).join(" or ")}`);
}

function contains({ all, any, none, ignore_case }: ContainsCheck, text: string): Failure | undefined {
  const fold = (raw: string) => (ignore_case === true ? raw.toLowerCase() : raw);
  const has = (part: string) => fold(text).includes(fold(part));
  const missing = all?.find((part) => !has(part));
  if (missing !== undefined) return refused(`${quoted(missing)} is not in it`);
  if (any !== undefined && !any.some(has)) return refused(`none of ${any.map(quoted).join(", ")} is in it`);
  const forbidden = none?.find(has);
  return forbidden === undefined ? undefined : refused(`${quoted(forbidden)} is in it`);
}

function regex(
  { pattern, flags = "", matches = true }: RegexCheck,
  text: string,
  tools: TaskTools,
): Failure | undefined {
  const found = tools.matchAll({ source: pattern, flags }, text);
  if (found === undefined) return refused(`the pattern /${pattern}/${flags} took too long on it`);
  if (found.length > 0 === matches) return undefined;
  return refused(`/${pattern}/${flags} ${matches ? "does not match it" : "matches it"}`);
}

function numeric({ value, abs_tolerance = 0, rel_tolerance = 0 }: NumericCheck, text: string): Failure | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text.replaceAll(",", ""));
  if (!Number.isFinite(number)) return refused(`${quoted(text)} is not a number`);
  const allowed = Math.max(abs_tolerance, rel_tolerance * Math.abs(value));
  if (Math.abs(number - value) <= allowed) return undefined;
  return refused(`it is ${number}, not ${value}${allowed > 0 ? ` ± ${allowed}` : ""}`);
}

function count({ unit, min, max }: CountCheck, text: string): Failure | undefined {
  const n = countOf(unit, text);
  if (n < (min ?? 0)) return refused(`it has ${n} ${unit}, fewer than ${min}`);
  return max !== undefined && n > max ? refused(`it has ${n} ${unit}, more than ${max}`) : undefined;
}

function countOf(unit: CountCheck["unit"], text: string): number {
  switch (unit) {
    case "words":
      return text.split(/\s+/).filter((word) => word !== "").length;
    case "lines":
      return text.split("\n").filter((line) => line.trim() !== "").length;
    case "sentences":
      // A mark inside a number or a name ("3.5", "e.g. this") is followed by no space or a small letter.
      return text.match(/[.!?]+(?=["')\]]*(?:\s+[^a-z\s]|\s*$))/g)?.length ?? 0;
    case "characters":
      return Array.from(text).length;
  }
}

function jsonSchema({ schema }: JsonSchemaCheck, text: string, tools: TaskTools): Failure | undefined {
  const parsed = tools.parseJson(text);
  if (parsed === undefined) return refused("it is not JSON");
  const problem = tools.schemaProblem(schema, parsed.value);
  return problem === undefined ? undefined : refused(problem);
}

async function unitTests(check: UnitTestsCheck, code: string, tools: TaskTools): Promise<Failure | undefined> {
  const outcome = await tools.runCode({
    language: check.language,
    code,
    tests: check.tests,
    timeLimitMs: check.time_limit_ms ?? CODE_TIME_LIMIT_MS,
    memoryLimitMb: check.memory_limit_mb ?? CODE_MEMORY_LIMIT_MB,
  });
  switch (outcome.status) {
    case "unavailable":
      return { kind: "unavailable", message: outcome.reason };
    case "timed-out":
      return refused("its code did not end within the time limit");
    case "broke":
      return refused(`its code fails: ${outcome.message}`);
    case "ran": {
      const [first] = outcome.failures;
      if (first === undefined) return undefined;
      const all = `${outcome.failures.length} of ${check.tests.length} tests fail`;
      return refused(`${all}, first ${quoted(check.tests[first.test] ?? "")}: ${first.message}`);
    }
  }
}

/**
 * The choice that is the likeliest next token. A token stands for the choice that it is, or that it alone begins; a choice that is not
 * among the tokens given is less likely than all of them.
 */
function choice({ choices, answer }: ChoiceCheck, { firstToken }: TaskResponse): Failure | undefined {
  if (firstToken === undefined || firstToken.length === 0)
    return { kind: "unavailable", message: "the runtime gave no log-probabilities" };
  const mass = new Map<string, number>();
  for (const { text, logprob } of firstToken) {
    const bare = text.trim();
    const begun = bare === "" ? [] : choices.filter((one) => one.startsWith(bare));
    const chosen = choices.find((one) => one === bare) ?? (begun.length === 1 ? begun[0] : undefined);
    // "A" and " A" are two tokens of one choice: their probabilities add up.
    if (chosen !== undefined) mass.set(chosen, (mass.get(chosen) ?? 0) + Math.exp(logprob));
  }
  const best = [...mass].sort((a, b) => b[1] - a[1]);
  const [first, second] = best;
  if (first === undefined) return refused("none of the choices is among its likeliest tokens");
  if (first[0] !== answer) return refused(`its likeliest choice is ${quoted(first[0])}, not ${quoted(answer)}`);
  return second !== undefined && second[1] === first[1]
    ? refused(`${quoted(first[0])} and ${quoted(second[0])} are equally likely`)
    : undefined;
}

function refused(message: string): Failure {
  return { kind: "refused", message };
}

/** At most this much of a text in a message. */
const QUOTED_LENGTH = 80;

function quoted(text: string): string {
  const short = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
  return JSON.stringify(short);
}
