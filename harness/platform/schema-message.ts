import type { ErrorObject } from "ajv/dist/2020.js";
import { nearestWord } from "../domain/nearest-word.ts";
import { jsonType } from "./schema-union.ts";

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

/** One problem as a clause, ended, with its place in the document, what was expected and what was found. */
export function describeProblem(error: ErrorObject): string {
  const clause = clauseOf(error);
  return clause.endsWith("?") ? clause : `${clause}.`;
}

function clauseOf(error: ErrorObject): string {
  const place = placeOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties": {
      const key = String(params["additionalProperty"] ?? params["unevaluatedProperty"]);
      return `${inPlace(error)}unknown key ${quote(key)}${suggestion(key, knownKeys(error))}`;
    }
    case "required": {
      const allowed = params["allowedValues"];
      const choice = Array.isArray(allowed) ? ` (one of ${list(allowed)})` : "";
      return `${inPlace(error)}the key ${quote(String(params["missingProperty"]))} is missing${choice}`;
    }
    case "dependentRequired":
      return `${inPlace(error)}the key ${quote(String(params["missingProperty"]))} is missing, which ${quote(String(params["property"]))} needs`;
    case "type": {
      const types = [params["type"]].flat().map((type) => TYPES[String(type)] ?? String(type));
      return `${place} must be ${types.join(" or ")}, but it is ${describeValue(error.data)}`;
    }
    case "enum": {
      const allowed = params["allowedValues"] as unknown[];
      const near =
        typeof error.data === "string"
          ? suggestion(
              error.data,
              allowed.filter((a) => typeof a === "string"),
            )
          : "";
      return `${place} must be ${allowed.length === 1 ? "" : "one of "}${list(allowed)}, but it is ${describeValue(error.data)}${near}`;
    }
    case "const":
      return `${place} must be ${quote(params["allowedValue"])}, but it is ${describeValue(error.data)}`;
    case "uniqueItems": {
      const entries = [Number(params["i"]), Number(params["j"])].sort((a, b) => a - b);
      return `${place} holds the same entry twice (entries ${entries.join(" and ")}, counted from 0)`;
    }
    default:
      return `${place} ${demand(error, params)}, but it is ${describeValue(error.data)}`;
  }
}

const COMPARISONS: Readonly<Record<string, string>> = {
  ">=": "at least",
  "<=": "at most",
  ">": "greater than",
  "<": "less than",
};

function demand(error: ErrorObject, params: Record<string, unknown>): string {
  const limit = Number(params["limit"]);
  const count = (noun: string): string => `${limit} ${noun}${limit === 1 ? "" : "s"}`;
  switch (error.keyword) {
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `must be ${COMPARISONS[String(params["comparison"])] ?? ""} ${limit}`;
    case "multipleOf":
      return `must be a multiple of ${params["multipleOf"]}`;
    case "minLength":
      return limit === 1 ? "must not be empty" : `must have at least ${count("character")}`;
    case "maxLength":
      return `must have at most ${count("character")}`;
    case "minItems":
      return limit === 1 ? "must not be empty" : `must have at least ${count("entry").replace("entrys", "entries")}`;
    case "maxItems":
      return `must have at most ${count("entry").replace("entrys", "entries")}`;
    case "minProperties":
      return limit === 1 ? "must not be empty" : `must have at least ${count("key")}`;
    case "pattern":
      return `must match the pattern ${params["pattern"]}`;
    case "format":
      return `must be a valid ${params["format"]}`;
    case "oneOf":
      return Array.isArray(params["passingSchemas"])
        ? "fits more than one of the allowed forms"
        : "fits none of the allowed forms";
    case "anyOf":
      return "fits none of the allowed forms";
    default:
      return error.message ?? `breaks the rule "${error.keyword}"`;
  }
}

function placeOf(pointer: string): string {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const path = parts.map((part, i) =>
    /^\d+$/.test(part) ? `[${part}]` : /^[\w-]+$/.test(part) ? `${i > 0 ? "." : ""}${part}` : `[${quote(part)}]`,
  );
  return path.length === 0 ? "the document" : path.join("");
}

function inPlace(error: ErrorObject): string {
  return error.instancePath === "" ? "" : `${placeOf(error.instancePath)}: `;
}

function knownKeys(error: ErrorObject): string[] {
  const collect = (schema: unknown): string[] => {
    if (typeof schema !== "object" || schema === null) return [];
    const { properties, allOf } = schema as { properties?: object; allOf?: unknown[] };
    return [...Object.keys(properties ?? {}), ...(allOf ?? []).flatMap(collect)];
  };
  return collect(error.parentSchema);
}

function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearestWord(word, candidates);
  if (near !== undefined) return `; did you mean ${quote(near)}?`;
  return "";
}

function list(values: readonly unknown[]): string {
  return values.map(quote).join(", ");
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

/** Longest piece of a found value that a message repeats. */
const SHOWN = 60;

function describeValue(value: unknown): string {
  const type = jsonType(value);
  if (type === "object") return Object.keys(value as object).length === 0 ? "an empty object" : "an object";
  if (type === "array")
    return (value as unknown[]).length === 0 ? "an empty list" : `a list of ${(value as unknown[]).length}`;
  const text = quote(value);
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return type === "string" ? `the text ${shown}` : shown;
}
