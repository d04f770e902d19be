import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearestWord } from "../../harness/domain/nearest-word.ts";

test("a misspelt word finds the key that was meant", () => {
  const keys = ["runs_per_quant", "warmup", "seed", "threads"];
  assert.equal(nearestWord("runs_per_qaunt", keys), "runs_per_quant");
  assert.equal(nearestWord("runsPerQuant", keys), "runs_per_quant");
  assert.equal(nearestWord("warm-up", keys), "warmup");
  assert.equal(nearestWord("sead", keys), "seed");
});

test("a word like none of the candidates finds nothing", () => {
  assert.equal(nearestWord("gpu", ["cpu_only", "lab"]), undefined);
  assert.equal(nearestWord("x", ["y", "z"]), undefined);
  assert.equal(nearestWord("seed", []), undefined);
});

test("the distance counts a swap of neighbors as one edit", () => {
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("quant", "qaunt"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("ca", "abc"), 3);
});
