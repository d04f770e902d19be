import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import type { TrialRequest, Turn } from "../../harness/domain/runtime-port.ts";
import { Turns } from "../../harness/pipeline/turns.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { writePrepared } from "../../harness/platform/prepared-items.ts";
import { onnxruntime } from "../../harness/runtimes/onnxruntime/onnxruntime.ts";
import { cast, int4Output, makeModel, negate, Type } from "../fixtures/fake-models.ts";
import { survivors } from "../fixtures/liveness.ts";
import { need } from "../fixtures/require.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-trials-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;

const seven: ItemTensor = { count: 7, shape: [4], data: Float32Array.from({ length: 28 }, (_, i) => i / 4) };
const sevenBytes: ItemTensor = { count: 7, shape: [4], data: Uint8Array.from({ length: 28 }, (_, i) => i * 9) };
const floatsPath = join(folder, "floats.prepared");
const bytesPath = join(folder, "bytes.prepared");
const normalizedPath = join(folder, "normalized.prepared");
await writePrepared(floatsPath, seven);
await writePrepared(bytesPath, sevenBytes);
await writePrepared(normalizedPath, { ...sevenBytes, affine: { scale: 1, mean: [3], std: [2], channelAxis: 0 } });

function request(model: Uint8Array | undefined, changes: Partial<TrialRequest> = {}): TrialRequest {
  const path = join(folder, `${sha256(model ?? "").slice(0, 12)}.onnx`);
  if (model !== undefined) writeFileSync(path, model);
  return {
    trialId: "b00.test",
    cellId: "cell",
    variantId: "test",
    block: 0,
    seed: 1,
    ...(model === undefined ? {} : { model: { path, sha256: sha256(model) } }),
    itemsPath: floatsPath,
    session: { threads: 1, optimizationLevel: "all", cpuMemArena: true, memPattern: true, sessionConfig: {} },
    latency: { batchSize: 1, warmupIterations: 3, warmupMs: 0, minSamples: 5, maxSamples: 20, timeBudgetMs: 5 },
    subset: [5, 0, 5],
    evaluateAll: true,
    evaluateBatchSize: 3,
    timeoutMs: 60_000,
    ...changes,
  };
}

const run = (model: Uint8Array, changes: Partial<TrialRequest> = {}) =>
  onnxruntime().runTrial(request(model, changes), { signal });
const negated = (indices: readonly number[]): Float32Array =>
  Float32Array.from(indices.flatMap((index) => [0, 1, 2, 3].map((i) => -(index * 4 + i) / 4)));
const all = [0, 1, 2, 3, 4, 5, 6];

test("a trial measures latency, load, memory, throughput and outputs, subset and all, with a partial last batch", async () => {
  const measured = await run(negate("N", [4]));
  assert.deepEqual(measured.subsetOutputs, negated([5, 0, 5]));
  assert.deepEqual(measured.allOutputs, negated(all));
  assert.equal(measured.outputSize, 4);
  assert.ok(measured.latencyS.length >= 5 && measured.latencyS.length <= 20);
  assert.ok(measured.latencyS.every((seconds) => seconds > 0 && seconds < 10));
  assert.equal(measured.warmup.iterations, 3);
  assert.ok(measured.loadS > 0 && measured.host.wallS > measured.loadS);
  assert.deepEqual([measured.throughput.items, measured.throughput.batchSize], [7, 3]);
  assert.ok(
    measured.memory.peakRssBytes > measured.memory.rssBeforeLoadBytes && measured.memory.rssBeforeLoadBytes > 1e7,
  );
  assert.equal(measured.modelSha256After, sha256(negate("N", [4])));
  assert.ok((measured.host.loopCpuS as number) >= 0 && measured.host.loopWallS > 0);
});

