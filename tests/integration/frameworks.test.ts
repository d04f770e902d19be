import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Parity } from "../../harness/domain/generated/parity-v1.ts";
import type { Summary, SummaryRow } from "../../harness/domain/generated/summary-v1.ts";
import { release } from "../../harness/pipeline/release.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { dataDir } from "../fixtures/cifar10.ts";
import { need } from "../fixtures/require.ts";
import { canImport, python } from "../fixtures/torch.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const STEPS = join(packageRoot(), "configs/steps");
const hasData = existsSync(join(dataDir, "resnet8/resnet8_fp32.onnx"));
const hasTorch = canImport("torch", "onnx");
const TEST_IMAGES = 1000;

describe("ResNet8 in PyTorch beside ONNX Runtime", { ...need("data", hasData), ...need("torch", hasTorch) }, () => {
  const scratch = mkdtempSync(join(tmpdir(), "quantgate-frameworks-"));
  const env = {
    ...process.env,
    QUANTGATE_CACHE_DIR: join(scratch, "cache"),
    QUANTGATE_DATA_DIR: dataDir,
    QUANTGATE_PYTHON: python,
  };
  const quantgate = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [MAIN, ...args], {
      cwd: scratch,
      env: { ...env, ...more },
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
  const run = (script: string, ...args: string[]) =>
    spawnSync(python, [join(STEPS, script), ...args], { cwd: scratch, env, encoding: "utf8" });
  const resnet = join(dataDir, "resnet8/resnet8_fp32.onnx");

  before(() => {
    const config = JSON.parse(readFileSync(join(packageRoot(), "configs/resnet8-frameworks.json"), "utf8"));
    for (const step of config.prepare) {
      for (const name of ["script", "library"]) step.inputs[name] = join(packageRoot(), "configs", step.inputs[name]);
    }
    const isTrained = ({ id }: { id?: string }) => id === "brevitas-w4a8" || id === "qat";
    const short = {
      ...config,
      quants: config.quants.filter((quant: { id?: string }) => !isTrained(quant)),
      prepare: config.prepare.filter((step: { id: string }) => !isTrained(step)),
      dataset: { ...config.dataset, limit: TEST_IMAGES },
      calibration: { ...config.calibration, count: 200 },
      runs_per_quant: 2,
      evaluate_runs: 1,
      warmup: { iterations: 2, min_ms: 0 },
      latency: { min_samples: 5, max_samples: 10, time_budget_ms: 50 },
      canary: { runs: 2, items: 50, latency_cv_threshold: 100 },
      telemetry: { probe: "none" },
      gates: [],
    };
    writeFileSync(join(scratch, "frameworks.json"), JSON.stringify(short));
    const trained = config.prepare.find(isTrained);
    const step = { ...trained, command: [...trained.command, "--epochs", "1"], optional: false };
    const quants = ["fp32", config.quants.find(isTrained)];
    writeFileSync(join(scratch, "trained.json"), JSON.stringify({ ...short, prepare: [step], quants }));
    const exported = run("onnx_to_torch.py", "--model", resnet, "--out", join(scratch, "resnet8.pt2"));
    assert.equal(exported.status, 0, exported.stderr);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("one sweep judges fp32 and int8 of PyTorch on the same items, and says in the backend's words that uint8 is unsupported", () => {
    const swept = quantgate(["sweep", "frameworks.json", "--json"]);
    assert.ok([0, 3, 4].includes(swept.status as number), swept.stderr);
    const summary = JSON.parse(swept.stdout) as Summary;
    const row = (tag: string) => summary.rows.find((one) => one.quant_tag === tag) as SummaryRow;
    const [onnx, torch, int8, uint8] = [row("fp32"), row("torch-fp32"), row("torch-int8"), row("torch-uint8")];
    assert.equal(torch.framework, "pytorch");
    assert.equal(torch.correct, onnx.correct, "the same weights answer alike");
    assert.ok((torch.parity?.max_abs ?? 1) < 1e-4);
    assert.equal(int8.trials.completed, 2);
    assert.equal(int8.dtype, "int8");
    assert.ok(Math.abs(int8.drop?.value ?? 1) < 0.03, `int8 loses ${int8.drop?.value}`);
    assert.ok((int8.bytes_ratio ?? 1) < 0.6);
    assert.notEqual(torch.speedup?.value, null);
    assert.equal(uint8.absence?.state, "unsupported");
    assert.match(uint8.absence?.reason ?? "", /the backend x86 takes no uint8 weights: .{10}/);
    assert.equal(uint8.verdict, "inconclusive");
    const folder = realpathSync(join(scratch, "results/latest"));
    const page = readFileSync(join(folder, "summary.md"), "utf8");
    assert.match(page, /## Frameworks/);
    assert.match(page, /\| PyTorch \| int8 \| torch-int8 \|/);
    assert.match(page, /\| PyTorch \| uint8 \| torch-uint8 \| – .*unsupported: /);
    assert.match(
      readFileSync(join(folder, "logs/steps/torch-int8.log"), "utf8"),
      /calibrating on 200 items\n(.*\n)*10 of 10 layers have 8-bit kernels/,
    );
    const checked = quantgate(["check", folder]);
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  });

  it("without PyTorch the run names what to install, leaves its variants out, and judges the others", () => {
    const swept = quantgate(["sweep", "frameworks.json", "--json", "--out-dir", "without"], {
      QUANTGATE_PYTHON: "no-such-python",
    });
    assert.ok([0, 3, 4].includes(swept.status as number), swept.stderr);
    const { rows, preparation } = JSON.parse(swept.stdout) as Summary;
    assert.ok(
      preparation?.steps.every(
        ({ state, reason }) => state === "unavailable" && /pip install torch/.test(reason ?? ""),
      ),
    );
    for (const row of rows.filter(({ framework }) => framework === "pytorch")) {
      assert.equal(row.absence?.state, "unavailable");
      assert.equal(row.verdict, "inconclusive");
    }
    assert.ok(
      rows.filter(({ framework }) => framework === "onnxruntime").every(({ trials }) => trials.completed === 2),
    );
  });

  it(
    "a step trains a 4-bit variant on the calibration items and never on those it is judged on; log and digests are the run's",
    need("brevitas", canImport("brevitas", "onnxoptimizer")),
    () => {
      const swept = quantgate(["sweep", "trained.json", "--json", "--out-dir", "trained"]);
      assert.ok([0, 3, 4].includes(swept.status as number), swept.stderr);
      const { rows, preparation } = JSON.parse(swept.stdout) as Summary;
      const [step] = preparation?.steps ?? [];
      assert.equal(step?.state, "ok");
      assert.match(step.tool_version ?? "", /^torch .* brevitas /);
      const row = rows.find(({ quant_tag }) => quant_tag === "brevitas-w4a8");
      assert.equal(row?.model_sha256, step.outputs[0]?.sha256);
      assert.equal(row?.trials.completed, 2);
      assert.ok((row?.accuracy?.value ?? 0) > 0.6, `${row?.accuracy?.value}`);
      const log = readFileSync(join(scratch, "trained/latest", step.log?.file ?? ""), "utf8");
      assert.match(log, /training on 160 items, 40 held out; none of the evaluation set/);
      assert.match(log, /epoch 1 of 1: loss .*\nkept: .*\nQDQ ONNX: \d+ layers, \d+ QuantizeLinear/);
      const from = (stage: string) =>
        Number(new RegExp(`^${stage}.* ([\\d.]+) from full precision$`, "m").exec(log)?.[1]);
      assert.ok(from("kept") < from("after calibration"), "training brings it nearer to full precision");
    },
  );

  it("its ONNX export answers as it does, within 1e-5; another model's export does not", () => {
    const exported = run("torch_to_onnx.py", "--model", "resnet8.pt2", "--out", "exported.onnx");
    assert.equal(exported.status, 0, exported.stderr);
    const args = ["--config", "frameworks.json", "--items", "64", "--json"];
    const same = quantgate([
      "parity",
      "resnet8.pt2",
      "exported.onnx",
      ...args,
      "--blocks",
      "3",
      "--range",
      "softmax=0:1",
    ]);
    const names = JSON.parse(same.stdout === "" ? "{}" : same.stdout) as Partial<Parity>;
    assert.equal(same.status, 0, same.stderr);
    const [output] = names.outputs ?? [];
    assert.ok((output?.mae ?? 1) < 1e-5 && output?.argmax_agreement === 1);
    assert.deepEqual(
      [output.nan, output.inf],
      [
        { reference: 0, candidate: 0 },
        { reference: 0, candidate: 0 },
      ],
    );
    assert.deepEqual(output.range.declared, [0, 1]);
    assert.equal(output.range.outside, 0);
    assert.deepEqual([names.reference?.fixed_batch, names.candidate?.fixed_batch], [null, null]);
    assert.ok(
      names.batches?.every(
        ({ reference_mae, candidate_mae }) => (reference_mae ?? 1) < 1e-6 && (candidate_mae ?? 1) < 1e-6,
      ),
    );
    assert.equal(names.speed?.blocks, 3);
    assert.equal(names.candidate?.provider, "CPUExecutionProvider");
    const other = quantgate([
      "parity",
      "resnet8.pt2",
      "data:resnet8/resnet8_int8_qdq_from_tflite.onnx",
      ...args,
      "--blocks",
      "0",
    ]);
    assert.equal(other.status, 3, other.stderr);
    const found = JSON.parse(other.stdout) as Parity;
    assert.equal(found.verdict, "fail");
    assert.match(found.reasons.join(), /the mean absolute error .* is above 0\.00001/);
  });

  it("one call exports, compares, sweeps and hands what ships to the caller; what differs is never swept", async () => {
    const config = JSON.parse(readFileSync(join(scratch, "frameworks.json"), "utf8"));
    const { prepare: _, ...rest } = config;
    const gates = [{ id: "latency_ratio", enabled: false }];
    writeFileSync(
      join(scratch, "plain.json"),
      JSON.stringify({ ...rest, quants: ["fp32", "w8a16"], gates, frontier: { allow_polluted: true } }),
    );
    const shipped: string[] = [];
    const options = {
      reference: "resnet8.pt2",
      config: "plain.json",
      cwd: scratch,
      env,
      items: 32,
      outDir: "released",
    };
    const done = await release({
      ...options,
      register: async ({ variantId, modelPath }) => shipped.push(`${variantId} ${existsSync(modelPath)}`),
    });
    assert.equal(done.parity.verdict, "pass");
    assert.equal(done.state, "shipped", done.state === "not-shipped" ? done.run.summary.suite.reasons.join() : "");
    assert.deepEqual(shipped, ["resnet8/w8a16 true"]);
    const refused = await release({ ...options, maxMae: 0, register: async () => shipped.push("never") });
    assert.equal(refused.state, "refused");
    assert.equal(shipped.length, 1);
  });
});
