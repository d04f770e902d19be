import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  AttributeProtoSchema,
  GraphProtoSchema,
  TensorProto_DataType as T,
} from "onnx-buf";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { ItemTensor } from "../../harness/domain/item-tensor.ts";
import type { SessionPort } from "../../harness/domain/session-port.ts";
import { EXACT_INTEGERS } from "../../harness/quantize/exact-integers.ts";
import { inspectModel } from "../../harness/quantize/inspect.ts";
import { graphOf, parseModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { type QuantizeRequest, quantizeModel } from "../../harness/quantize/quantize-model.ts";
import type { RecipePatch } from "../../harness/quantize/recipe.ts";
import { RECIPE_NAMES, resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor, rawTensor, readIntegers } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { type ModelParts, makeBytes, randomFloats, smallConvNet, value } from "../fixtures/onnx-models.ts";
import { runModel, sha256 } from "../fixtures/run-model.ts";

const COUNT = 40;
const convItems: ItemTensor = { count: COUNT, shape: [3, 8, 8], data: randomFloats(COUNT * 192, 77) };
const rowItems: ItemTensor = { count: COUNT, shape: [32], data: randomFloats(COUNT * 32, 78) };
const indices = Array.from({ length: COUNT }, (_, i) => i);

function quantize(
  model: Uint8Array,
  recipe: string | RecipePatch,
  items = convItems,
  more: Partial<QuantizeRequest> = {},
) {
  return quantizeModel({
    model,
    recipe: resolveRecipe(recipe),
    calibration: { items, indices },
    session: inProcessSession,
    sha256,
    ...more,
  });
}

/** Signal to noise, in dB, of a model's output against the original's on fresh inputs. */
async function outputSqnr(
  model: Uint8Array,
  other: Uint8Array,
  shape: readonly number[],
  sessionConfig: Readonly<Record<string, string>> = EXACT_INTEGERS,
): Promise<number> {
  const dims = [16, ...shape];
  const input = {
    name: "x",
    dims,
    data: randomFloats(
      dims.reduce((a, b) => a * b, 1),
      79,
    ),
  };
  const before = (await runModel(model, input)).data as Float32Array;
  const after = (await runModel(other, input, { sessionConfig })).data as Float32Array;
  const power = before.reduce((sum, v) => sum + v * v, 0);
  const noise = before.reduce((sum, v, i) => sum + (v - (after[i] ?? 0)) ** 2, 0);
  return 10 * Math.log10(power / noise);
}

/** Least output quality of the small network under each recipe, dB: far above a wiring mistake, below what was measured. */
const FLOORS: Readonly<Record<string, number>> = {
  fp32: 100,
  u8s8: 25,
  "u8s8-corrected": 25,
  u8s7: 22,
  u8u8: 22,
  s8s8: 22,
  w8a16: 30,
  w6a8: 20,
  w5a8: 15,
  w4a16: 10,
  w4a8: 10,
  w3a8: 5,
  w2a16: 0,
  w2a8: 0,
  "int8-block32": 30,
  "int4-block32": 15,
  "int2-block32": 3,
  "dynamic-int8": 30,
  "w2a8-rtn": -5,
};

for (const name of RECIPE_NAMES) {
  test(`${name} quantizes a small network into a valid model that still computes it`, async () => {
    const bytes = makeBytes(smallConvNet());
    const { model, manifest } = await quantize(bytes, name);
    assert.deepEqual(inspectModel(model).problems, []);
    const quality = await outputSqnr(bytes, model, [3, 8, 8], manifest.session);
    assert.ok(quality > (FLOORS[name] ?? 100), `${quality} dB`);
    assert.equal(manifest.result_sha256, sha256(model));
    assert.equal(manifest.source_sha256, sha256(bytes));
    assert.equal(manifest.bytes_on_disk, model.length);
    assert.deepEqual(
      manifest.layers.map((layer) => layer.name),
      ["conv1", "conv2", "fc"],
    );
  });
}

test("u8s8 runs every layer on integers, with the Relus absorbed by zero points of 0", async () => {
  const { model, manifest } = await quantize(makeBytes(smallConvNet()), "u8s8");
  assert.deepEqual(manifest.kernels, { native: 3, emulated: 0, skipped: 0 });
  assert.match(manifest.layers[0]?.kernel_op ?? "", /QLinearConv/);
  assert.match(manifest.layers[2]?.kernel_op ?? "", /QGemm/);
  for (const name of ["r1", "r2"]) {
    assert.equal(manifest.activations.find((activation) => activation.name === name)?.zero_point, 0);
  }
  const optimized = inspectModel(await inProcessSession.optimize(model));
  assert.equal(optimized.operators["Relu"], undefined);
  assert.equal(optimized.operators["com.microsoft.QLinearAdd"], 1);
});

test("weights and biases are stored as the recipe says, the bias at the product of both scales", async () => {
  const { model, manifest } = await quantize(makeBytes(smallConvNet()), "u8s8");
  const graph = graphOf(parseModel(model));
  const tensor = (name: string) => graph.initializer.find((t) => t.name === name) ?? assert.fail(name);
  assert.equal(tensor("w1_q").dataType, T.INT8);
  assert.equal(tensor("b1_q").dataType, T.INT32);
  assert.deepEqual(readIntegers(tensor("w1_z")), new Array(8).fill(0));
  const floats = (name: string) => new Float32Array(new Uint8Array(tensor(name).rawData).buffer);
  const inputScale = manifest.activations.find((activation) => activation.name === "x")?.scale ?? 0;
  floats("b1_s").forEach((scale, c) => {
    assert.equal(scale, Math.fround(inputScale * (floats("w1_s")[c] ?? 0)));
  });
  assert.ok(!graph.initializer.some((t) => t.name === "w1"), "the float weights are gone");
});

test("moved values share the grid of the value they were moved from", async () => {
  const { model } = await quantize(makeBytes(smallConvNet()), "u8s8");
  const scaleOf = new Map(
    graphOf(parseModel(model))
      .node.filter((node) => node.opType === "QuantizeLinear")
      .map((node) => [node.input[0], node.input[1]]),
  );
  assert.equal(scaleOf.get("p1"), scaleOf.get("r1"));
  assert.equal(scaleOf.get("f1"), scaleOf.get("g1"));
  assert.notEqual(scaleOf.get("r1"), scaleOf.get("c2"));
});

test("four-bit weights in bytes cost as much on disk as eight bits, and half when packed; real INT4 costs half", async () => {
  const bytes = makeBytes(smallConvNet());
  const [eight, held, packed] = await Promise.all(["u8s8", "w4a8", "w4a16"].map((name) => quantize(bytes, name)));
  assert.ok(eight && held && packed);
  assert.equal(held.manifest.bytes_on_disk, eight.manifest.bytes_on_disk);
  assert.equal(held.manifest.bytes_on_disk - held.manifest.bytes_packed, (216 + 576 + 40) / 2);
  assert.equal(packed.manifest.bytes_on_disk, packed.manifest.bytes_packed);
  assert.equal(packed.manifest.opset, 21);
  assert.equal(packed.manifest.layers[0]?.storage, "int4");
  const codes = graphOf(parseModel(held.model)).initializer.find((tensor) => tensor.name === "w2_q");
  assert.ok(readIntegers(codes ?? assert.fail()).every((code) => code >= -8 && code <= 7));
});

test("weight-only layers are labelled emulated, with the operator that runs them, and need no items", async () => {
  const { manifest } = await quantize(makeBytes(smallConvNet()), "w8a16", convItems, {
    calibration: { items: convItems, indices: [] },
  });
  assert.deepEqual(manifest.kernels, { native: 0, emulated: 3, skipped: 0 });
  assert.ok(manifest.layers.every((layer) => /Conv|Gemm/.test(layer.kernel_op ?? "")));
  assert.equal(manifest.calibration, null);
});

test("fp32 returns the model's own bytes", async () => {
  const bytes = makeBytes(smallConvNet());
  const { model, manifest } = await quantize(bytes, "fp32");
  assert.equal(model, bytes);
  assert.equal(manifest.kernels.skipped, 3);
});

test("the same request gives the same bytes", async () => {
  const bytes = makeBytes(smallConvNet());
  const [first, second] = [await quantize(bytes, "w4a8"), await quantize(bytes, "w4a8")];
  assert.deepEqual(first.model, second.model);
  assert.deepEqual(first.manifest, second.manifest);
});

test("skips and overrides reach the layers they name", async () => {
  const recipe: RecipePatch = {
    extends: "w4a8",
    skip: ["conv1"],
    overrides: [{ layers: ["@last"], weights: { bits: 8 } }],
  };
  const { model, manifest } = await quantize(makeBytes(smallConvNet()), recipe);
  const [conv1, conv2, fc] = manifest.layers;
  assert.equal(conv1?.skipped, "the recipe skips it");
  assert.equal(conv1?.kernel, "skipped");
  assert.deepEqual([conv2?.bits, fc?.bits], [4, 8]);
  assert.deepEqual(inspectModel(model).problems, []);
});

const LAST_DIM = 16;
const mlp: ModelParts = {
  inputs: [value("x", ["N", 32])],
  nodes: [
    makeNode("MatMul", ["x", "w1"], ["m1"]),
    makeNode("Add", ["m1", "b1"], ["a1"]),
    makeNode("Relu", ["a1"], ["r1"]),
    makeNode("MatMul", ["r1", "w2"], ["y"]),
  ],
  initializers: [
    floatTensor("w1", [32, 24], randomFloats(32 * 24, 41)),
    floatTensor("b1", [24], randomFloats(24, 42)),
    floatTensor("w2", [24, LAST_DIM], randomFloats(24 * LAST_DIM, 43)),
  ],
};

test("MatMul layers run on integers, and are named after their outputs where nodes have no name", async () => {
  const bytes = makeBytes(mlp);
  const { model, manifest } = await quantize(bytes, "u8s8", rowItems);
  assert.deepEqual(
    manifest.layers.map(({ name, kernel }) => [name, kernel]),
    [
      ["m1", "native"],
      ["y", "native"],
    ],
  );
  assert.ok((await outputSqnr(bytes, model, [32])) > 30);
});

test("blocks run in MatMulNBits at their true size, a Gemm's bias and a MatMul's Add behind them", async () => {
  const parts: ModelParts = {
    ...mlp,
    nodes: [
      ...mlp.nodes.slice(0, 3),
      makeNode("Gemm", ["r1", "w3", "b3"], ["y"], { name: "fc", attributes: { transB: 1 } }),
    ],
    initializers: [
      ...(mlp.initializers ?? []).slice(0, 2),
      floatTensor("w3", [LAST_DIM, 24], randomFloats(24 * LAST_DIM, 44)),
      floatTensor("b3", [LAST_DIM], randomFloats(LAST_DIM, 45)),
    ],
  };
  const bytes = makeBytes(parts);
  for (const [bits, floor] of [
    [8, 35],
    [4, 15],
    [2, 3],
  ] as const) {
    const { model, manifest } = await quantize(bytes, `int${bits}-block32`, rowItems);
    assert.deepEqual(
      manifest.layers.map((layer) => [layer.kernel, layer.kernel_op]),
      [
        ["native", "com.microsoft.MatMulNBits"],
        ["native", "com.microsoft.MatMulNBits"],
      ],
    );
    assert.equal(manifest.bytes_on_disk, manifest.bytes_packed);
    const quality = await outputSqnr(bytes, model, [32]);
    assert.ok(quality > floor, `${bits} bits: ${quality} dB`);
  }
});

test("dynamic-int8 fuses into DynamicQuantizeMatMul, or an integer product with its bias, and leaves convolutions alone", async () => {
  const bytes = makeBytes(mlp);
  const { model, manifest } = await quantize(bytes, "dynamic-int8", rowItems, {
    calibration: { items: rowItems, indices: [] },
  });
  assert.deepEqual(manifest.kernels, { native: 2, emulated: 0, skipped: 0 });
  assert.ok(manifest.layers.every((layer) => /DynamicQuantizeMatMul|MatMulIntegerToFloat/.test(layer.kernel_op ?? "")));
  assert.ok((await outputSqnr(bytes, model, [32])) > 30);
  const conv = await quantize(makeBytes(smallConvNet()), "dynamic-int8");
  assert.deepEqual(
    conv.manifest.layers.map((layer) => layer.kernel),
    ["skipped", "skipped", "native"],
  );
  assert.match(conv.manifest.layers[0]?.skipped ?? "", /convolutions/);
});

test("layers that cannot be quantized are skipped with a reason, and the model still works", async () => {
  const nested = create(GraphProtoSchema, {
    name: "then",
    node: [makeNode("MatMul", ["c", "w2"], ["t"])],
    output: [value("t")],
  });
  const other = create(GraphProtoSchema, {
    name: "else",
    node: [makeNode("MatMul", ["c", "w2"], ["e"])],
    output: [value("e")],
  });
  const choose = makeNode("If", ["flag"], ["y"], { name: "choose" });
  choose.attribute.push(
    create(AttributeProtoSchema, { name: "then_branch", type: A.GRAPH, g: nested }),
    create(AttributeProtoSchema, { name: "else_branch", type: A.GRAPH, g: other }),
  );
  const parts: ModelParts = {
    inputs: [value("x", ["N", 32])],
    nodes: [
      makeNode("Gemm", ["x", "w1"], ["a"], { name: "plain" }),
      makeNode("MatMul", ["left", "a"], ["b"], { name: "left_constant" }),
      makeNode("Relu", ["b"], ["c"]),
      choose,
    ],
    initializers: [
      floatTensor("w1", [32, 24], randomFloats(32 * 24, 51)),
      floatTensor("left", [16, 16], randomFloats(256, 52)),
      floatTensor("w2", [24, 8], randomFloats(24 * 8, 53)),
      rawTensor("flag", T.BOOL, [], Uint8Array.of(1)),
    ],
  };
  const bytes = makeBytes(parts);
  const fixed: ItemTensor = { ...rowItems, count: COUNT };
  const session: SessionPort = inProcessSession;
  const batches = makeBytes({ ...parts, inputs: [value("x", [16, 32])] });
  const { model, manifest } = await quantize(batches, "u8s8", fixed, { session });
  const reasons = Object.fromEntries(manifest.layers.map((layer) => [layer.name, layer.skipped]));
  assert.equal(reasons["plain"], null);
  assert.match(reasons["left_constant"] ?? "", /left operand/);
  assert.match(reasons["t"] ?? "", /control-flow/);
  assert.ok((await outputSqnr(bytes, model, [32])) > 25);
});

test("a layer that feeds the model's output directly keeps the output's name", async () => {
  const parts: ModelParts = {
    inputs: [value("x", ["N", 3, 8, 8])],
    nodes: [makeNode("Conv", ["x", "w"], ["y"], { name: "only" })],
    initializers: [floatTensor("w", [4, 3, 3, 3], randomFloats(108, 61))],
  };
  const bytes = makeBytes(parts);
  const { model, manifest } = await quantize(bytes, "u8s8");
  assert.deepEqual(
    inspectModel(model).outputs.map((output) => output.name),
    ["y"],
  );
  assert.equal(manifest.layers[0]?.kernel, "native");
  assert.ok((await outputSqnr(bytes, model, [3, 8, 8])) > 30);
});

test("a dead channel with a large bias does not overflow its int32 bias", async () => {
  const weights = randomFloats(4 * 27, 62);
  weights.fill(0, 27, 54);
  weights.fill(1e-12, 54, 81);
  const parts: ModelParts = {
    inputs: [value("x", ["N", 3, 8, 8])],
    nodes: [makeNode("Conv", ["x", "w", "b"], ["y"])],
    initializers: [floatTensor("w", [4, 3, 3, 3], weights), floatTensor("b", [4], [1, 5, -7, 2])],
  };
  const bytes = makeBytes(parts);
  const { model } = await quantize(bytes, "u8s8");
  assert.ok((await outputSqnr(bytes, model, [3, 8, 8])) > 30);
});

test("an old opset is raised to what the recipe needs", async () => {
  const parts = smallConvNet(9);
  const { manifest } = await quantize(makeBytes(parts), "u8s8");
  assert.equal(manifest.opset, 13);
  assert.equal(manifest.clean?.opset_before, 9);
});

test("missing calibration, a broken model and an abort each stop with their own error", async () => {
  const bytes = makeBytes(smallConvNet());
  const coded = (code: string) => (error: unknown) => error instanceof HarnessError && error.code === code;
  await assert.rejects(
    quantize(bytes, "u8s8", convItems, { calibration: { items: convItems, indices: [] } }),
    coded("QUANTIZE_CALIBRATION"),
  );
  await assert.rejects(quantize(bytes.subarray(0, 500), "u8s8"), coded("CONFIG_MODEL_INVALID"));
  await assert.rejects(
    quantize(makeBytes({ nodes: [makeNode("Add", ["x", "ghost"], ["y"])] }), "u8s8"),
    coded("CONFIG_MODEL_INVALID"),
  );
  await assert.rejects(
    quantize(bytes, "u8s8", convItems, { signal: AbortSignal.abort(new Error("stopped")) }),
    /stopped/,
  );
});

test("progress goes through the stages in order and ends complete", async () => {
  const stages: string[] = [];
  await quantize(makeBytes(smallConvNet()), "u8s8", convItems, { onProgress: ({ stage }) => stages.push(stage) });
  assert.deepEqual([...new Set(stages)], ["calibrate", "round", "write", "kernels"]);
});