test("trials in turns load, measure slice by slice and evaluate one at a time, and give what they give alone", async () => {
  const turns = new Turns();
  const models = [negate("N", [4]), negate("N", [4])];
  let most = 0;
  let atWork = 0;
  let taken = 0;
  const latency = {
    batchSize: 1,
    warmupIterations: 3,
    warmupMs: 0,
    minSamples: 12,
    maxSamples: 40,
    timeBudgetMs: 8,
    sliceMs: 2,
  };
  const places = models.map((model) => ({ model, turn: turns.join() }));
  const measured = await Promise.all(
    places.map(async ({ model, turn }) => {
      const watched: Turn = {
        take: (work) =>
          turn.take(async () => {
            taken++;
            most = Math.max(most, ++atWork);
            try {
              return await work();
            } finally {
              atWork--;
            }
          }),
      };
      try {
        return await onnxruntime().runTrial(request(model, { latency }), { signal, turn: watched });
      } finally {
        turn.leave();
      }
    }),
  );
  assert.equal(most, 1);
  // Load, four slices, evaluation.
  assert.equal(taken, 2 * 6);
  for (const { slices, latencyS, allOutputs, warmup, host } of measured) {
    assert.equal(slices?.length, 4);
    assert.equal(
      slices?.reduce((sum, count) => sum + count),
      latencyS.length,
    );
    assert.ok(latencyS.length >= 12 && latencyS.length <= 40);
    assert.equal(warmup.iterations, 3);
    assert.deepEqual(allOutputs, negated(all));
    const called = latencyS.reduce((sum, seconds) => sum + seconds);
    assert.ok(host.loopWallS >= called && host.wallS > host.loopWallS);
  }
});

test("a model that does not load breaks its own trial alone, in turns too", async () => {
  const turns = new Turns();
  const run = async (model: Uint8Array) => {
    const turn = turns.join();
    return onnxruntime()
      .runTrial(request(model, { latency: { ...request(model).latency, sliceMs: 1 } }), { signal, turn })
      .finally(() => turn.leave());
  };
  const [good, bad] = await Promise.allSettled([run(negate("N", [4])), run(Uint8Array.of(1, 2, 3))]);
  assert.equal(good.status, "fulfilled");
  assert.ok(bad.status === "rejected" && bad.reason instanceof HarnessError);
});

test("the loop stops at the most samples allowed, however much time is left", async () => {
  const latency = {
    batchSize: 2,
    warmupIterations: 0,
    warmupMs: 0,
    minSamples: 1,
    maxSamples: 9,
    timeBudgetMs: 60_000,
  };
  const measured = await run(negate("N", [4]), { latency, evaluateAll: false });
  assert.equal(measured.latencyS.length, 9);
  assert.equal(measured.allOutputs, undefined);
  assert.equal(measured.throughput.items, 3);
});

test("a model fixed to a batch of 1 is evaluated one by one and says so; a larger fixed batch is filled up", async () => {
  const one = await run(negate(1, [4]));
  assert.deepEqual(one.allOutputs, negated(all));
  assert.equal(one.throughput.batchSize, 1);
  const latency = { ...request(undefined).latency, batchSize: 4 };
  const four = await run(negate(4, [4]), { latency });
  assert.deepEqual(four.allOutputs, negated(all));
  assert.deepEqual(four.subsetOutputs, negated([5, 0, 5]));
  assert.equal(four.throughput.batchSize, 4);
});

test("byte items reach a byte input as they are and a float input through their affine map", async () => {
  const asBytes = await run(cast(Type.UINT8, Type.FLOAT), { itemsPath: bytesPath });
  assert.deepEqual(asBytes.allOutputs, Float32Array.from(sevenBytes.data));
  const normalized = await run(negate("N", [4]), { itemsPath: normalizedPath });
  assert.deepEqual(
    normalized.allOutputs,
    Float32Array.from(sevenBytes.data, (x) => -(x - 3) / 2),
  );
});

