import assert from "node:assert/strict";
import { test } from "node:test";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import { expandCells, expandVariants, slug } from "../../harness/plan/expand-cells.ts";
import { resolveConfig } from "../../harness/plan/resolve-config.ts";
import { handConfig } from "../fixtures/hand-run.ts";

type Quants = NonNullable<MatrixConfig["quants"]>;
const quant = (id: string, role?: "baseline" | "required" | "candidate"): Quants[number] => ({
  id,
  kind: "simulated",
  ...(role === undefined ? {} : { role }),
});

function variants(more: Partial<MatrixConfig>, only?: string) {
  const { config } = resolveConfig(handConfig(more), {});
  return expandVariants(config, () => ({ rank: 8 }), only);
}

function cells(more: Partial<MatrixConfig>) {
  const { config } = resolveConfig(handConfig(more), {});
  return expandCells(config, variants(more));
}

const ids = (list: readonly { variant_id: string }[]) => list.map(({ variant_id }) => variant_id);
const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

test("every model meets every quant, and each model has the same baseline tag", () => {
  const all = variants({
    models: [{ id: "a" }, { id: "b" }],
    quants: [quant("fp32"), quant("q8", "required"), quant("q4")],
  });
  assert.deepEqual(ids(all), ["a/fp32", "a/q8", "a/q4", "b/fp32", "b/q8", "b/q4"]);
  assert.deepEqual(
    all.map(({ role }) => role),
    ["baseline", "required", "candidate", "baseline", "required", "candidate"],
  );
});

test("a declared baseline takes the role from fp32, which then is a candidate", () => {
  assert.deepEqual(
    variants({ quants: [quant("fp32"), quant("q8", "baseline")] }).map(({ role }) => role),
    ["candidate", "baseline"],
  );
});

test("no baseline, and an fp32 that is declared something else, are refused", () => {
  assert.throws(() => variants({ quants: [quant("q8"), quant("q4")] }), code("CONFIG_INVALID"));
  assert.throws(() => variants({ quants: [quant("fp32", "candidate"), quant("q4")] }), code("CONFIG_INVALID"));
});

test("two baselines are refused", () => {
  assert.throws(
    () => variants({ quants: [quant("fp32", "baseline"), quant("fp16", "baseline")] }),
    /2 quants have the role baseline/,
  );
});

test("a quant, a model, a thread count or a batch size that is given twice is refused", () => {
  assert.throws(() => variants({ quants: [quant("fp32"), quant("q8"), quant("q8")] }), code("CONFIG_DUPLICATE_CELL"));
  assert.throws(() => variants({ models: [{ id: "m" }, { id: "m" }] }), code("CONFIG_DUPLICATE_CELL"));
  assert.throws(() => cells({ runtime: { kind: "simulated", threads: [1, 1] } }), code("CONFIG_DUPLICATE_CELL"));
  assert.throws(() => cells({ batch_sizes: [8, 8] }), code("CONFIG_DUPLICATE_CELL"));
});

test("ids that differ only in case or punctuation would share a path and are refused, both named", () => {
  assert.throws(
    () => cells({ quants: [quant("fp32"), quant("Q8"), quant("q8")] }),
    /The cells m\/Q8 and m\/q8 would share the path m__q8/,
  );
  assert.throws(() => cells({ quants: [quant("fp32"), quant("q:8"), quant("q+8")] }), code("CONFIG_DUPLICATE_CELL"));
});

test("slugs are safe as file names", () => {
  assert.equal(slug("Model/Q4:K_M@t1b8"), "model__q4-k_m-t1b8");
});

test("--only narrows to a variant and its baseline", () => {
  const more: Partial<MatrixConfig> = {
    models: [{ id: "a" }, { id: "b" }],
    quants: [quant("fp32"), quant("q8"), quant("q4")],
  };
  assert.deepEqual(ids(variants(more, "a/q4")), ["a/fp32", "a/q4"]);
  assert.deepEqual(ids(variants(more, "q8")), ["a/fp32", "a/q8", "b/fp32", "b/q8"]);
  assert.deepEqual(ids(variants(more, "b/*")), ["b/fp32", "b/q8", "b/q4"]);
  assert.deepEqual(ids(variants(more, "*/q4")), ["a/fp32", "a/q4", "b/fp32", "b/q4"]);
  assert.deepEqual(ids(variants(more, "a/fp32")), ["a/fp32"]);
});

test("--only that matches nothing is refused and lists what there is", () => {
  for (const only of ["q9", "x/q8", "m/q8/extra", "m/", "/q8", ""]) {
    assert.throws(
      () => variants({}, only),
      (error: unknown) => code("CONFIG_INVALID")(error) && (error as { hint: string }).hint.includes("m/fp32, m/q8"),
      only,
    );
  }
});

test("a cell's id names threads and batch size only where there is a choice, and its baseline has the same", () => {
  assert.deepEqual(
    cells({}).map(({ cell_id, baseline_cell_id }) => [cell_id, baseline_cell_id]),
    [
      ["m/fp32", "m/fp32"],
      ["m/q8", "m/fp32"],
    ],
  );
  const many = cells({ runtime: { kind: "simulated", threads: [1, 2] }, batch_sizes: [1, 8] });
  assert.equal(many.length, 8);
  for (const cell of many) {
    const baseline = many.find(({ cell_id }) => cell_id === cell.baseline_cell_id);
    assert.equal(baseline?.variant_id, "m/fp32");
    assert.deepEqual([baseline?.threads, baseline?.batch_size], [cell.threads, cell.batch_size]);
  }
});
