import { create } from "@bufbuild/protobuf";
import { TensorProto_DataType as T, type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from "onnx-buf";
import { HarnessError } from "../domain/errors.ts";
import { typeName } from "./tensor-types.ts";

type Numbers = ArrayLike<number> & Iterable<number>;

/** Shape as plain numbers. Dims beyond 2^53 lose precision, which `inspect` reports as huge. */
export function dimsOf(tensor: TensorProto): number[] {
  return tensor.dims.map(Number);
}

/** Elements of a tensor of these dims; a scalar has one. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** True where the values live in another file and are not in memory. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/** Moves values from the typed protobuf fields into `raw_data`, in place. Strings and sub-byte types stay as they are. */
export function packTypedFields(tensor: TensorProto): void {
  if (tensor.rawData.length > 0) return;
  const packed = packedBytes(tensor);
  if (packed === undefined) return;
  tensor.rawData = packed;
  tensor.floatData = [];
  tensor.doubleData = [];
  tensor.int32Data = [];
  tensor.int64Data = [];
  tensor.uint64Data = [];
}

function packedBytes(tensor: TensorProto): Uint8Array<ArrayBuffer> | undefined {
  const view = (array: { buffer: ArrayBuffer }) => new Uint8Array(array.buffer);
  if (tensor.floatData.length > 0) return view(Float32Array.from(tensor.floatData));
  if (tensor.doubleData.length > 0) return view(Float64Array.from(tensor.doubleData));
  if (tensor.int64Data.length > 0) return view(BigInt64Array.from(tensor.int64Data));
  if (tensor.uint64Data.length > 0) {
    return tensor.dataType === T.UINT32
      ? view(Uint32Array.from(tensor.uint64Data, Number))
      : view(BigUint64Array.from(tensor.uint64Data));
  }
  if (tensor.int32Data.length === 0) return undefined;
  switch (tensor.dataType) {
    case T.INT32:
      return view(Int32Array.from(tensor.int32Data));
    case T.INT16:
    case T.UINT16:
    case T.FLOAT16:
    case T.BFLOAT16:
      return view(Uint16Array.from(tensor.int32Data));
    default:
      // Sub-byte types keep two values in each int32 entry's low byte, so one entry is one raw byte for them too.
      return Uint8Array.from(tensor.int32Data);
  }
}

/** Bytes of the tensor, copied to an aligned buffer of their own. */
function alignedBytes(tensor: TensorProto): Uint8Array<ArrayBuffer> {
  if (isExternal(tensor)) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `Tensor '${tensor.name}' keeps its values in another file.`, {
      hint: "Embed the external data into the model before quantizing it.",
    });
  }
  return new Uint8Array(tensor.rawData);
}

/**
 * Values of a float32, float16, bfloat16 or float64 tensor as float32, in their own buffer.
 * @throws HarnessError CONFIG_MODEL_INVALID for external data; QUANTIZE_UNSUPPORTED for other element types.
 */
export function readFloats(tensor: TensorProto): Float32Array<ArrayBuffer> {
  const { buffer } = alignedBytes(tensor);
  switch (tensor.dataType) {
    case T.FLOAT:
      return new Float32Array(buffer);
    case T.DOUBLE:
      return Float32Array.from(new Float64Array(buffer));
    case T.FLOAT16:
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    case T.BFLOAT16:
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
    default:
      throw new HarnessError(
        "QUANTIZE_UNSUPPORTED",
        `Tensor '${tensor.name}' is ${typeName(tensor.dataType)}, not float.`,
        {
          hint: "Only floating-point weights can be quantized.",
        },
      );
  }
}

/** Values of an int64, int32, int16, int8, uint16 or uint8 tensor as numbers. */
export function readIntegers(tensor: TensorProto): number[] {
  const { buffer } = alignedBytes(tensor);
  switch (tensor.dataType) {
    case T.INT64:
      return Array.from(new BigInt64Array(buffer), Number);
    case T.INT32:
      return Array.from(new Int32Array(buffer));
    case T.INT16:
      return Array.from(new Int16Array(buffer));
    case T.UINT16:
      return Array.from(new Uint16Array(buffer));
    case T.INT8:
      return Array.from(new Int8Array(buffer));
    case T.UINT8:
    case T.BOOL:
      return Array.from(new Uint8Array(buffer));
    default:
      throw new HarnessError(
        "QUANTIZE_UNSUPPORTED",
        `Tensor '${tensor.name}' is ${typeName(tensor.dataType)}, not integer.`,
        {
          hint: "This tensor is read as integers; the model is malformed here.",
        },
      );
  }
}

/** IEEE 754 binary16 to a number. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor of raw bytes, for types that need packing (INT4, ...) and for copies. */
export function rawTensor(name: string, dataType: number, dims: readonly number[], bytes: Uint8Array): TensorProto {
  return create(TensorProtoSchema, { name, dataType, dims: dims.map(BigInt), rawData: new Uint8Array(bytes) });
}

/** A float32 tensor. */
export function floatTensor(name: string, dims: readonly number[], values: Numbers): TensorProto {
  return rawTensor(name, T.FLOAT, dims, new Uint8Array(Float32Array.from(values).buffer));
}

/** An int64 tensor, as shape-like inputs are stored. */
export function int64Tensor(name: string, dims: readonly number[], values: Numbers): TensorProto {
  return rawTensor(name, T.INT64, dims, new Uint8Array(BigInt64Array.from(Array.from(values, BigInt)).buffer));
}

/** An int32 tensor, as quantized biases are stored. */
export function int32Tensor(name: string, dims: readonly number[], values: Numbers): TensorProto {
  return rawTensor(name, T.INT32, dims, new Uint8Array(Int32Array.from(values).buffer));
}
