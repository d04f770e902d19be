import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  AttributeProtoSchema,
  GraphProtoSchema,
  SparseTensorProtoSchema,
  TensorProto_DataType as T,
  TensorProtoSchema,
} from "onnx-buf";
import { HarnessError } from "../../harness/domain/errors.ts";
import { graphOf, serializeModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { cleanModel } from "../../harness/quantize/passes/clean.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor, int64Tensor, rawTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, makeModel, randomFloats, smallConvNet, value } from "../fixtures/onnx-models.ts";
import { maxDifference, runModel, sha256 } from "../fixtures/run-model.ts";

const COUNT = 40;
const rows = { count: COUNT, shape: [32], data: randomFloats(COUNT * 32, 78) };
const indices = Array.from({ length: COUNT }, (_, i) => i);
const input = { name: "x", dims: [8, 32], data: randomFloats(8 * 32, 3) };

const quantize = (model: Uint8Array, recipe: string, calibration = { items: rows, indices }) =>
  quantizeModel({ model, recipe: resolveRecipe(recipe), calibration, session: inProcessSession, sha256 });

const coded = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof HarnessError && error.code === code && pattern.test(error.message) && !error.message.includes("\n");

test("a sparse weight leaves its layer as it is, and the model still works", async () => {
  const model = makeModel({
    inputs: [value("x", ["N", 32])],
    nodes: [
      makeNode("Gemm", ["x", "w1"], ["a"], { name: "dense" }),
      makeNode("MatMul", ["a", "sparse"], ["y"], { name: "thin" }),
    ],
    initializers: [floatTensor("w1", [32, 16], randomFloats(512, 1))],
  });
  const places = [3, 17, 40, 99];
  const values = create(TensorProtoSchema, {
    name: "sparse",
    dataType: T.FLOAT,
    dims: [4n],
    rawData: new Uint8Array(Float32Array.of(1, -2, 3, -4).buffer),
  });
  const sparse = create(SparseTensorProtoSchema, {
    values,
    indices: int64Tensor("", [4], places),
    dims: [16n, 8n],
  });
  graphOf(model).sparseInitializer.push(sparse);
  const bytes = serializeModel(model);
  for (const recipe of ["u8s8", "w8a16", "int8-block32"]) {
    const { model: quantized, manifest } = await quantize(bytes, recipe);
    assert.deepEqual(
      manifest.layers.filter(({ skipped }) => skipped === null).map(({ name }) => name),
      ["dense"],
    );
    const before = await runModel(bytes, input);
    const after = await runModel(quantized, input, { sessionConfig: manifest.session });
    const largest = Math.max(...Array.from(before.data as Float32Array, Math.abs));
    assert.ok(maxDifference(before, after) < 0.05 * largest, recipe);
  }
});

test("string tensors pass through untouched", async () => {
  const words = create(AttributeProtoSchema, {
    name: "value_strings",
    type: A.STRINGS,
    strings: ["yes", "no"].map((word) => new TextEncoder().encode(word)),
  });
  const constant = makeNode("Constant", [], ["labels"]);
  constant.attribute.push(words);
  const bytes = makeBytes({
    inputs: [value("x", ["N", 32])],
    outputs: [value("y", ["N", 16]), value("labels", [2], T.STRING)],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"], { name: "m" }), constant],
    initializers: [floatTensor("w", [32, 16], randomFloats(512, 1))],
  });
  const { model, manifest } = await quantize(bytes, "u8s8");
  assert.equal(manifest.layers[0]?.bits, 8);
  const session = await inProcessSession.open(model, { sessionConfig: manifest.session });
  const results = await session.run({ x: { dtype: "float32", dims: input.dims, data: input.data } }, ["labels"]);
  await session.close();
  assert.deepEqual(Array.from((results["labels"]?.data ?? []) as unknown as string[]), ["yes", "no"]);
});

test("an operator without an integer form is skipped with its reason, and the model still works", async () => {
  const bytes = makeBytes({
    inputs: [value("x", ["N", 32])],
    nodes: [
      makeNode("MatMul", ["x", "w"], ["a"], { name: "m" }),
      makeNode("Reshape", ["a", "shape"], ["b"]),
      makeNode("ConvTranspose", ["b", "up"], ["y"], { name: "up" }),
    ],
    initializers: [
      floatTensor("w", [32, 16], randomFloats(512, 1)),
      int64Tensor("shape", [4], [-1, 1, 4, 4]),
      floatTensor("up", [1, 2, 2, 2], randomFloats(8, 2)),
    ],
  });
  const { model, manifest } = await quantize(bytes, "u8s8");
  const reasons = Object.fromEntries(manifest.layers.map(({ name, skipped }) => [name, skipped]));
  assert.match(reasons["up"] ?? "", /ConvTranspose has no integer kernel/);
  const after = await runModel(model, input, { sessionConfig: manifest.session });
  assert.ok(maxDifference(await runModel(bytes, input), after) < 0.3);
});

test("external data, a cycle and impossible dims are each one clear error", async () => {
  const external = makeModel({
    inputs: [value("x", ["N", 32])],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"])],
    initializers: [
      create(TensorProtoSchema, {
        name: "w",
        dataType: T.FLOAT,
        dims: [32n, 16n],
        dataLocation: 1,
        externalData: [{ key: "location", value: "gone.bin" }],
      }),
    ],
  });
  await assert.rejects(quantize(serializeModel(external), "w8a16"), coded("CONFIG_MODEL_INVALID", /'w'.*another file/));
  const cycle = makeBytes({
    inputs: [value("x", ["N", 32])],
    nodes: [makeNode("Add", ["x", "b"], ["a"]), makeNode("Relu", ["a"], ["b"]), makeNode("Abs", ["b"], ["y"])],
  });
  await assert.rejects(quantize(cycle, "w8a16"), coded("CONFIG_MODEL_INVALID", /cycle/));
  const huge = makeBytes({
    inputs: [value("x", ["N", 32])],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"])],
    initializers: [
      create(TensorProtoSchema, {
        name: "w",
        dataType: T.FLOAT,
        dims: [2n ** 40n, 2n ** 40n],
        rawData: new Uint8Array(64),
      }),
    ],
  });
  await assert.rejects(quantize(huge, "w8a16"), coded("CONFIG_MODEL_INVALID", /impossible shape/));
});

test("a model cut off anywhere is refused by a HarnessError, never by another exception", async () => {
  const whole = makeBytes(smallConvNet());
  for (let length = 0; length < whole.length; length += 97) {
    await assert.rejects(
      quantize(whole.subarray(0, length), "w8a16"),
      (error) => error instanceof HarnessError && ["CONFIG_MODEL_INVALID", "QUANTIZE_UNSUPPORTED"].includes(error.code),
      `${length} of ${whole.length} bytes`,
    );
  }
});

test("zero calibration items and NaN activations are refused by every recipe that looks at items", async () => {
  const bytes = makeBytes({
    inputs: [value("x", ["N", 32])],
    nodes: [makeNode("Log", ["x"], ["l"]), makeNode("MatMul", ["l", "w"], ["y"])],
    initializers: [floatTensor("w", [32, 16], randomFloats(512, 1))],
  });
  for (const recipe of ["u8s8", "w4a8", "u8s8-corrected"]) {
    await assert.rejects(quantize(bytes, recipe), coded("QUANTIZE_CALIBRATION", /'l' is NaN or infinite/));
    const none = { items: rows, indices: [] as number[] };
    await assert.rejects(
      quantize(bytes, recipe, none),
      coded("QUANTIZE_CALIBRATION", /no calibration items|there are none/),
    );
  }
});

test("a Constant whose tensor is empty is cleaned without an exception", async () => {
  const nothing = makeNode("Constant", [], ["roi"]);
  const empty = create(TensorProtoSchema, { dataType: T.FLOAT, dims: [0n] });
  nothing.attribute.push(create(AttributeProtoSchema, { name: "value", type: A.TENSOR, t: empty }));
  const parts = {
    inputs: [value("x", ["N", 3, 4, 4])],
    nodes: [nothing, makeNode("Resize", ["x", "roi", "scales"], ["y"], { attributes: { mode: "nearest" } })],
    initializers: [floatTensor("scales", [4], [1, 1, 2, 2])],
  };
  const image = { name: "x", dims: [1, 3, 4, 4], data: randomFloats(48, 2) };
  const before = await runModel(makeBytes(parts), image);
  const model = makeModel(parts);
  assert.equal(cleanModel(model, 13).constants, 1);
  assert.equal(maxDifference(before, await runModel(serializeModel(model), image)), 0);
});

test("layers inside a control-flow subgraph stay as they are with their reason, and the model still works", async () => {
  const branch = (name: string, op: string) =>
    create(GraphProtoSchema, {
      name,
      node: [
        makeNode("MatMul", ["a", "inner"], [`${name}_m`], { name: `${name} layer` }),
        makeNode(op, [`${name}_m`], [`${name}_out`]),
      ],
      output: [value(`${name}_out`, ["N", 8])],
    });
  const choose = makeNode("If", ["flag"], ["y"], { name: "choose" });
  choose.attribute.push(
    create(AttributeProtoSchema, { name: "then_branch", type: A.GRAPH, g: branch("then", "Relu") }),
    create(AttributeProtoSchema, { name: "else_branch", type: A.GRAPH, g: branch("else", "Abs") }),
  );
  const bytes = makeBytes({
    inputs: [value("x", ["N", 32])],
    outputs: [value("y", ["N", 8])],
    nodes: [makeNode("MatMul", ["x", "w"], ["a"], { name: "outside" }), choose],
    initializers: [
      floatTensor("w", [32, 16], randomFloats(512, 1)),
      floatTensor("inner", [16, 8], randomFloats(128, 2)),
      rawTensor("flag", T.BOOL, [], Uint8Array.of(1)),
    ],
  });
  for (const recipe of ["u8s8", "w4a8", "int4-block32"]) {
    const { model, manifest } = await quantize(bytes, recipe);
    const skipped = Object.fromEntries(manifest.layers.map(({ name, skipped: why }) => [name, why]));
    assert.equal(skipped["outside"], null);
    for (const inside of ["then layer", "else layer"]) assert.match(skipped[inside] ?? "", /control-flow subgraph/);
    const before = await runModel(bytes, input);
    const after = await runModel(model, input, { sessionConfig: manifest.session });
    const largest = Math.max(...Array.from(before.data as Float32Array, Math.abs));
    assert.ok(maxDifference(before, after) < 0.2 * largest, recipe);
  }
});
