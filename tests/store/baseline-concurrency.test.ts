import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd, killed } from "../fixtures/store-torture.ts";

// The full study, with its result: scripts/store-study.mjs, docs/studies/baseline-store.json.

test("eight processes that record, pin and prune at once lose nothing, and every pinned record survives", async () => {
  const { acknowledged, faults, records } = await crowd({ processes: 8, limit: "10" });
  assert.deepEqual(faults, []);
  assert.ok((acknowledged["record"] ?? 0) > 20 && records > 0);
  assert.ok((acknowledged["pin"] ?? 0) > 0 && (acknowledged["prune"] ?? 0) > 0);
});

test("a store whose writers are killed at random moments is sound after each, and has all that was acknowledged", async () => {
  const { acknowledged, faults } = await killed({ processes: 2, kills: 6 });
  assert.deepEqual(faults, []);
  assert.ok((acknowledged["record"] ?? 0) >= 12);
});
