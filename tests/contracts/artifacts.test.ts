import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Ajv2020 } from "ajv/dist/2020.js";
import { HarnessError } from "../../harness/domain/errors.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { schemaOf } from "../../harness/pipeline/check-file.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { validator } from "../../harness/platform/schema.ts";
import { changed, requiredFields, type SchemaNode, WRONG_VALUES } from "../fixtures/schema-walk.ts";

const folder = join(packageRoot(), "tests/fixtures/v1");
const stored = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => {
    const document = JSON.parse(readFileSync(join(folder, name), "utf8")) as { schema_version: string };
    const schema = schemaOf(document.schema_version);
    assert.ok(schema !== undefined, `${name} names no schema`);
    const root = JSON.parse(readFileSync(join(packageRoot(), `schemas/${schema}.schema.json`), "utf8")) as SchemaNode;
    return { name, document, schema, root };
  });

/** Kinds that a run, a store or a user keeps, and that others read: each has an old file here, which must stay readable. */
const KEPT = [
  "plan",
  "summary",
  "gate",
  "canary",
  "kpis",
  "frontier",
  "scatter",
  "provenance",
  "config",
  "policy",
  "thermal_stability",
];

function reject(schema: string, document: unknown): string | undefined {
  try {
    validator.validate(schema, document, { what: "it", code: "STORE_SCHEMA" });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof HarnessError);
    return `${error.message} ${error.hint}`;
  }
}

test("every schema is a valid schema, which the validator does not check again", () => {
  const require = createRequire(import.meta.url);
  const { Ajv2020: Ajv } = require("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 };
  const ajv = new Ajv();
  const names = validator.schemaNames();
  assert.ok(names.length >= 40);
  for (const name of names) {
    const schema = JSON.parse(readFileSync(join(packageRoot(), `schemas/${name}.schema.json`), "utf8"));
    assert.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`);
  }
});

describe("files written by the first version", () => {
  test("there is one of every kind that is kept", () => {
    assert.deepEqual(
      KEPT.filter((kind) => !stored.some(({ schema }) => schema === `${kind}.v1`)),
      [],
    );
  });

  for (const { name, schema, document } of stored) {
    test(`${name} stays readable: new fields of v1 are optional`, () => {
      assert.equal(reject(schema, document), undefined);
    });
  }
});

describe("each required field, removed or mistyped in turn, is rejected by name", () => {
  for (const { name, schema, document, root } of stored) {
    test(`${name}`, () => {
      const fields = requiredFields(root, document);
      assert.ok(fields.length >= 3, "the walk found the fields");
      for (const field of fields) {
        const at = [...field.path, field.name].join(".");
        const removed = reject(
          schema,
          changed(document, field, () => undefined),
        );
        assert.ok(removed?.includes(field.name), `${at} removed: ${removed}`);
        const isNamed = WRONG_VALUES.some((wrong) =>
          reject(
            schema,
            changed(document, field, () => wrong),
          )?.includes(field.name),
        );
        assert.ok(isNamed, `${at} takes a value of any type`);
      }
    });
  }
});

describe("empty input is a failure", () => {
  test("no path, for the library and for the command line", async () => {
    await assert.rejects(checkArtifacts([]), /Nothing to check/);
  });

  for (const { name, schema } of stored) {
    test(`an empty object is no ${name}`, () => {
      assert.notEqual(reject(schema, {}), undefined);
    });
  }
});
