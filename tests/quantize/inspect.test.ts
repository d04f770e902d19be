import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { StringStringEntryProtoSchema, TensorProto_DataType as T, TensorProto_DataLocation } from "onnx-buf";
import { inspectModel } from "../../harness/quantize/inspect.ts";
import { serializeModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { floatTensor, rawTensor } from "../../harness/quantize/tensor-values.ts";
import { hasResnet8, resnet8 } from "../fixtures/cifar10.ts";
import { type ModelParts, makeBytes, makeModel, smallConvNet, value } from "../fixtures/onnx-models.ts";
import { need } from "../fixtures/require.ts";

const codes = (parts: ModelParts) => inspectModel(makeBytes(parts)).problems.map((problem) => problem.code);

test("a sound model is described and has no problems", () => {
  const bytes = makeBytes(smallConvNet());
  const report = inspectModel(bytes);
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.inputs, [{ name: "x", dtype: "float32", shape: ["N", 3, 8, 8] }]);
  assert.deepEqual(report.outputs, [{ name: "y", dtype: "float32", shape: ["N", 5] }]);
  assert.deepEqual(report.opsets, { "ai.onnx": 13 });
  assert.equal(report.ir_version, 8);
  assert.equal(report.producer, "tests");
  assert.equal(report.nodes, 9);
  assert.equal(report.operators["Conv"], 2);
  assert.equal(report.parameters, 216 + 8 + 576 + 8 + 40 + 5);
  assert.deepEqual(report.initializer_bytes, { float32: 4 * report.parameters });
  assert.equal(report.bytes, bytes.length);
});

test("dangling inputs, missing outputs and values written twice are found", () => {
  assert.deepEqual(codes({ nodes: [makeNode("Add", ["x", "ghost"], ["y"])] }), ["dangling_input"]);
  assert.deepEqual(codes({ nodes: [makeNode("Relu", ["x"], ["z"])] }), ["missing_output"]);
  assert.deepEqual(codes({ nodes: [makeNode("Relu", ["x"], ["y"]), makeNode("Abs", ["x"], ["y"])] }), [
    "duplicate_name",
  ]);
  const twice = [floatTensor("w", [1], [1]), floatTensor("w", [1], [2])];
  assert.deepEqual(codes({ nodes: [makeNode("Add", ["x", "w"], ["y"])], initializers: twice }), ["duplicate_name"]);
});

test("wrong order and cycles are told apart", () => {
  const late = [makeNode("Relu", ["a"], ["y"]), makeNode("Abs", ["x"], ["a"])];
  assert.deepEqual(codes({ nodes: late }), ["not_sorted"]);
  const cycle = [makeNode("Add", ["x", "b"], ["a"]), makeNode("Relu", ["a"], ["b"]), makeNode("Abs", ["b"], ["y"])];
  assert.deepEqual(codes({ nodes: cycle }), ["cycle"]);
});

test("initializers whose bytes do not match their dims, or whose dims are impossible, are found", () => {
  const add = [makeNode("Add", ["x", "w"], ["y"])];
  assert.deepEqual(codes({ nodes: add, initializers: [rawTensor("w", T.FLOAT, [4], new Uint8Array(15))] }), [
    "initializer_size",
  ]);
  assert.deepEqual(codes({ nodes: add, initializers: [rawTensor("w", T.INT4, [3], new Uint8Array(2))] }), []);
  const huge = rawTensor("w", T.FLOAT, [2 ** 40, 2 ** 20], new Uint8Array());
  assert.deepEqual(codes({ nodes: add, initializers: [huge] }), ["huge_dims"]);
  assert.deepEqual(codes({ nodes: add, initializers: [rawTensor("w", T.FLOAT, [-4], new Uint8Array())] }), [
    "huge_dims",
  ]);
});

test("external data is named, and is an error where it names no file", () => {
  const outside = rawTensor("w", T.FLOAT, [4], new Uint8Array());
  outside.dataLocation = TensorProto_DataLocation.EXTERNAL;
  const parts = { nodes: [makeNode("Add", ["x", "w"], ["y"])], initializers: [outside] };
  assert.equal(inspectModel(makeBytes(parts)).problems[0]?.severity, "error");
  outside.externalData.push(create(StringStringEntryProtoSchema, { key: "location", value: "weights.bin" }));
  const [problem] = inspectModel(makeBytes(parts)).problems;
  assert.equal(problem?.severity, "warning");
  assert.match(problem?.message ?? "", /weights\.bin/);
});

test("a missing opset and an unknown operator domain are found", () => {
  const model = makeModel({ nodes: [makeNode("Relu", ["x"], ["y"])] });
  model.opsetImport = [];
  assert.ok(inspectModel(serializeModel(model)).problems.some((problem) => problem.code === "missing_opset"));
  const custom = makeModel({ nodes: [makeNode("Frobnicate", ["x"], ["y"], { domain: "com.example" })] });
  custom.opsetImport.push({ ...custom.opsetImport[0]!, domain: "com.example" });
  assert.deepEqual(
    inspectModel(serializeModel(custom)).problems.map((problem) => problem.code),
    ["unknown_domain"],
  );
});

test("an INT4 output is an error, because the runtime aborts the process on it", () => {
  const parts = {
    nodes: [makeNode("Identity", ["x"], ["y"])],
    inputs: [value("x", [4], T.INT4)],
    outputs: [value("y", [4], T.INT4)],
  };
  const [problem] = inspectModel(makeBytes(parts)).problems;
  assert.equal(problem?.code, "sub_byte_output");
  assert.equal(problem?.severity, "error");
});

test("ResNet8 in fp32 and in QDQ is described without problems", need("data", hasResnet8), () => {
  const plain = inspectModel(resnet8());
  assert.equal(plain.operators["Conv"], 9);
  assert.equal(plain.parameters, 77_706);
  assert.deepEqual(plain.problems, []);
  const qdq = inspectModel(resnet8("resnet8_int8_qdq_from_tflite.onnx"));
  assert.deepEqual([qdq.quantize_linear, qdq.dequantize_linear], [16, 36]);
  assert.deepEqual(qdq.problems, []);
});
