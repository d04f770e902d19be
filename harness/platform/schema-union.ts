import type { ErrorObject } from "ajv/dist/2020.js";

type Schema = Readonly<Record<string, unknown>>;

/** Loaded schema documents, with the place of every union in them. */
export interface SchemaDocuments {
  readonly byFile: ReadonlyMap<string, Schema>;
  /** The array of a oneOf or anyOf → its file and JSON pointer. Ajv hands the same array back in its errors. */
  readonly places: WeakMap<object, { file: string; pointer: string }>;
  /** Adds a document. */
  add(file: string, schema: Schema): void;
}

/** Branch of a union that a value was meant to be, as a reference, or the one problem that keeps us from telling. */
export type BranchChoice =
  | { readonly kind: "branch"; readonly ref: string }
  | { readonly kind: "problem"; readonly problem: ErrorObject };

/** An empty index of documents and their unions. */
export function schemaDocuments(): SchemaDocuments {
  const byFile = new Map<string, Schema>();
  const places: SchemaDocuments["places"] = new WeakMap();
  const visit = (node: unknown, file: string, pointer: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      const place = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if ((key === "oneOf" || key === "anyOf") && Array.isArray(child)) places.set(child, { file, pointer: place });
      visit(child, file, place);
    }
  };
  return {
    byFile,
    places,
    add(file, schema) {
      byFile.set(file, schema);
      visit(schema, file, "");
    },
  };
}

/**
 * Which branch of a failed union to blame: the one whose tag (a property that is `const` or `enum` in every object branch, such
 * as "kind") the value carries; without tags, the only one of the value's JSON type; else none, and the union itself is the problem.
 */
export function chooseBranch(documents: SchemaDocuments, error: ErrorObject): BranchChoice {
  const place = documents.places.get(error.schema as object);
  const passing = (error.params as { passingSchemas?: unknown }).passingSchemas;
  if (place === undefined || (passing !== null && passing !== undefined)) return { kind: "problem", problem: error };
  const branches = (error.schema as Schema[]).map((branch, index) => ({
    ref: encodeURI(`${place.file}#${place.pointer}/${index}`),
    schema: resolve(documents, branch, place.file),
  }));
  const ofType = branches.filter(({ schema }) => allowsType(schema, error.data));
  if (ofType.length === 0) {
    const types = [...new Set(branches.flatMap(({ schema }) => typesOf(schema)))];
    return {
      kind: "problem",
      problem: types.length === 0 ? error : { ...error, keyword: "type", params: { type: types } },
    };
  }
  if (ofType.length === 1) return { kind: "branch", ref: ofType[0]?.ref as string };
  const tag = findTag(ofType.map(({ schema }) => schema));
  if (tag === undefined || !isObject(error.data)) return unionOfValues(error, ofType);
  const found = error.data[tag];
  const match = ofType.find(({ schema }) => tagValues(schema, tag)?.includes(found));
  if (match !== undefined) return { kind: "branch", ref: match.ref };
  const allowedValues = ofType.flatMap(({ schema }) => tagValues(schema, tag) ?? []);
  const problem =
    found === undefined
      ? { ...error, keyword: "required", params: { missingProperty: tag, allowedValues } }
      : {
          ...error,
          keyword: "enum",
          params: { allowedValues },
          data: found,
          instancePath: `${error.instancePath}/${tag}`,
        };
  return { kind: "problem", problem };
}

/** Unions of constants read as one enum. */
function unionOfValues(error: ErrorObject, branches: readonly { readonly schema: Schema }[]): BranchChoice {
  const values = branches.map(({ schema }) => literals(schema));
  if (values.some((list) => list === undefined)) return { kind: "problem", problem: error };
  return { kind: "problem", problem: { ...error, keyword: "enum", params: { allowedValues: values.flat() } } };
}

function findTag(branches: readonly Schema[]): string | undefined {
  const [first] = branches;
  const names = isObject(first?.["properties"]) ? Object.keys(first["properties"]) : [];
  return names.find((name) => {
    const values = branches.map((branch) => tagValues(branch, name));
    if (values.some((list) => list === undefined)) return false;
    // A tag tells the branches apart: no value may be in two of them.
    const all = values.flat();
    return new Set(all).size === all.length;
  });
}

function tagValues(schema: Schema, tag: string): readonly unknown[] | undefined {
  const properties = schema["properties"];
  return isObject(properties) && isObject(properties[tag]) ? literals(properties[tag]) : undefined;
}

function literals(schema: Schema): readonly unknown[] | undefined {
  if ("const" in schema) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? schema["enum"] : undefined;
}

function resolve(documents: SchemaDocuments, schema: Schema, file: string): Schema {
  const ref = schema["$ref"];
  if (typeof ref !== "string") return schema;
  const [name, pointer = ""] = ref.split("#") as [string, string?];
  let node: unknown = documents.byFile.get(name === "" ? file : name);
  for (const part of pointer.split("/").slice(1)) {
    node = isObject(node) ? node[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  }
  return isObject(node) ? resolve(documents, node, name === "" ? file : name) : schema;
}

function typesOf(schema: Schema): string[] {
  if (typeof schema["type"] === "string") return [schema["type"]];
  if (Array.isArray(schema["type"])) return schema["type"].map(String);
  return [...new Set((literals(schema) ?? []).map(jsonType))];
}

function allowsType(schema: Schema, data: unknown): boolean {
  const types = typesOf(schema);
  const actual = jsonType(data);
  return types.length === 0 || types.includes(actual) || (actual === "integer" && types.includes("number"));
}

/** JSON Schema's name for a value's type; whole numbers are "integer". */
export function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
