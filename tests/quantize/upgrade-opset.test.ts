import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType as A, AttributeProtoSchema, TensorProto_DataType as T } from "onnx-buf";
import { HarnessError } from "../../harness/domain/errors.ts";
import { graphOf, serializeModel } from "../../harness/quantize/onnx-file.ts";
import { floatAttribute, makeNode } from "../../harness/quantize/onnx-node.ts";
import { upgradeOpset } from "../../harness/quantize/passes/upgrade-opset.ts";
import { floatTensor, rawTensor } from "../../harness/quantize/tensor-values.ts";
import { type ModelParts, makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";
import { maxDifference, runModel } from "../fixtures/run-model.ts";

const DIMS = [2, 3, 4, 4];
const inputs = [value("x", ["N", 3, 4, 4])];

function withFloats(node: ReturnType<typeof makeNode>, attributes: Record<string, number>): typeof node {
  for (const [name, value] of Object.entries(attributes)) node.attribute.push(floatAttribute(name, value));
  return node;
}

const upsample = makeNode("Upsample", ["x", "scales"], ["y"], { attributes: { mode: "nearest" } });
const oldUpsample = makeNode("Upsample", ["x"], ["y"], { attributes: { mode: "nearest" } });
oldUpsample.attribute.push(create(AttributeProtoSchema, { name: "scales", type: A.FLOATS, floats: [1, 1, 2, 2] }));
const scales = [floatTensor("scales", [4], [1, 1, 2, 2])];

/** Operator, opset it is written for, and a model around it. */
const CASES: readonly [string, ModelParts][] = [
  ["Clip", { opset: 9, nodes: [withFloats(makeNode("Clip", ["x"], ["y"]), { min: -0.5, max: 0.25 })] }],
  ["Clip with a minimum alone", { opset: 9, nodes: [withFloats(makeNode("Clip", ["x"], ["y"]), { min: 0 })] }],
  [
    "Pad",
    {
      opset: 10,
      nodes: [
        withFloats(makeNode("Pad", ["x"], ["y"], { attributes: { pads: [0, 0, 1, 1, 0, 0, 0, 2] } }), { value: 3 }),
      ],
    },
  ],
  [
    "Slice",
    { opset: 9, nodes: [makeNode("Slice", ["x"], ["y"], { attributes: { starts: [1], ends: [3], axes: [2] } })] },
  ],
  ["TopK", { opset: 9, nodes: [makeNode("TopK", ["x"], ["y", "i"], { attributes: { k: 2, axis: 1 } })] }],
  [
    "Squeeze",
    {
      opset: 12,
      nodes: [
        makeNode("ReduceSum", ["x"], ["s"], { attributes: { axes: [1] } }),
        makeNode("Squeeze", ["s"], ["y"], { attributes: { axes: [1] } }),
      ],
    },
  ],
  ["Unsqueeze", { opset: 11, nodes: [makeNode("Unsqueeze", ["x"], ["y"], { attributes: { axes: [0, 3] } })] }],
  [
    "Split",
    {
      opset: 12,
      nodes: [
        makeNode("Split", ["x"], ["a", "b"], { attributes: { axis: 1, split: [1, 2] } }),
        makeNode("Concat", ["b", "a"], ["y"], { attributes: { axis: 1 } }),
      ],
    },
  ],
  [
    "Split in equal parts",
    {
      opset: 12,
      nodes: [makeNode("Split", ["x"], ["a", "b"], { attributes: { axis: 2 } }), makeNode("Sub", ["a", "b"], ["y"])],
    },
  ],
  ["Softmax over several axes", { opset: 11, nodes: [makeNode("Softmax", ["x"], ["y"])] }],
  [
    "Softmax along the last axis",
    { opset: 11, nodes: [makeNode("LogSoftmax", ["x"], ["y"], { attributes: { axis: 3 } })] },
  ],
  ["Upsample", { opset: 9, nodes: [upsample], initializers: scales }],
  ["Upsample with scales as attribute", { opset: 8, nodes: [oldUpsample] }],
  [
    "Resize",
    {
      opset: 10,
      nodes: [makeNode("Resize", ["x", "scales"], ["y"], { attributes: { mode: "linear" } })],
      initializers: scales,
    },
  ],
  ["Dropout", { opset: 10, nodes: [withFloats(makeNode("Dropout", ["x"], ["y"]), { ratio: 0.3 })] }],
  [
    "ReduceMean",
    { opset: 13, nodes: [makeNode("ReduceMean", ["x"], ["y"], { attributes: { axes: [2, 3], keepdims: 0 } })] },
  ],
  [
    "BatchNormalization",
    {
      opset: 9,
      nodes: [makeNode("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"])],
      initializers: ["g", "b", "m", "v"].map((name, i) =>
        floatTensor(
          name,
          [3],
          randomFloats(3, i + 1).map((v) => v + 1.5),
        ),
      ),
    },
  ],
  [
    "Scatter",
    {
      opset: 9,
      nodes: [makeNode("Scatter", ["x", "at", "new"], ["y"], { attributes: { axis: 1 } })],
      initializers: [rawTensor("at", T.INT64, [1, 1, 1, 1], new Uint8Array(8)), floatTensor("new", [1, 1, 1, 1], [5])],
    },
  ],
];

for (const target of [13, 21, 25]) {
  for (const [name, parts] of CASES) {
    test(`${name} of opset ${parts.opset} computes the same at opset ${target}`, async () => {
      const model = makeModel({ ...parts, inputs, nodes: structuredClone(parts.nodes), ir: 6 });
      const data = randomFloats(96, 5);
      const before = await runModel(
        serializeModel(model),
        { name: "x", dims: DIMS, data },
        { optimizationLevel: "disabled" },
      );
      assert.equal(upgradeOpset(model, target), parts.opset);
      assert.equal(model.opsetImport[0]?.version, BigInt(target));
      const after = await runModel(
        serializeModel(model),
        { name: "x", dims: DIMS, data },
        { optimizationLevel: "disabled" },
      );
      assert.deepEqual(after.dims, before.dims);
      assert.ok(maxDifference(before, after) < 1e-6);
    });
  }
}

test("a newer model is left alone, and one older than opset 7 is refused", () => {
  const newer = makeModel({ nodes: [makeNode("Relu", ["x"], ["y"])], opset: 17 });
  assert.equal(upgradeOpset(newer, 13), 17);
  assert.equal(newer.opsetImport[0]?.version, 17n);
  const older = makeModel({ nodes: [makeNode("Relu", ["x"], ["y"])], opset: 6 });
  assert.throws(
    () => upgradeOpset(older, 13),
    (error) => error instanceof HarnessError && error.code === "QUANTIZE_UNSUPPORTED",
  );
});

test("an operator whose meaning changed beyond rewriting is refused by name", () => {
  const model = makeModel({ nodes: [makeNode("GroupNormalization", ["x", "s", "b"], ["y"])], opset: 18 });
  assert.throws(() => upgradeOpset(model, 21), /GroupNormalization/);
  assert.equal(graphOf(model).node.length, 1);
});
