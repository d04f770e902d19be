import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { TensorProto_DataType as T } from "onnx-buf";
import type { ErrorCode } from "../../harness/domain/errors.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { makeBytes, value } from "../fixtures/onnx-models.ts";
import { journalBodies, listing, onlyRun, plannedIds, trialIds } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, digitsItems, writeConfig } from "../fixtures/sweep-configs.ts";

const good = readFileSync(join(packageRoot(), "configs/digits/digits-cnn.onnx"));

/** Ends in a QuantizeLinear to INT4: ONNX Runtime aborts the process that asks for such an output. */
function int4Output(): Uint8Array {
  return makeBytes({
    opset: 21,
    ir: 10,
    inputs: [value("x", ["N", 1, 28, 28])],
    outputs: [value("y", ["N", 1, 28, 28], T.INT4)],
    nodes: [makeNode("QuantizeLinear", ["x", "scale"], ["y"], { name: "q", attributes: { output_dtype: T.INT4 } })],
    initializers: [floatTensor("scale", [], Float32Array.of(0.1))],
  });
}

const models: readonly [title: string, bytes: Uint8Array | undefined, code: ErrorCode, says: RegExp][] = [
  ["is missing", undefined, "CONFIG_MODEL_MISSING", /m\.onnx/],
  ["is cut off", good.subarray(0, good.length >> 1), "CONFIG_MODEL_INVALID", /m\.onnx/],
  ["is not ONNX", new TextEncoder().encode("once upon a time"), "CONFIG_MODEL_INVALID", /m\.onnx/],
  ["is empty", new Uint8Array(0), "CONFIG_MODEL_INVALID", /m\.onnx/],
  ["has an INT4 output", int4Output(), "CONFIG_MODEL_INVALID", /int4/i],
];

describe("a model that cannot be used", () => {
  for (const [title, bytes, code, says] of models) {
    it(`ends every command with exit code 2 and leaves nothing behind, where the model ${title}`, async (t) => {
      const cwd = await scratchFolder(t);
      if (bytes !== undefined) writeFileSync(join(cwd, "m.onnx"), bytes);
      writeConfig(cwd, digitsBody({ models: [{ id: "m", path: "m.onnx" }] }));
      const before = listing(cwd);
      const commands = [
        ["sweep", "config.json"],
        ["quantize", "m.onnx", "--recipe", "w8a16", "--out-dir", "made"],
        ["evaluate", "m.onnx", "--config", "config.json"],
      ];
      for (const args of commands) assertRefused(await runCli(args, { cwd }), { exitCode: 2, code, says });
      assert.deepEqual(listing(cwd), before);
      const inspected = await runCli(["inspect", "m.onnx"], { cwd });
      assert.equal(inspected.code, 2);
      assert.match(inspected.stdout + inspected.stderr, says);
    });
  }

  it("is refused where it is not the one that was declared", async (t) => {
    const cwd = await scratchFolder(t);
    writeFileSync(join(cwd, "m.onnx"), good);
    writeConfig(cwd, digitsBody({ models: [{ id: "m", path: "m.onnx", sha256: "0".repeat(64) }] }));
    assertRefused(await runCli(["sweep", "config.json"], { cwd }), {
      exitCode: 2,
      code: "CONFIG_MODEL_INVALID",
      says: /not the declared one/,
    });
    assert.deepEqual(listing(cwd), ["config.json", "m.onnx"]);
  });
});

test("an external variant with an INT4 output, or cut off, fails by itself; the others are measured", async (t) => {
  const cwd = await scratchFolder(t);
  writeFileSync(join(cwd, "int4.onnx"), int4Output());
  writeFileSync(join(cwd, "cut.onnx"), good.subarray(0, good.length >> 1));
  const quants = [
    "fp32",
    { id: "int4", kind: "external", model: "int4.onnx" },
    { id: "cut", kind: "external", model: "cut.onnx", role: "required" },
  ];
  writeConfig(cwd, digitsBody({ quants, runs_per_quant: 2 }));
  const { code, stdout, stderr } = await runCli(["sweep", "config.json"], { cwd });
  assert.equal(code, 3, stderr);
  assert.match(stdout, /int4 .*FAIL/);
  const run = onlyRun(join(cwd, "results"));
  assert.deepEqual(trialIds(run), plannedIds(run));
  for (const body of journalBodies(run).filter(({ kind }) => kind === "trial")) {
    assert.equal(body.state, body.variant_id === "digits/fp32" ? "completed" : "failed", body.trial_id);
  }
  assert.equal((await runCli(["check", run], { cwd })).code, 0);
});

test("a variant that cannot be quantized for want of calibration is refused before anything is run", async (t) => {
  const cwd = await scratchFolder(t);
  writeConfig(cwd, digitsBody({ quants: ["fp32", "u8s8"] }));
  const { code, stderr } = await runCli(["sweep", "config.json"], { cwd });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /calibration/);
  assert.deepEqual(listing(cwd), ["config.json"]);
});

test("a model, or an item, that changes between run and resume is 2, and the run stays as it was", async (t) => {
  const cwd = await scratchFolder(t);
  writeFileSync(join(cwd, "m.onnx"), good);
  writeConfig(cwd, digitsBody({ models: [{ id: "m", path: "m.onnx" }], dataset: digitsItems("test", 100) }));
  const first = await runCli(["sweep", "config.json", "--json"], { cwd });
  assert.ok([0, 3, 4].includes(first.code ?? -1), first.stderr);
  const run = onlyRun(join(cwd, "results"));
  const journal = join(run, "journal.ndjson");
  const whole = readFileSync(journal);
  writeFileSync(journal, whole.subarray(0, whole.length - 500));
  const left = readFileSync(journal);
  // Another producer name: valid, but not the same file.
  const changed = Buffer.from(good);
  changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
  writeFileSync(join(cwd, "m.onnx"), changed);
  assertRefused(await runCli(["sweep", "--resume", run], { cwd }), {
    exitCode: 2,
    code: "CONFIG_PLAN_MISMATCH",
    says: /config, model or data changed/,
  });
  assert.deepEqual(readFileSync(journal), left);
  writeFileSync(join(cwd, "m.onnx"), good);
  const again = await runCli(["sweep", "--resume", run, "--json"], { cwd });
  assert.ok([0, 3, 4].includes(again.code ?? -1), again.stderr);
  assert.deepEqual(trialIds(run), plannedIds(run));
});
