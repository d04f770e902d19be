import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { TrialMeasurement, TrialRequest } from "../../harness/domain/runtime-port.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { pytorch } from "../../harness/runtimes/pytorch/pytorch.ts";
import { openTorchTools } from "../../harness/runtimes/pytorch/torch-tools.ts";
import { need } from "../fixtures/require.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const WORKER = fileURLToPath(new URL("../../../tests/fixtures/fake-torch-worker.py", import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;

async function requestIn(t: TestContext, more: Partial<TrialRequest> = {}): Promise<TrialRequest> {
  const path = join(await scratchFolder(t), "model.pt2");
  writeFileSync(path, "weights");
  return {
    trialId: "b00.int8",
    cellId: "m/int8",
    variantId: "m/int8",
    block: 0,
    seed: 1,
    framework: "pytorch",
    model: { path, sha256: sha256(readFileSync(path)) },
    itemsPath: "none",
    session: { threads: 1, optimizationLevel: "all", cpuMemArena: true, memPattern: true, sessionConfig: {} },
    latency: { batchSize: 1, warmupIterations: 3, warmupMs: 0, minSamples: 5, maxSamples: 7, timeBudgetMs: 10 },
    subset: [3, 1, 4],
    evaluateAll: true,
    evaluateBatchSize: 32,
    timeoutMs: 20_000,
    ...more,
  };
}

async function runFake(
  request: TrialRequest,
  mode: string,
  signal = new AbortController().signal,
): Promise<TrialMeasurement> {
  const runtime = pytorch({ python: "python3", worker: WORKER, env: { ...process.env, FAKE_TORCH: mode } });
  try {
    return await runtime.runTrial(request, { signal });
  } finally {
    await runtime.close();
  }
}

const failing = (code: string, says: RegExp) => (error: unknown) =>
  error instanceof HarnessError && error.code === code && says.test(`${error.message} ${error.hint}`);

describe("the PyTorch runtime and its worker", need("python", hasPython), () => {
  it("a trial comes back as a measurement like ONNX Runtime's, arrays and all", async (t) => {
    const request = await requestIn(t);
    const measured = await runFake(request, "well");
    assert.equal(measured.modelSha256Before, request.model?.sha256);
    assert.equal(measured.latencyS.length, 7);
    assert.ok(Math.abs((measured.latencyS[1] as number) - 0.001001) < 1e-12);
    assert.equal(measured.outputSize, 10);
    assert.deepEqual(Array.from(measured.subsetOutputs.slice(0, 10)), [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert.equal(measured.allOutputs?.length, 2000);
    assert.deepEqual(measured.warmup, { iterations: 3, seconds: 0.001 });
    assert.equal(measured.controls?.threads, 1);
    assert.equal(measured.controls?.seed, 1);
    assert.ok(measured.host.wallS > 0 && measured.host.loopCpuS === 0.009);
  });

  it("a worker that dies, hangs, prints between its answers or leaves something out is one failed trial", async (t) => {
    const request = await requestIn(t);
    await assert.rejects(
      runFake(request, "die"),
      failing("RUNTIME_CRASHED", /died with exit code 9\. .*out of memory/),
    );
    await assert.rejects(runFake({ ...request, timeoutMs: 300 }, "hang"), failing("RUNTIME_TIMEOUT", /within 0\.3 s/));
    await assert.rejects(runFake(request, "chatty"), failing("RUNTIME_PROTOCOL", /a library says hello/));
    await assert.rejects(runFake(request, "no-samples"), failing("RUNTIME_PROTOCOL", /it timed nothing/));
    await assert.rejects(runFake(request, "short"), failing("RUNTIME_PROTOCOL", /outputs are missing/));
  });

  it("an abort ends the worker and rejects with its reason", async (t) => {
    const abort = new AbortController();
    const running = runFake(await requestIn(t), "hang", abort.signal);
    setTimeout(() => abort.abort(new Error("enough")), 200);
    await assert.rejects(running, /enough/);
  });

  it("without PyTorch it says so with the line that installs it, and names no version", async (t) => {
    const request = await requestIn(t);
    await assert.rejects(
      runFake(request, "absent"),
      failing("RUNTIME_UNAVAILABLE", /No module named 'torch'\. .*pip install torch/),
    );
    const env = { ...process.env, FAKE_TORCH: "absent" };
    assert.deepEqual(await pytorch({ python: "python3", worker: WORKER, env }).versions(), {});
    assert.deepEqual(await pytorch({ python: "no-such-python", worker: WORKER, env }).versions(), {});
    const tools = openTorchTools({ python: "no-such-python" });
    await assert.rejects(
      tools.versions(),
      failing("RUNTIME_UNAVAILABLE", /not installed, or not in PATH.*pip install torch/),
    );
    await tools.close();
  });

  it("the real worker answers without PyTorch that it is not there", async () => {
    // An empty folder shadows nothing: -S and an empty path keep every package out.
    const env = { PATH: process.env["PATH"] ?? "", PYTHONNOUSERSITE: "1", PYTHONPATH: "" };
    const probe = spawnSync("python3", ["-c", "import torch"], { env });
    if (probe.status === 0) return;
    const tools = openTorchTools({ python: "python3", env });
    await assert.rejects(
      tools.versions(),
      failing("RUNTIME_UNAVAILABLE", /PyTorch cannot be imported by .*pip install torch/),
    );
    await tools.close();
  });

  it("detectors, whose boxes are made beside ONNX Runtime, are refused", async (t) => {
    const request = await requestIn(t, { rows: { module: "file:///none.js", settings: {} } });
    await assert.rejects(
      runFake(request, "well"),
      failing("RUNTIME_UNAVAILABLE", /Detectors run in ONNX Runtime only/),
    );
  });
});