test("outputs of other number types are scored as float32", async () => {
  const values = [5, 0, 5].flatMap((item) => [0, 1, 2, 3].map((k) => (item * 4 + k) / 4));
  for (const type of [Type.DOUBLE, Type.INT64, Type.INT32, Type.UINT8]) {
    const measured = await run(cast(Type.FLOAT, type), { evaluateAll: false });
    assert.deepEqual([...measured.subsetOutputs], type === Type.DOUBLE ? values : values.map(Math.trunc));
  }
});

const twoInputs = makeModel({
  inputs: [
    { name: "image", type: Type.FLOAT, dims: ["N", 4] },
    { name: "mask", type: Type.FLOAT, dims: ["N", 4] },
  ],
  outputs: [{ name: "y", type: Type.FLOAT, dims: ["N", 4] }],
  nodes: [{ op: "Add", inputs: ["image", "mask"], outputs: ["y"] }],
});
const sum = makeModel({
  inputs: [{ name: "x", type: Type.FLOAT, dims: ["N", 4] }],
  outputs: [{ name: "y", type: Type.FLOAT, dims: [] }],
  nodes: [{ op: "ReduceSum", inputs: ["x"], outputs: ["y"], attributes: [{ name: "keepdims", type: 2, i: 0n }] }],
});
const refusals: readonly [title: string, model: Uint8Array, changes: Partial<TrialRequest>, message: RegExp][] = [
  ["a model with two inputs", twoInputs, {}, /has 2 inputs \(image, mask\); exactly one/],
  [
    "a model whose input has another shape than the items",
    negate("N", [2, 3]),
    {},
    /shape \[N, 2, 3\], but an item has \[4\]/,
  ],
  [
    "an input type other than float32 and uint8",
    cast(Type.INT32, Type.FLOAT),
    {},
    /input "x" is int32; float32 and uint8/,
  ],
  [
    "a byte input for normalized items",
    cast(Type.UINT8, Type.FLOAT),
    { itemsPath: normalizedPath },
    /takes bytes, but the items are normalized/,
  ],
  ["a byte input for float items", cast(Type.UINT8, Type.FLOAT), {}, /takes bytes, but the items are float32/],
  ["a float16 output", cast(Type.FLOAT, Type.FLOAT16), {}, /output "y" is float16, which cannot be scored/],
  ["an INT4 output, which would crash the child", int4Output(), {}, /output "y" is int4, which would crash/],
  [
    "an output without a batch axis",
    sum,
    {},
    /output "y" has shape \[\] for a batch of 3, so rows cannot be told apart/,
  ],
  [
    "a batch size that a fixed model cannot take",
    negate(1, [4]),
    { latency: { ...request(undefined).latency, batchSize: 8 } },
    /fixed to a batch of 1, so calls with a batch of 8/,
  ],
  ["a truncated model", negate("N", [4]).subarray(0, 40), {}, /cut off, damaged or not an ONNX file\.$/],
  [
    "a file that is not ONNX",
    new TextEncoder().encode("not a model at all"),
    {},
    /cut off, damaged or not an ONNX file\.$/,
  ],
  ["an empty file", new Uint8Array(0), {}, /empty or holds no graph\.$/],
];
for (const [title, model, changes, message] of refusals) {
  test(`${title} is refused in one sentence`, async () => {
    await assert.rejects(run(model, changes), (error: Error & { code: string; hint: string }) => {
      assert.equal(error.code, "CONFIG_MODEL_INVALID");
      assert.match(error.message, message);
      assert.ok(error.hint.length > 0 && !error.message.includes("\n"));
      return true;
    });
  });
}

