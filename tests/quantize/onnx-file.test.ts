import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataType as T, TensorProtoSchema } from "onnx-buf";
import { HarnessError } from "../../harness/domain/errors.ts";
import { graphOf, parseModel, serializeModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { readFloats, readIntegers } from "../../harness/quantize/tensor-values.ts";
import { makeBytes, makeModel } from "../fixtures/onnx-models.ts";

const relu = { nodes: [makeNode("Relu", ["x"], ["y"])] };

function refusal(bytes: Uint8Array): HarnessError {
  try {
    parseModel(bytes);
  } catch (error) {
    assert.ok(error instanceof HarnessError);
    return error;
  }
  throw new Error("the model was accepted");
}

test("an empty file, a truncated model and a file that is not ONNX are each refused with their own sentence", () => {
  assert.match(refusal(new Uint8Array()).message, /empty/);
  assert.match(refusal(makeBytes(relu).subarray(0, 30)).message, /truncated/);
  assert.match(refusal(new TextEncoder().encode("%PDF-1.7 this is not a model")).message, /not an ONNX model/);
  assert.match(refusal(Uint8Array.of(0x89, 0x50, 0x4e, 0x47)).message, /not an ONNX model/);
  for (const bytes of [new Uint8Array(), Uint8Array.of(255, 255)])
    assert.equal(refusal(bytes).code, "CONFIG_MODEL_INVALID");
});

test("every truncation of a model either is refused or leaves a graph to inspect, and never throws anything else", () => {
  const bytes = makeBytes(relu);
  let refused = 0;
  for (let length = 0; length < bytes.length; length++) {
    try {
      parseModel(bytes.subarray(0, length));
    } catch (error) {
      assert.ok(error instanceof HarnessError, `length ${length}`);
      refused++;
    }
  }
  assert.ok(refused > bytes.length * 0.8);
});

test("typed protobuf fields become raw data with the same values", () => {
  const tensors = [
    create(TensorProtoSchema, { name: "f", dims: [2n], dataType: T.FLOAT, floatData: [1.5, -2.25] }),
    create(TensorProtoSchema, { name: "i", dims: [2n], dataType: T.INT64, int64Data: [-3n, 7n] }),
    create(TensorProtoSchema, { name: "b", dims: [2n], dataType: T.INT8, int32Data: [-128, 127] }),
    create(TensorProtoSchema, { name: "h", dims: [1n], dataType: T.FLOAT16, int32Data: [0x3e00] }),
  ];
  const bytes = toBinary(ModelProtoSchema, makeModel({ ...relu, initializers: tensors }));
  const [f, i, b, h] = graphOf(parseModel(bytes)).initializer;
  assert.ok(f && i && b && h);
  assert.equal(f.floatData.length, 0);
  assert.deepEqual([...readFloats(f)], [1.5, -2.25]);
  assert.deepEqual(readIntegers(i), [-3, 7]);
  assert.deepEqual(readIntegers(b), [-128, 127]);
  assert.deepEqual([...readFloats(h)], [1.5]);
});

test("values are read from raw data at any byte offset of the file", () => {
  const tensor = create(TensorProtoSchema, { name: "w", dims: [1n], dataType: T.FLOAT, floatData: [0.125] });
  for (const name of ["a", "ab", "abc", "abcd"]) {
    const model = makeModel({ nodes: [makeNode("Relu", ["x"], ["y"], { name })], initializers: [tensor] });
    const parsed = parseModel(serializeModel(parseModel(toBinary(ModelProtoSchema, model))));
    assert.deepEqual([...readFloats(graphOf(parsed).initializer[0]!)], [0.125]);
  }
});

test("a model survives a round trip byte for byte", () => {
  const bytes = makeBytes(relu);
  assert.deepEqual(serializeModel(parseModel(bytes)), bytes);
  assert.equal(fromBinary(ModelProtoSchema, bytes).producerName, "tests");
});
