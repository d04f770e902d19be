import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { StringStringEntryProtoSchema, type TensorProto, TensorProto_DataLocation } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { HarnessError } from "../../harness/domain/errors.ts";
import { quantize } from "../../harness/pipeline/quantize.ts";
import { quantizeExternal } from "../../harness/pipeline/quantize-external.ts";
import { quantizeByProfile } from "../../harness/pipeline/quantize-profile.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { graphOf, parseModel, serializeModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { streamWeights } from "../../harness/quantize/stream-weights.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";
import { runModel } from "../fixtures/run-model.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const SIZE = 64;
const WEIGHTS = ["w1", "w2", "w3"];

/** x → MatMul → Relu → MatMul → Gemm with a bias → + a constant → y. */
function threeLayers() {
  return makeModel({
    inputs: [value("x", ["N", SIZE])],
    nodes: [
      makeNode("MatMul", ["x", "w1"], ["m1"], { name: "first" }),
      makeNode("Relu", ["m1"], ["r1"]),
      makeNode("MatMul", ["r1", "w2"], ["m2"], { name: "second" }),
      makeNode("Gemm", ["m2", "w3", "b3"], ["g"], { name: "third", attributes: { transB: 1 } }),
      makeNode("Add", ["g", "shift"], ["y"]),
    ],
    initializers: [
      ...WEIGHTS.map((name, i) => floatTensor(name, [SIZE, SIZE], randomFloats(SIZE * SIZE, i + 1))),
      floatTensor("b3", [SIZE], randomFloats(SIZE, 9)),
      floatTensor("shift", [SIZE], randomFloats(SIZE, 10)),
    ],
  });
}

/** The same model twice: whole, and with its tensors in `weights.bin`. */
function writeModels(folder: string): { whole: Uint8Array; path: string; graph: Uint8Array } {
  const whole = serializeModel(threeLayers());
  const model = parseModel(whole);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of graphOf(model).initializer) {
    const bytes = new Uint8Array(tensor.rawData);
    const entries = { location: "weights.bin", offset: String(offset), length: String(bytes.length) };
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = Object.entries(entries).map(([key, entry]) =>
      create(StringStringEntryProtoSchema, { key, value: entry }),
    );
    tensor.rawData = new Uint8Array();
    parts.push(bytes);
    offset += bytes.length;
  }
  writeFileSync(join(folder, "weights.bin"), Buffer.concat(parts));
  const path = join(folder, "model.onnx");
  const graph = serializeModel(model);
  writeFileSync(path, graph);
  return { whole, path, graph };
}

const input = { name: "x", dims: [3, SIZE], data: randomFloats(3 * SIZE, 20) };

async function runFile(path: string, foldWeights: boolean): Promise<Float32Array> {
  const extra = foldWeights ? { session: { disable_quant_qdq: "1" } } : {};
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3, extra });
  const { y } = await session.run({ x: new ort.Tensor("float32", input.data, input.dims) });
  await session.release();
  return y?.data as Float32Array;
}

for (const recipe of ["w8a16", "int8-block32", "int4-block32", "int2-block32"]) {
  test(`${recipe} of a model with external data answers as that of the whole model does`, async (t) => {
    const folder = await scratchFolder(t);
    const { whole, path, graph } = writeModels(folder);
    const spec = resolveRecipe(recipe);
    const stem = join(folder, "out", "small");
    const made = await quantizeExternal({ modelPath: path, graph, recipe: spec, stem, session: inProcessSession });
    const { manifest } = made;
    assert.deepEqual(
      manifest.layers.map(({ name, skipped }) => [name, skipped]),
      ["first", "second", "third"].map((name) => [name, null]),
    );
    assert.deepEqual(readdirSync(join(folder, "out")).sort(), ["small.onnx", "small.onnx.data"]);
    const expected = await quantizeModel({ model: whole, recipe: spec, session: inProcessSession, sha256 });
    // The kernels are those of the whole model, seen on layers of the same kind; so are bits, bytes and noise.
    for (const [i, layer] of expected.manifest.layers.entries()) {
      const { kernel_reason: _, kernel_node: __, weight_sqnr_db: db, ...rest } = layer;
      const found = manifest.layers[i] ?? ({} as never);
      const { kernel_reason: reason, kernel_node: ___, weight_sqnr_db: streamedDb, ...streamed } = found;
      assert.deepEqual(streamed, rest);
      assert.match(reason, /seen on a layer of the same kind/);
      assert.ok(Math.abs((db ?? 0) - (streamedDb ?? 0)) < 1e-3);
    }
    assert.deepEqual(manifest.kernels, expected.manifest.kernels);
    const data = readFileSync(made.dataPath);
    assert.deepEqual(manifest.external_data?.result, [
      { file: "small.onnx.data", bytes: data.length, sha256: sha256(data) },
    ]);
    assert.equal(manifest.bytes_on_disk, data.length + readFileSync(made.path).length);
    const whole32 = await runModel(expected.model, input, { sessionConfig: spec.session });
    const answered = await runFile(made.path, "session.disable_quant_qdq" in spec.session);
    const largest = Math.max(...Array.from(answered, Math.abs));
    for (const [i, y] of answered.entries())
      assert.ok(Math.abs(y - Number(whole32.data[i])) <= 1e-5 * largest, `${y} and ${whole32.data[i]}`);
  });
}

const refused = (pattern: RegExp) => (error: unknown) => error instanceof HarnessError && pattern.test(error.message);

