import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../../harness/platform/json.ts";
import { findJsonFault } from "../../harness/platform/json-syntax.ts";

const faults: readonly [text: string, place: string][] = [
  ['{\n  "a": 1,\n}', 'line 2, column 9: a comma may not stand before "}"'],
  ['{"a": 1 "b": 2}', 'line 1, column 9: a comma or "}" is expected here'],
  ['{"a" 1}', 'line 1, column 6: a colon is expected after the key "a"'],
  ["{a: 1}", "line 1, column 2: a key in double quotes is expected here"],
  ["['x']", "line 1, column 2: strings are written in double quotes"],
  ["[1, // one\n 2]", "line 1, column 5: JSON has no comments"],
  ['{"runs": 5, "seed": 1, "runs": 7}', 'line 1, column 24: the key "runs" stands twice in this object'],
  ['{"a": {"b": [1, 2', "line 1, column 18: the text ends too early"],
  ["{} {}", "line 1, column 4: there is more text after the end of the value"],
  ["[01]", "line 1, column 2: a value is expected here"],
  ['["a\nb"]', "line 1, column 2: this string is not closed or holds a character that must be escaped"],
  ["", "it is empty"],
];

for (const [text, place] of faults) {
  test(`a JSON fault has its place: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseJson(text, { what: "the config c.json", code: "CONFIG_INVALID" }), {
      code: "CONFIG_INVALID",
      message: `Cannot read the config c.json as JSON: ${place}.`,
    });
  });
}

test("stored JSON that was cut off is STORE_CORRUPT", () => {
  assert.throws(() => parseJson('{"a": [1,', { what: "summary.json" }), {
    code: "STORE_CORRUPT",
    message: /ends too early/,
  });
});

test("what JSON.parse accepts is accepted, with the same value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseJson(text, { what: "it" }), JSON.parse(text));
    }),
  );
});

test("a text cut anywhere is refused exactly when JSON.parse refuses it", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", '"', "0"), (text, at, extra) => {
      const cut = text.slice(0, at % (text.length + 1)) + extra;
      let accepted = true;
      try {
        JSON.parse(cut);
      } catch {
        accepted = false;
      }
      const fault = findJsonFault(cut);
      // A key twice is our rule alone, and may stand before a fault of syntax.
      if (!fault?.reason.includes("twice")) assert.equal(fault === undefined, accepted, cut);
    }),
    { numRuns: 500 },
  );
});

test("JSON nested deeper than the stack is still read or refused, never a crash", () => {
  const deep = 100_000;
  assert.throws(() => parseJson("[".repeat(deep), { what: "it" }), { code: "STORE_CORRUPT" });
});
