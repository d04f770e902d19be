import { createRequire } from "node:module";
import type { Ajv2020, ValidateFunction } from "ajv/dist/2020.js";
import type { FormatsPlugin } from "ajv-formats";
import { describeProblem } from "./schema-message.ts";

let ajv: Ajv2020 | undefined;
const compiled = new WeakMap<object, ValidateFunction>();

/**
 * First problem of a value against a JSON Schema (2020-12) that a user wrote, such as one inside a task; undefined where it is valid.
 * Nothing outside the schema can be referred to. RangeError for a schema that is none.
 */
export function foreignSchemaProblem(schema: object, value: unknown): string | undefined {
  const check = compile(schema);
  if (check(value) === true) return undefined;
  const [first] = check.errors ?? [];
  return first === undefined ? "it is not valid" : describeProblem(first).replace(/\.$/, "");
}

/** RangeError, in words, where `schema` cannot be used. */
export function requireForeignSchema(schema: object): void {
  compile(schema);
}

function compile(schema: object): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  try {
    const check = load().compile(schema);
    compiled.set(schema, check);
    return check;
  } catch (error) {
    throw new RangeError((error as Error).message);
  }
}

function load(): Ajv2020 {
  if (ajv !== undefined) return ajv;
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 };
  const { default: addFormats } = require("ajv-formats") as { default: FormatsPlugin };
  // Not the package's own instance: a task's schema must not be able to refer to, or replace, one of ours.
  ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, verbose: true, addUsedSchema: false });
  addFormats(ajv);
  return ajv;
}
