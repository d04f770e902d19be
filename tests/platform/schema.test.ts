import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createValidator } from "../../harness/platform/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-schema-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const draft = "https://json-schema.org/draft/2020-12/schema";
const shared = {
  $schema: draft,
  $id: "https://quantgate.dev/schemas/variant.v1.schema.json",
  $defs: {
    recipe: {
      type: "object",
      properties: {
        kind: { const: "recipe" },
        recipe: { type: "string", minLength: 1 },
        role: { enum: ["baseline", "required", "candidate"] },
      },
      required: ["kind", "recipe"],
      additionalProperties: false,
    },
  },
  oneOf: [
    { $ref: "#/$defs/recipe" },
    {
      type: "object",
      properties: {
        kind: { const: "external" },
        model: { type: "string" },
        sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
      },
      required: ["kind", "model", "sha256"],
      additionalProperties: false,
    },
    { type: "string" },
  ],
};
const config = {
  $schema: draft,
  type: "object",
  description: "a config",
  properties: {
    models: { type: "array", items: { $ref: "variant.v1.schema.json" }, minItems: 1, maxItems: 4 },
    runs_per_quant: { type: "integer", minimum: 1, unit: "trials" },
    lane: { enum: ["ci", "lab"] },
    margin: { type: ["number", "null"], exclusiveMinimum: 0, unit: "points" },
    at: { type: "string", format: "date-time" },
    stop: { oneOf: [{ const: "never" }, { const: "early" }] },
    size: { anyOf: [{ type: "integer" }, { type: "array", items: { type: "integer" } }] },
    tags: { type: "array", items: { type: "string" }, uniqueItems: true },
  },
  required: ["models"],
  additionalProperties: false,
};
writeFileSync(join(folder, "variant.v1.schema.json"), JSON.stringify(shared));
writeFileSync(join(folder, "config.v1.schema.json"), JSON.stringify(config));
const { validate, schemaNames } = createValidator(folder);

const as = { what: "c.json", code: "CONFIG_INVALID" } as const;
const ok = { models: ["a"] };

test("a valid document comes back as it is", () => {
  const document = {
    models: ["a", { kind: "recipe", recipe: "u8s8", role: "required" }],
    margin: null,
    at: "2024-02-01T10:00:00Z",
    stop: "early",
    size: [1, 2],
  };
  assert.equal(validate("config.v1", document, as), document);
  assert.deepEqual(schemaNames(), ["config.v1", "variant.v1"]);
});

const cases: readonly [title: string, document: unknown, message: string][] = [
  [
    "an unknown key names the nearest valid one",
    { ...ok, runs_per_qaunt: 3 },
    'unknown key "runs_per_qaunt"; did you mean "runs_per_quant"?',
  ],
  [
    "another spelling of a key names it",
    { ...ok, runsPerQuant: 3 },
    'unknown key "runsPerQuant"; did you mean "runs_per_quant"?',
  ],
  ["an unknown key like no other stands alone", { ...ok, zebra: 3 }, 'unknown key "zebra".'],
  [
    "a misspelt key comes before the missing one it caused",
    { modles: ["a"] },
    'unknown key "modles"; did you mean "models"?',
  ],
  ["a missing key is named", {}, 'the key "models" is missing.'],
  [
    "a wrong type says what was expected and found",
    { ...ok, runs_per_quant: "5" },
    'runs_per_quant must be a whole number, but it is the text "5".',
  ],
  [
    "a fraction is not a whole number",
    { ...ok, runs_per_quant: 2.5 },
    "runs_per_quant must be a whole number, but it is 2.5.",
  ],
  ["a limit is named with the value", { ...ok, runs_per_quant: 0 }, "runs_per_quant must be at least 1, but it is 0."],
  ["an open limit is named", { ...ok, margin: 0 }, "margin must be greater than 0, but it is 0."],
  [
    "two allowed types are both named",
    { ...ok, margin: "1" },
    'margin must be a number or null, but it is the text "1".',
  ],
  [
    "an enum lists its values and the nearest",
    { ...ok, lane: "labs" },
    'lane must be one of "ci", "lab", but it is the text "labs"; did you mean "lab"?',
  ],
  [
    "a union of constants reads as an enum",
    { ...ok, stop: "eraly" },
    'stop must be one of "never", "early", but it is the text "eraly"; did you mean "early"?',
  ],
  [
    "an empty list that may not be is said to be empty",
    { models: [] },
    "models must not be empty, but it is an empty list.",
  ],
  ["a format is named", { ...ok, at: "yesterday" }, 'at must be a valid date-time, but it is the text "yesterday".'],
  [
    "a list with an entry twice names the places",
    { ...ok, tags: ["a", "b", "a"] },
    "tags holds the same entry twice (entries 0 and 2, counted from 0).",
  ],
  ["the document itself may be of the wrong type", [], "the document must be an object, but it is an empty list."],
  [
    "in a tagged union only the branch that was meant is explained",
    { models: ["a", { kind: "recipe", recip: "u8s8" }] },
    'models[1]: unknown key "recip"; did you mean "recipe"?',
  ],
  [
    "a problem deep in the branch that was meant has its whole path",
    { models: [{ kind: "external", model: "m.onnx", sha256: "12" }] },
    'models[0].sha256 must match the pattern ^[0-9a-f]{64}$, but it is the text "12".',
  ],
  [
    "an unknown tag lists the known ones",
    { models: [{ kind: "extrenal" }] },
    'models[0].kind must be one of "recipe", "external", but it is the text "extrenal"; did you mean "external"?',
  ],
  [
    "a missing tag lists the known ones",
    { models: [{ recipe: "x" }] },
    'models[0]: the key "kind" is missing (one of "recipe", "external").',
  ],
  [
    "a value of no branch's type lists the types",
    { models: [7] },
    "models[0] must be an object or a text, but it is 7.",
  ],
  [
    "a union told apart by type explains that branch",
    { ...ok, size: [1, "x"] },
    'size[1] must be a whole number, but it is the text "x".',
  ],
];

for (const [title, document, message] of cases) {
  test(title, () => {
    assert.throws(() => validate("config.v1", document, as), {
      name: "HarnessError",
      code: "CONFIG_INVALID",
      message: `c.json: ${message}`,
    });
  });
}

test("the hint counts the other problems and the caller's code is kept", () => {
  assert.throws(() => validate("config.v1", { lane: "x", zebra: 1 }, { what: "s.json", code: "STORE_SCHEMA" }), {
    code: "STORE_SCHEMA",
    message: 's.json: unknown key "zebra".',
    hint: "The schema is schemas/config.v1.schema.json. 2 more problems found after this one.",
  });
});

test("a schema that is not there is a fault of the program, not of the document", () => {
  assert.throws(() => validate("nothing.v9", {}, as), /^Error: there is no schema nothing\.v9/);
});
