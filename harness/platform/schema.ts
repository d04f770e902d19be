import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Ajv2020, ErrorObject } from "ajv/dist/2020.js";
import type { FormatsPlugin } from "ajv-formats";
import { type ErrorCode, HarnessError } from "../domain/errors.ts";
import { parseJson } from "./json.ts";
import { packageRoot } from "./package-root.ts";
import { describeProblem } from "./schema-message.ts";
import { chooseBranch, type SchemaDocuments, schemaDocuments } from "./schema-union.ts";

/** The only door from `unknown` to a type. */
export interface Validator {
  /**
   * Checks `value` against `schemas/<schemaName>.schema.json` and returns it as T, which must be the type generated from that
   * schema. `what` names the document in the message. HarnessError of `code`: one sentence about the first problem, unknown keys before others.
   */
  validate<T>(schemaName: string, value: unknown, as: { what: string; code: ErrorCode; hint?: string }): T;
  /** Names that validate() takes, sorted. */
  schemaNames(): string[];
}

const SUFFIX = ".schema.json";

/**
 * A validator over one folder of JSON Schemas (2020-12). Ajv is loaded on the first use, and a schema with those it refers to when a
 * document of its kind comes: a command pays for the documents it reads.
 */
export function createValidator(folder: string): Validator {
  let library: SchemaLibrary | undefined;
  return {
    schemaNames: () => schemaFiles(folder).map((file) => file.slice(0, -SUFFIX.length)),
    validate<T>(schemaName: string, value: unknown, as: { what: string; code: ErrorCode; hint?: string }): T {
      library ??= openLibrary(folder);
      const { ajv, documents, load } = library;
      load(schemaName + SUFFIX);
      const problems = findProblems(ajv, documents, schemaName + SUFFIX, value, "");
      const [first, ...others] = problems.sort((a, b) => rank(a) - rank(b));
      if (first === undefined) return value as T;
      const more =
        others.length === 0
          ? ""
          : ` ${others.length} more ${others.length === 1 ? "problem" : "problems"} found after this one.`;
      throw new HarnessError(as.code, `${as.what}: ${describeProblem(first)}`, {
        hint: (as.hint ?? `The schema is schemas/${schemaName}${SUFFIX}.`) + more,
      });
    },
  };
}

/** The package's own schemas. */
export const validator: Validator = createValidator(join(packageRoot(), "schemas"));

function schemaFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .sort();
}

interface SchemaLibrary {
  readonly ajv: Ajv2020;
  readonly documents: SchemaDocuments;
  /** Adds a file and what it refers to; one that is loaded already, or not there, changes nothing. */
  readonly load: (file: string) => void;
}

function openLibrary(folder: string): SchemaLibrary {
  // require, not import: Ajv costs some 30 ms that commands without a document need not pay, and validate() stays synchronous.
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 };
  const { default: addFormats } = require("ajv-formats") as { default: FormatsPlugin };
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    // The schemas are ours, and a test holds them against the meta-schema; compiling that here would cost each command some 60 ms.
    validateSchema: false,
  });
  // The unit of a field, an annotation without effect on validity.
  ajv.addVocabulary(["unit"]);
  addFormats(ajv);
  const documents = schemaDocuments();
  const load = (file: string): void => {
    if (documents.byFile.has(file) || !existsSync(join(folder, file))) return;
    const text = readFileSync(join(folder, file), "utf8");
    const document = parseJson(text, { what: `the schema ${file}` }) as { $id?: string };
    // The file's name is the identifier, so that `"$ref": "estimate.v1.schema.json"` works whatever $id says.
    const { $id: _, ...schema } = document;
    documents.add(file, schema);
    ajv.addSchema(schema, file);
    for (const [, other] of text.matchAll(/"\$ref"\s*:\s*"([^"#]+)/g)) load(other as string);
  };
  return { ajv, documents, load };
}

/** Problems in document order, each union replaced by the problems of the branch that was meant. */
function findProblems(
  ajv: Ajv2020,
  documents: SchemaDocuments,
  schemaRef: string,
  value: unknown,
  path: string,
): ErrorObject[] {
  const check = ajv.getSchema(schemaRef);
  if (check === undefined) throw new Error(`there is no schema ${schemaRef}`);
  if (check(value) === true) return [];
  let problems: ErrorObject[] = [];
  for (const error of check.errors ?? []) {
    if (error.keyword === "if") continue;
    if (error.keyword !== "oneOf" && error.keyword !== "anyOf") {
      problems.push(error);
      continue;
    }
    // Ajv has listed the problems of every branch before that of the union.
    problems = problems.filter((problem) => !isWithin(problem.instancePath, error.instancePath));
    const choice = chooseBranch(documents, error);
    if (choice.kind === "problem") problems.push(choice.problem);
    else {
      const inner = findProblems(ajv, documents, choice.ref, error.data, error.instancePath);
      problems.push(...(inner.length > 0 ? inner : [error]));
    }
  }
  return path === ""
    ? problems
    : problems.map((problem) => ({ ...problem, instancePath: path + problem.instancePath }));
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

/** A misspelt key is the likeliest cause of what else is wrong beside it. */
function rank(problem: ErrorObject): number {
  return problem.keyword === "additionalProperties" || problem.keyword === "unevaluatedProperties" ? 0 : 1;
}
