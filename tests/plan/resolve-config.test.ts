import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveConfig } from "../../harness/plan/resolve-config.ts";
import { handConfig } from "../fixtures/hand-run.ts";

test("a flag beats the config, the config beats the default, and each value names its origin", () => {
  const raw = handConfig({ seed: 11, runs_per_quant: 4, canary: { runs: 5 } });
  const { config, origins } = resolveConfig(raw, { seed: 12, canaryRuns: 7 });
  assert.equal(config.seed, 12);
  assert.equal(origins["seed"], "flag");
  assert.equal(config.runs_per_quant, 4);
  assert.equal(origins["runs_per_quant"], "config");
  assert.equal(config.canary.runs, 7);
  assert.equal(origins["canary.runs"], "flag");
  assert.equal(config.alpha, 0.05);
  assert.equal(origins["alpha"], "default");
  assert.equal(config.canary.min_samples, 5);
  assert.equal(origins["canary.min_samples"], "default");
});

test("zero is a value: a seed, a warm-up and a flag threshold of 0 are not replaced by the default", () => {
  const raw = handConfig({ seed: 5, warmup: { iterations: 0, min_ms: 0 }, drop_flag: 0 });
  const { config, origins } = resolveConfig(raw, { seed: 0 });
  assert.deepEqual([config.seed, config.drop_flag], [0, 0]);
  assert.deepEqual(config.warmup, { iterations: 0, min_ms: 0 });
  assert.deepEqual([origins["seed"], origins["drop_flag"], origins["warmup.iterations"]], ["flag", "config", "config"]);
});

test("models and quants that the config declares win over the flags, and a notice says so", () => {
  const { config, origins, notices } = resolveConfig(handConfig(), {
    modelIds: ["other"],
    quantTags: ["s8s8", "u8s8"],
  });
  assert.deepEqual(
    config.models.map(({ id }) => id),
    ["m"],
  );
  assert.deepEqual(
    config.quants.map(({ id }) => id),
    ["fp32", "q8"],
  );
  assert.deepEqual([origins["models"], origins["quants"]], ["config", "config"]);
  assert.deepEqual(notices, [
    "--quant-tags is ignored: the config declares quants",
    "--model-id is ignored: the config declares models",
  ]);
});

test("without them in the config the flags count, a path gives its base name as id, and there is no notice", () => {
  const { models: _m, quants: _q, ...raw } = handConfig();
  const { config, origins, notices } = resolveConfig(raw, {
    modelIds: ["zoo/my net.onnx"],
    quantTags: ["fp32", "u8s8"],
  });
  assert.deepEqual(config.models, [{ id: "my-net", path: "zoo/my net.onnx" }]);
  assert.deepEqual(config.quants, [
    { id: "fp32", kind: "recipe", recipe: "fp32" },
    { id: "u8s8", kind: "recipe", recipe: "u8s8" },
  ]);
  assert.deepEqual([origins["models"], origins["quants"]], ["flag", "flag"]);
  assert.deepEqual(notices, []);
});

test("a recipe object without a recipe name is named by its id; external and simulated quants pass unchanged", () => {
  const external = { id: "theirs", kind: "external" as const, model: "x.onnx" };
  const { config } = resolveConfig(handConfig({ quants: [{ id: "u8s8", role: "required" }, external] }), {});
  assert.deepEqual(config.quants, [{ id: "u8s8", role: "required", kind: "recipe", recipe: "u8s8" }, external]);
});
