import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stats } from "../../harness/index.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";

const text = readFileSync(join(packageRoot(), "docs/stats-api.md"), "utf8");

test("every procedure of the namespace is in its reference with a signature, and nothing else is", () => {
  const named = new Set([...text.matchAll(/^(?:function|class|const) (\w+)/gm)].map(([, name]) => name));
  assert.deepEqual([...named].sort(), Object.keys(stats).sort());
  assert.ok(named.size > 80, `${named.size}`);
});

test("the procedures that a checker outside calls are there", () => {
  const called =
    "mcnemar tangoInterval newcombeInterval clopperPearson wilson hodgesLehmann mannWhitney quantileInterval holm " +
    "benjaminiHochberg normalQuantile betaQuantile tQuantile bettingTest effectiveSampleSize mlperfQueries";
  for (const name of called.split(" ")) assert.equal(typeof stats[name as keyof typeof stats], "function", name);
});
