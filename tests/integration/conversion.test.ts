import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { dataDir } from "../fixtures/cifar10.ts";
import { need } from "../fixtures/require.ts";
import { canImport, python } from "../fixtures/torch.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const STEPS = join(packageRoot(), "configs/steps");
const MAKER = fileURLToPath(new URL("../../../tests/fixtures/make_keras_h5.py", import.meta.url));
const RESNET = join(dataDir, "resnet8/resnet8_fp32.onnx");

describe("a Keras file as the base model of a sweep", {
  ...need("data", existsSync(RESNET)),
  ...need("h5py", canImport("h5py", "onnx")),
}, () => {
  const scratch = mkdtempSync(join(tmpdir(), "quantgate-keras-"));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const env = {
    ...process.env,
    QUANTGATE_CACHE_DIR: join(scratch, "cache"),
    QUANTGATE_DATA_DIR: dataDir,
    QUANTGATE_PYTHON: python,
  };

  function sweep(name: string, ...odd: string[]) {
    const made = spawnSync(python, [MAKER, RESNET, join(scratch, name), ...odd], { encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    const config = {
      schema_version: "quantgate.config.v1",
      name: "keras",
      prepare: [
        {
          id: "convert",
          command: ["{python}", "{in:script}", "--model", "{in:keras}", "--out", "{out:model}"],
          check: ["{python}", "-c", "import h5py; print('h5py', h5py.__version__)"],
          inputs: { script: join(STEPS, "keras_to_onnx.py"), library: join(STEPS, "quantgate_steps.py"), keras: name },
          outputs: { model: "resnet8.onnx" },
          install: "python3 -m pip install h5py onnx",
        },
      ],
      models: [{ id: "resnet8", path: "step:convert/model" }],
      quants: ["fp32"],
      dataset: { kind: "cifar10-binary", paths: ["data:cifar10/test.bin"], layout: "nhwc" },
      runs_per_quant: 1,
      evaluate_runs: 1,
      evaluate_batch_size: 50,
      latency: { min_samples: 5, max_samples: 5, time_budget_ms: 20 },
      canary: { runs: 2, items: 50, latency_cv_threshold: 100 },
      telemetry: { probe: "none" },
    };
    const path = join(scratch, `${name}.json`);
    writeFileSync(path, JSON.stringify(config));
    return spawnSync(process.execPath, [MAIN, "sweep", path, "--json"], {
      cwd: scratch,
      env,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
  }

  it("converted by the step it scores 87.19 %, and no parameter got lost on the way", () => {
    const { stdout, stderr } = sweep("resnet8.h5");
    assert.notEqual(stdout, "", stderr);
    const { rows, preparation } = JSON.parse(stdout) as Summary;
    assert.equal(rows[0]?.correct, 8719);
    const [step] = preparation?.steps ?? [];
    assert.equal(step?.state, "ok");
    assert.equal(step.outputs[0]?.structure?.parameters, 77706);
    assert.match(
      readFileSync(join(scratch, "results/latest/logs/steps/convert.log"), "utf8"),
      /Keras: \d+ layers, 77706 parameters\nONNX opset 13: \d+ layers, 77706 parameters read/,
    );
  });

  it("with a layer that is not translated it ends as unsupported, which names the layer", () => {
    const { status, stderr } = sweep("odd.h5", "odd");
    assert.equal(status, 5);
    assert.match(
      stderr,
      /The step convert is unsupported: the Keras layer LocallyConnected2D \(odd_one\) is not translated/,
    );
  });
});
