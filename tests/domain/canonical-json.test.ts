import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { artifactJson, canonicalJson } from "../../harness/domain/canonical-json.ts";

test("keys are sorted by code unit, also those that look like numbers, and undefined members are left out", () => {
  const value = { b: 1, "10": 2, "9": 3, a: undefined, é: [true, null], Z: { y: 1, x: "" } };
  assert.equal(canonicalJson(value), '{"10":2,"9":3,"Z":{"x":"","y":1},"b":1,"é":[true,null]}');
});

test("negative zero is written as zero", () => {
  assert.equal(canonicalJson([-0, 0]), "[0,0]");
});

test("what JSON cannot hold is refused with its place", () => {
  assert.throws(() => canonicalJson({ a: [1, Number.NaN] }), { name: "TypeError", message: /^\$\.a\[1\] is NaN/ });
  assert.throws(() => canonicalJson({ a: Number.POSITIVE_INFINITY }), /^TypeError: \$\.a is Infinity/);
  assert.throws(() => canonicalJson([undefined]), /\$\[0\] is undefined/);
  assert.throws(() => canonicalJson({ n: 1n }), /\$\.n is a bigint/);
  assert.throws(() => canonicalJson({ t: new Float64Array(1) }), /\$\.t is a Float64Array, not plain/);
  assert.throws(() => artifactJson({ a: Number.NaN }), /\$\.a is NaN/);
});

test("artifacts keep the order of their keys and equal what JSON.stringify prints", () => {
  const value = { schema_version: "a.v1", b: [], c: {}, a: [1, { z: null }] };
  assert.equal(artifactJson(value), `${JSON.stringify(value, null, 2)}\n`);
});

test("any JSON value survives, and two orders of the same keys give one text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      const reversed = (v: unknown): unknown =>
        v !== null && typeof v === "object" && !Array.isArray(v)
          ? Object.fromEntries(
              Object.entries(v)
                .reverse()
                .map(([k, m]) => [k, reversed(m)]),
            )
          : v;
      assert.equal(canonicalJson(reversed(value)), text);
    }),
  );
});
