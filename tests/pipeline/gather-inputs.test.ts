import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test } from "node:test";
import { planSweep, type SweepOptions } from "../../harness/pipeline/sweep.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { simulatedBody, simulatedQuant, writeConfig } from "../fixtures/sweep-configs.ts";

const refused = (message: RegExp) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, "CONFIG_INVALID", String(error));
  assert.match((error as Error).message, message);
  return true;
};

describe("flags pass the config's own checks", () => {
  const flags: [string, NonNullable<SweepOptions["flags"]>, RegExp][] = [
    ["no runs", { runs: 0 }, /runs_per_quant/],
    ["half a run", { runs: 1.5 }, /runs_per_quant/],
    ["a single canary run", { canaryRuns: 1 }, /canary/],
    ["no canary", { canaryRuns: 0 }, /canary/],
    ["a threshold of 0", { canaryLatencyVarianceThreshold: 0 }, /latency_cv_threshold/],
    [
      "a threshold that is NaN, above which nothing lies",
      { canaryLatencyVarianceThreshold: Number.NaN },
      /latency_cv_threshold/,
    ],
    ["a seed that is NaN", { seed: Number.NaN }, /seed/],
    ["a negative seed", { seed: -1 }, /seed/],
  ];
  for (const [what, given, message] of flags) {
    test(`${what} is refused`, async (t) => {
      const folder = await scratchFolder(t);
      await assert.rejects(
        planSweep({ config: writeConfig(folder, simulatedBody()), cwd: folder, flags: given }),
        refused(message),
      );
    });
  }
});

describe("a simulated run has a simulated runtime, dataset and quants, and a real one none of them", () => {
  const odd: [string, object, RegExp][] = [
    ["a recipe among them", { quants: [simulatedQuant("fp32"), "u8s8"] }, /quant u8s8 of kind recipe/],
    ["a real runtime", { runtime: { kind: "onnxruntime" } }, /runtime is onnxruntime/],
  ];
  for (const [what, more, message] of odd) {
    test(`${what} is refused`, async (t) => {
      const folder = await scratchFolder(t);
      await assert.rejects(
        planSweep({ config: writeConfig(folder, simulatedBody(more as Record<string, unknown>)), cwd: folder }),
        refused(message),
      );
    });
  }
});

test("planning writes nothing", async (t) => {
  const folder = await scratchFolder(t);
  const config = writeConfig(folder, simulatedBody());
  const { plan } = await planSweep({ config, cwd: folder });
  assert.equal(plan.simulated, true);
  assert.deepEqual(await readdir(folder), ["config.json"]);
});
