import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import type { Ajv2020 } from "ajv/dist/2020.js";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { validator } from "../../harness/platform/schema.ts";
import { breakEveryField } from "../fixtures/schema-walk.ts";
import { rejection, schemaNode, v1Documents } from "../fixtures/v1-documents.ts";

const stored = v1Documents();

test("every schema is a valid schema, which the validator does not check again", () => {
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 };
  const ajv = new Ajv();
  const names = validator.schemaNames();
  assert.ok(names.length >= 40);
  for (const name of names) assert.ok(ajv.validateSchema({ ...schemaNode(name) }), `${name}: ${ajv.errorsText()}`);
});

describe("files written by the first version", () => {
  test("there is one of every kind that has a schema", () => {
    const kinds = new Set(stored.map(({ schema }) => schema));
    assert.deepEqual(
      validator.schemaNames().filter((schema) => !kinds.has(schema)),
      [],
    );
  });

  for (const { name, schema, document } of stored) {
    test(`${name} stays readable: new fields of v1 are optional`, () => {
      assert.equal(rejection(schema, document), undefined);
    });
  }
});

describe("each required field, removed or mistyped in turn, is rejected by name", () => {
  for (const { name, schema, document } of stored) {
    test(`${name}`, () => {
      const { fields, accepted } = breakEveryField(schemaNode(schema), document, (one) => rejection(schema, one));
      assert.ok(fields >= 1, "the walk found the fields");
      assert.deepEqual(accepted, []);
    });
  }
});

describe("empty input is a failure", () => {
  test("no path, for the library and for the command line", async () => {
    await assert.rejects(checkArtifacts([]), /Nothing to check/);
  });

  for (const { name, schema } of stored) {
    test(`an empty object is no ${name}`, () => {
      assert.notEqual(rejection(schema, {}), undefined);
    });
  }
});