test("a missing model, one that is not the planned one, and missing items are told apart", async () => {
  const model = negate("N", [4]);
  const missing = { path: join(folder, "none.onnx"), sha256: sha256(model) };
  await assert.rejects(run(model, { model: missing }), { code: "CONFIG_MODEL_MISSING" });
  const other = { path: request(model).model?.path as string, sha256: "0".repeat(64) };
  await assert.rejects(run(model, { model: other }), {
    code: "CONFIG_MODEL_INVALID",
    message: /not the one that was planned: before the trial/,
  });
  await assert.rejects(run(model, { itemsPath: join(folder, "none.prepared") }), { code: "STORE_MISSING" });
});

test("the versions of what ran are those of the installed packages", async () => {
  const versions = await onnxruntime().versions();
  assert.match(versions["onnxruntime-node"] as string, /^\d+\.\d+\.\d+/);
  assert.equal(versions["node"], process.versions.node);
});

const fake = new URL("../fixtures/fake-trial-worker.js", import.meta.url);
for (const [variantId, timeoutMs, code, message] of [
  ["hangs", 700, "RUNTIME_TIMEOUT", /trial b00\.test did not finish within 0\.7 s and was killed/],
  ["is killed", 60_000, "RUNTIME_CRASHED", /trial b00\.test died by signal SIGKILL/],
  ["aborts", 60_000, "RUNTIME_CRASHED", /died by signal SIGABRT/],
  ["prints garbage", 60_000, "RUNTIME_PROTOCOL", /cannot be understood/],
  ["answers in half", 60_000, "RUNTIME_PROTOCOL", /without a whole measurement/],
] as const) {
  test(`a trial whose process ${variantId} is one failed trial, and nothing of it is left`, async () => {
    const itemsPath = join(folder, `${variantId}.pids`);
    const broken = onnxruntime({ worker: fake }).runTrial(request(undefined, { variantId, timeoutMs, itemsPath }), {
      signal,
    });
    await assert.rejects(broken, { name: "HarnessError", code, message });
    assert.deepEqual(await survivors(JSON.parse(readFileSync(itemsPath, "utf8")) as number[]), []);
  });
}

test("an abort in the middle of a trial rejects with its reason and leaves nothing behind", async () => {
  const control = new AbortController();
  const itemsPath = join(folder, "aborted.pids");
  const trial = onnxruntime({ worker: fake }).runTrial(request(undefined, { itemsPath }), { signal: control.signal });
  const aborted = assert.rejects(trial, { message: "Ctrl-C" });
  while (!existsSync(itemsPath) || readFileSync(itemsPath, "utf8") === "")
    await new Promise((resolve) => setTimeout(resolve, 20));
  control.abort(new Error("Ctrl-C"));
  await aborted;
  assert.deepEqual(await survivors(JSON.parse(readFileSync(itemsPath, "utf8")) as number[]), []);
});

const dataDir = process.env["QUANTGATE_DATA_DIR"] ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const resnet8 = join(dataDir, "resnet8/resnet8_fp32.onnx");
test(
  "ResNet8 classifies exactly 8,719 of the 10,000 CIFAR-10 test images",
  need("data", existsSync(resnet8)),
  async () => {
    const records = readFileSync(join(dataDir, "cifar10/test.bin"));
    const items = new Uint8Array(10_000 * 3072);
    for (let i = 0; i < 10_000; i++) {
      for (let p = 0; p < 3072; p++)
        items[i * 3072 + (p % 1024) * 3 + Math.floor(p / 1024)] = records[i * 3073 + 1 + p] as number;
    }
    const itemsPath = join(folder, "cifar10.prepared");
    await writePrepared(itemsPath, { count: 10_000, shape: [32, 32, 3], data: items });
    const { allOutputs, outputSize } = await run(readFileSync(resnet8), { itemsPath, evaluateBatchSize: 64 });
    assert.equal(outputSize, 10);
    let correct = 0;
    for (let i = 0; i < 10_000; i++) {
      const row = (allOutputs as Float32Array).subarray(i * 10, i * 10 + 10);
      if (row.indexOf(Math.max(...row)) === records[i * 3073]) correct++;
    }
    assert.equal(correct, 8719);
  },
);
