import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  AttributeProtoSchema,
  GraphProtoSchema,
  type NodeProto,
  TensorProto_DataType as T,
} from "onnx-buf";
import { HarnessError } from "../../harness/domain/errors.ts";
import { inspectModel } from "../../harness/quantize/inspect.ts";
import { graphOf, parseModel, serializeModel } from "../../harness/quantize/onnx-file.ts";
import { floatAttribute, makeNode } from "../../harness/quantize/onnx-node.ts";
import { cleanModel } from "../../harness/quantize/passes/clean.ts";
import { constantsToInitializers } from "../../harness/quantize/passes/constant-to-initializer.ts";
import { equalizeLayers } from "../../harness/quantize/passes/equalize-layers.ts";
import { foldBatchNorms } from "../../harness/quantize/passes/fold-batch-norm.ts";
import { mergeDuplicateInitializers } from "../../harness/quantize/passes/merge-duplicate-initializers.ts";
import { removeDeadNodes } from "../../harness/quantize/passes/remove-dead-nodes.ts";
import { removeIdentities } from "../../harness/quantize/passes/remove-identities.ts";
import { floatTensor, rawTensor } from "../../harness/quantize/tensor-values.ts";
import { hasResnet8, readCifar, resnet8 } from "../fixtures/cifar10.ts";
import { type ModelParts, makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";
import { need } from "../fixtures/require.ts";
import { maxDifference, runModel } from "../fixtures/run-model.ts";

type Model = ReturnType<typeof makeModel>;

/** Runs the model before and after a pass on the same input and returns the largest difference. */
async function difference(
  parts: ModelParts,
  dims: number[],
  pass: (model: Model) => unknown,
): Promise<{ max: number; model: Model }> {
  const model = makeModel(parts);
  const input = {
    name: "x",
    dims,
    data: randomFloats(
      dims.reduce((a, b) => a * b, 1),
      99,
    ),
  };
  const before = await runModel(serializeModel(model), input, { optimizationLevel: "disabled" });
  pass(model);
  const after = await runModel(serializeModel(model), input, { optimizationLevel: "disabled" });
  return { max: maxDifference(before, after), model };
}

function constant(name: string, values: number[]): NodeProto {
  const node = makeNode("Constant", [], [name]);
  node.attribute.push(
    create(AttributeProtoSchema, { name: "value", type: A.TENSOR, t: floatTensor("", [values.length], values) }),
  );
  return node;
}

test("Constant nodes become initializers with the same result", async () => {
  const parts = { nodes: [constant("k", [1, 2, 3, 4]), makeNode("Add", ["x", "k"], ["y"])] };
  const { max, model } = await difference(parts, [2, 4], (m) => assert.equal(constantsToInitializers(graphOf(m)), 1));
  assert.equal(max, 0);
  assert.deepEqual(
    graphOf(model).initializer.map((tensor) => tensor.name),
    ["k"],
  );
});

test("a Constant that is the model's output stays a node", () => {
  const model = makeModel({ nodes: [constant("y", [1])] });
  assert.equal(constantsToInitializers(graphOf(model)), 0);
});

test("Identity and inference Dropout are removed at the input, in the middle and at the output", async () => {
  const nodes = [
    makeNode("Identity", ["x"], ["a"]),
    makeNode("Relu", ["a"], ["b"]),
    makeNode("Dropout", ["b"], ["c", "mask"]),
    makeNode("Abs", ["c"], ["d"]),
    makeNode("Identity", ["d"], ["y"]),
  ];
  const { max, model } = await difference({ nodes }, [3, 4], (m) => assert.equal(removeIdentities(graphOf(m)), 3));
  assert.equal(max, 0);
  assert.deepEqual(
    graphOf(model).node.map((node) => node.opType),
    ["Relu", "Abs"],
  );
  assert.equal(graphOf(model).output[0]?.name, "y");
});

test("an Identity between the model's input and output stays, and so does a Dropout whose mask is read", () => {
  const both = makeModel({ nodes: [makeNode("Identity", ["x"], ["y"])] });
  assert.equal(removeIdentities(graphOf(both)), 0);
  const masked = makeModel({
    nodes: [makeNode("Dropout", ["x"], ["a", "m"]), makeNode("Cast", ["m"], ["y"], { attributes: { to: 1 } })],
  });
  assert.equal(removeIdentities(graphOf(masked)), 0);
});

test("an Identity captured by a nested graph is bypassed inside it too", async () => {
  const branch = (name: string, op: string) =>
    create(GraphProtoSchema, {
      name,
      node: [makeNode(op, ["a"], [`${name}_out`])],
      output: [value(`${name}_out`, ["N", 4])],
    });
  const choose = makeNode("If", ["flag"], ["y"]);
  choose.attribute.push(
    create(AttributeProtoSchema, { name: "then_branch", type: A.GRAPH, g: branch("then", "Relu") }),
    create(AttributeProtoSchema, { name: "else_branch", type: A.GRAPH, g: branch("else", "Abs") }),
  );
  const parts = {
    nodes: [makeNode("Identity", ["x"], ["a"]), choose],
    initializers: [rawTensor("flag", T.BOOL, [], Uint8Array.of(1))],
  };
  const { max } = await difference(parts, [2, 4], (m) => {
    assert.equal(removeIdentities(graphOf(m)), 1);
    assert.equal(removeDeadNodes(graphOf(m)), 0);
  });
  assert.equal(max, 0);
});

test("nodes and initializers that no output needs are removed, whole chains of them", async () => {
  const parts = {
    nodes: [
      makeNode("Relu", ["x"], ["y"]),
      makeNode("Add", ["x", "w"], ["dead1"]),
      makeNode("Abs", ["dead1"], ["dead2"]),
    ],
    initializers: [floatTensor("w", [4], [1, 2, 3, 4])],
  };
  const { max, model } = await difference(parts, [1, 4], (m) => assert.equal(removeDeadNodes(graphOf(m)), 2));
  assert.equal(max, 0);
  assert.equal(graphOf(model).initializer.length, 0);
});

function batchNormParts(
  layer: NodeProto,
  weight: [string, number[], number],
  channels: number,
  inputDims: (number | string)[],
): ModelParts {
  const norm = makeNode("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["y"]);
  norm.attribute.push(floatAttribute("epsilon", 1e-3));
  return {
    inputs: [value("x", inputDims)],
    nodes: [layer, norm],
    initializers: [
      floatTensor(
        weight[0],
        weight[1],
        randomFloats(
          weight[1].reduce((a, b) => a * b, 1),
          weight[2],
        ),
      ),
      floatTensor(
        "gamma",
        [channels],
        randomFloats(channels, 21).map((v) => v + 1.5),
      ),
      floatTensor("beta", [channels], randomFloats(channels, 22)),
      floatTensor("mean", [channels], randomFloats(channels, 23)),
      floatTensor(
        "variance",
        [channels],
        randomFloats(channels, 24).map((v) => v + 1.5),
      ),
    ],
  };
}

test("BatchNormalization folds into Conv, ConvTranspose and Gemm within float noise", async () => {
  const cases: [ModelParts, number[]][] = [
    [batchNormParts(makeNode("Conv", ["x", "w"], ["c"]), ["w", [6, 2, 3, 3], 31], 6, ["N", 2, 8, 8]), [2, 2, 8, 8]],
    [
      batchNormParts(makeNode("ConvTranspose", ["x", "w"], ["c"]), ["w", [2, 6, 3, 3], 32], 6, ["N", 2, 5, 5]),
      [2, 2, 5, 5],
    ],
    [
      batchNormParts(makeNode("Gemm", ["x", "w"], ["c"], { attributes: { transB: 1 } }), ["w", [6, 4], 33], 6, [
        "N",
        4,
      ]),
      [3, 4],
    ],
    [batchNormParts(makeNode("Gemm", ["x", "w"], ["c"]), ["w", [4, 6], 34], 6, ["N", 4]), [3, 4]],
  ];
  for (const [parts, dims] of cases) {
    const { max, model } = await difference(parts, dims, (m) => assert.equal(foldBatchNorms(graphOf(m)), 1));
    assert.ok(max < 1e-5, `${parts.nodes[0]?.opType}: ${max}`);
    assert.equal(graphOf(model).node.length, 1);
    assert.equal(graphOf(model).initializer.length, 2);
  }
});

test("BatchNormalization stays where its input has another reader", () => {
  const parts = batchNormParts(makeNode("Conv", ["x", "w"], ["c"]), ["w", [6, 2, 3, 3], 31], 6, ["N", 2, 8, 8]);
  const model = makeModel({
    ...parts,
    nodes: [...parts.nodes, makeNode("Relu", ["c"], ["z"])],
    outputs: [value("y"), value("z")],
  });
  assert.equal(foldBatchNorms(graphOf(model)), 0);
});

test("equal constants become one, except where quantization nodes read them or shapes differ", async () => {
  const twin = (name: string, dims = [4]) => floatTensor(name, dims, [1, 2, 3, 4]);
  const parts = {
    nodes: [
      makeNode("Add", ["x", "a"], ["s"]),
      makeNode("Mul", ["s", "b"], ["t"]),
      makeNode("Mul", ["t", "c"], ["u"]),
      makeNode("QuantizeLinear", ["u", "q1", "z"], ["v"]),
      makeNode("DequantizeLinear", ["v", "q2", "z"], ["y"]),
    ],
    initializers: [
      twin("a"),
      twin("b"),
      twin("c", [1, 4]),
      floatTensor("q1", [], [0.5]),
      floatTensor("q2", [], [0.5]),
      rawTensor("z", T.INT8, [], Uint8Array.of(0)),
    ],
  };
  const { max, model } = await difference(parts, [2, 4], (m) =>
    assert.equal(mergeDuplicateInitializers(graphOf(m)), 1),
  );
  assert.equal(max, 0);
  assert.deepEqual(
    graphOf(model).initializer.map((tensor) => tensor.name),
    ["a", "c", "q1", "q2", "z"],
  );
});

test("equalized convolutions, depthwise ones and matrices compute the same with evened ranges", async () => {
  const uneven = (count: number, seed: number, every: number) =>
    randomFloats(count, seed).map((v, i) => v * 10 ** (Math.floor(i / every) % 3));
  const conv: ModelParts = {
    inputs: [value("x", ["N", 3, 6, 6])],
    nodes: [
      makeNode("Conv", ["x", "w1", "b1"], ["c1"]),
      makeNode("Relu", ["c1"], ["r1"]),
      makeNode("Conv", ["r1", "w2"], ["c2"], { attributes: { group: 4 } }),
      makeNode("Relu", ["c2"], ["r2"]),
      makeNode("Conv", ["r2", "w3"], ["y"]),
    ],
    initializers: [
      floatTensor("w1", [4, 3, 3, 3], uneven(108, 1, 27)),
      floatTensor("b1", [4], randomFloats(4, 2)),
      floatTensor("w2", [4, 1, 2, 2], randomFloats(16, 3)),
      floatTensor("w3", [5, 4, 1, 1], randomFloats(20, 4)),
    ],
  };
  const matrices: ModelParts = {
    nodes: [
      makeNode("MatMul", ["x", "w1"], ["m1"]),
      makeNode("Relu", ["m1"], ["r1"]),
      makeNode("Gemm", ["r1", "w2"], ["y"], { attributes: { transB: 1 } }),
    ],
    initializers: [floatTensor("w1", [4, 6], uneven(24, 5, 1)), floatTensor("w2", [3, 6], randomFloats(18, 6))],
  };
  const cases: [ModelParts, number[], number][] = [
    [conv, [2, 3, 6, 6], 2],
    [matrices, [3, 4], 1],
  ];
  for (const [parts, dims, pairs] of cases) {
    const model = makeModel(parts);
    const input = {
      name: "x",
      dims,
      data: randomFloats(
        dims.reduce((a, b) => a * b, 1),
        9,
      ),
    };
    const before = await runModel(serializeModel(model), input);
    assert.equal(equalizeLayers(graphOf(model)), pairs);
    const after = await runModel(serializeModel(model), input);
    const largest = Math.max(...Array.from(before.data as Float32Array, Math.abs));
    assert.ok(maxDifference(before, after) < 1e-5 * largest);
    assert.equal(graphOf(model).initializer.length, parts.initializers?.length);
  }
});

test("layers are not equalized across another reader, a Sigmoid, or a shared weight", () => {
  const weights = [floatTensor("w1", [4, 4], randomFloats(16, 1)), floatTensor("w2", [4, 4], randomFloats(16, 2))];
  const through = (middle: string) => [makeNode("MatMul", ["x", "w1"], ["m"]), makeNode(middle, ["m"], ["r"])];
  const sigmoid = makeModel({
    nodes: [...through("Sigmoid"), makeNode("MatMul", ["r", "w2"], ["y"])],
    initializers: weights,
  });
  assert.equal(equalizeLayers(graphOf(sigmoid)), 0);
  const branched = makeModel({
    nodes: [...through("Relu"), makeNode("MatMul", ["r", "w2"], ["n"]), makeNode("Add", ["n", "r"], ["y"])],
    initializers: weights,
  });
  assert.equal(equalizeLayers(graphOf(branched)), 0);
  const tied = makeModel({
    nodes: [...through("Relu"), makeNode("MatMul", ["r", "w1"], ["y"])],
    initializers: weights,
  });
  assert.equal(equalizeLayers(graphOf(tied)), 0);
});

test("a cyclic graph is refused by the clean-up", () => {
  const model = makeModel({
    nodes: [makeNode("Add", ["x", "b"], ["a"]), makeNode("Relu", ["a"], ["b"]), makeNode("Abs", ["b"], ["y"])],
  });
  assert.throws(
    () => cleanModel(model, 13),
    (error) => error instanceof HarnessError && error.code === "CONFIG_MODEL_INVALID",
  );
});

test("cleaning leaves a model's Q/DQ nodes, counts and wiring alike, as they were", need("data", hasResnet8), () => {
  const bytes = resnet8("resnet8_int8_qdq_from_tflite.onnx");
  const model = parseModel(bytes);
  const wiring = (m: Model) =>
    graphOf(m)
      .node.filter((node) => node.opType.endsWith("quantizeLinear") || node.opType === "QuantizeLinear")
      .map((node) => `${node.opType} ${node.input.join(" ")}`);
  const before = wiring(model);
  const report = cleanModel(model, 13);
  assert.deepEqual(wiring(model), before);
  const after = inspectModel(serializeModel(model));
  assert.deepEqual([after.quantize_linear, after.dequantize_linear], [16, 36]);
  assert.equal(report.identities, 1);
});

test(
  "ResNet8 with its BatchNormalization folded answers as the folded original does",
  need("data", hasResnet8),
  async () => {
    const model = parseModel(resnet8("resnet8_fp32_bn.onnx"));
    const report = cleanModel(model, 13);
    assert.equal(report.batch_norms, 7);
    const { items } = readCifar("calibration_train_2000.bin", 20);
    const input = { name: "input", dims: [20, 32, 32, 3], data: Float32Array.from(items.data) };
    const difference = maxDifference(await runModel(serializeModel(model), input), await runModel(resnet8(), input));
    assert.ok(difference < 1e-5, `${difference}`);
  },
);