test("data that is missing, short, or outside the model's folder is refused, and no file is left", async (t) => {
  const folder = await scratchFolder(t);
  const { path, graph } = writeModels(folder);
  const stem = join(folder, "out", "small");
  const attempt = (bytes = graph) =>
    quantizeExternal({
      modelPath: path,
      graph: bytes,
      recipe: resolveRecipe("w8a16"),
      stem,
      session: inProcessSession,
    });
  const moved = parseModel(graph);
  for (const tensor of graphOf(moved).initializer)
    for (const entry of tensor.externalData) if (entry.key === "location") entry.value = "../weights.bin";
  await assert.rejects(attempt(serializeModel(moved)), refused(/outside the model's folder/));
  truncateSync(join(folder, "weights.bin"), 4 * SIZE * SIZE + 100);
  await assert.rejects(attempt(), refused(/ends within tensor 'w2'/));
  writeFileSync(path, graph);
  const gone = parseModel(graph);
  for (const tensor of graphOf(gone).initializer)
    for (const entry of tensor.externalData) if (entry.key === "location") entry.value = "gone.bin";
  await assert.rejects(attempt(serializeModel(gone)), refused(/'gone.bin', which cannot be read/));
  assert.deepEqual(existsSync(join(folder, "out")) ? readdirSync(join(folder, "out")) : [], []);
});

test("recipes that have to run the model are refused before anything is read", async (t) => {
  const folder = await scratchFolder(t);
  const { path, graph } = writeModels(folder);
  for (const recipe of ["u8s8", "w4a16", "u8s8-corrected"]) {
    const stem = join(folder, "x", "y");
    const job = { modelPath: path, graph, recipe: resolveRecipe(recipe), stem, session: inProcessSession };
    await assert.rejects(quantizeExternal(job), refused(/tensor by tensor/));
  }
});

test("an abort leaves no file", async (t) => {
  const folder = await scratchFolder(t);
  const { path, graph } = writeModels(folder);
  const signal = AbortSignal.abort(new Error("stopped"));
  const stem = join(folder, "out", "y");
  const job = { modelPath: path, graph, recipe: resolveRecipe("w8a16"), stem, session: inProcessSession, signal };
  await assert.rejects(quantizeExternal(job), /stopped/);
  assert.deepEqual(readdirSync(join(folder, "out")), []);
  assert.ok(readFileSync(join(folder, "weights.bin")).length > 0);
});

test("no more than one layer's values are held: earlier ones are in the data file before the next is read", async (t) => {
  const { graph } = writeModels(await scratchFolder(t));
  const written: TensorProto[] = [];
  let reads = 0;
  await streamWeights(graph, resolveRecipe("int8-block32"), {
    kernelOf: async () => ({ kernel: "native", op: "MatMulNBits", node: null, reason: "not looked at" }),
    store: {
      read: async () => {
        reads++;
        assert.ok(written.every((tensor) => tensor.rawData.length === 0));
        return randomFloats(SIZE * SIZE, reads);
      },
      write: async (tensor) => {
        tensor.rawData = new Uint8Array();
        written.push(tensor);
      },
      copy: async (tensor) => assert.ok(tensor.rawData.length < 1024, tensor.name),
    },
  });
  assert.equal(reads, WEIGHTS.length);
  assert.ok(written.length >= WEIGHTS.length);
});

test("quantize streams what needs no run of the model, and takes a small model's data in for what does", async (t) => {
  const folder = await scratchFolder(t);
  const { whole, path } = writeModels(folder);
  const outDir = join(folder, "made");
  const rows = Array.from({ length: 40 }, (_, n) =>
    JSON.stringify({ layer: "x", values: Array.from(randomFloats(SIZE, 100 + n)) }),
  );
  writeFileSync(join(folder, "rows.jsonl"), rows.join("\n"));
  const files = await quantize({ model: path, recipes: ["int4-block32", "w8a16"], outDir });
  assert.deepEqual(
    files.map(({ manifest }) => manifest.external_data?.source[0]?.file),
    ["weights.bin", "weights.bin"],
  );
  assert.deepEqual(readdirSync(outDir).sort(), [
    "model-int4-block32.manifest.json",
    "model-int4-block32.onnx",
    "model-int4-block32.onnx.data",
    "model-w8a16.manifest.json",
    "model-w8a16.onnx",
    "model-w8a16.onnx.data",
  ]);
  const ladder = await quantizeByProfile({
    model: path,
    profile: "cloud",
    calibration: join(folder, "rows.jsonl"),
    outDir,
  });
  assert.ok(ladder.passes && ladder.path !== null);
  const answered = await runFile(ladder.path, false);
  const { data } = await runModel(whole, input);
  const largest = Math.max(...Array.from(answered, Math.abs));
  for (const [i, y] of answered.entries()) assert.ok(Math.abs(y - Number(data[i])) < 0.05 * largest);
});

test("quantize of a model whose data file is gone, or short, is one clear error and leaves no file", async (t) => {
  const folder = await scratchFolder(t);
  const { path } = writeModels(folder);
  const outDir = join(folder, "made");
  truncateSync(join(folder, "weights.bin"), 100);
  for (const recipes of [["w8a16"], ["w2a16"]]) {
    await assert.rejects(
      quantize({ model: path, recipes, outDir }),
      refused(/ends within tensor 'w1'|needs calibration/),
    );
  }
  rmSync(join(folder, "weights.bin"));
  await assert.rejects(quantize({ model: path, recipes: ["w8a16"], outDir }), refused(/which cannot be read/));
  assert.deepEqual(existsSync(outDir) ? readdirSync(outDir) : [], []);
});
