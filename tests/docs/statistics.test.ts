import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import * as stats from "../../harness/stats/index.ts";

const text = readFileSync(join(packageRoot(), "docs/statistics.md"), "utf8");
const examples = [...text.matchAll(/^```js\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
  block
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, expression = "", shown = ""] = /^(.*?)\s*\/\/ (.*)$/.exec(line) ?? [];
      return { expression, shown };
    }),
);

/** The value at the precision the document shows: as many decimals, or significant digits where there is an exponent. */
function atShownPrecision(value: unknown, shown: string): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "number") return JSON.stringify(value);
  const exponent = /^-?(\d)(?:\.(\d+))?e/.exec(shown);
  if (exponent !== null) return value.toExponential(exponent[2]?.length ?? 0);
  return value.toFixed(/\.(\d+)$/.exec(shown)?.[1]?.length ?? 0);
}

test("the statistics document has examples", () => {
  assert.ok(examples.length >= 30, `${examples.length} examples`);
  for (const { expression, shown } of examples)
    assert.ok(expression !== "" && shown !== "", `${expression} // ${shown}`);
});

for (const { expression, shown } of examples) {
  test(`docs/statistics.md: ${expression} is ${shown}`, () => {
    const value: unknown = new Function("stats", `return (${expression});`)(stats);
    if (Array.isArray(value)) {
      const rounded = value.map((entry) => Number((entry as number).toPrecision(12)));
      assert.equal(JSON.stringify(rounded), shown.replaceAll(" ", ""));
    } else assert.equal(atShownPrecision(value, shown), shown);
  });
}
