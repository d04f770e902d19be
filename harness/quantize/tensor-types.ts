import { TensorProto_DataType as T } from "onnx-buf";

interface TensorType {
  readonly name: string;
  /** Bits an element takes in `raw_data`; undefined where elements have no fixed size. */
  readonly bits: number | undefined;
}

/** ONNX element types by their number in the format (onnx.proto, TensorProto.DataType). */
const TYPES: Readonly<Record<number, TensorType>> = {
  [T.FLOAT]: { name: "float32", bits: 32 },
  [T.UINT8]: { name: "uint8", bits: 8 },
  [T.INT8]: { name: "int8", bits: 8 },
  [T.UINT16]: { name: "uint16", bits: 16 },
  [T.INT16]: { name: "int16", bits: 16 },
  [T.INT32]: { name: "int32", bits: 32 },
  [T.INT64]: { name: "int64", bits: 64 },
  [T.STRING]: { name: "string", bits: undefined },
  [T.BOOL]: { name: "bool", bits: 8 },
  [T.FLOAT16]: { name: "float16", bits: 16 },
  [T.DOUBLE]: { name: "float64", bits: 64 },
  [T.UINT32]: { name: "uint32", bits: 32 },
  [T.UINT64]: { name: "uint64", bits: 64 },
  [T.COMPLEX64]: { name: "complex64", bits: 64 },
  [T.COMPLEX128]: { name: "complex128", bits: 128 },
  [T.BFLOAT16]: { name: "bfloat16", bits: 16 },
  [T.FLOAT8E4M3FN]: { name: "float8e4m3fn", bits: 8 },
  [T.FLOAT8E4M3FNUZ]: { name: "float8e4m3fnuz", bits: 8 },
  [T.FLOAT8E5M2]: { name: "float8e5m2", bits: 8 },
  [T.FLOAT8E5M2FNUZ]: { name: "float8e5m2fnuz", bits: 8 },
  [T.UINT4]: { name: "uint4", bits: 4 },
  [T.INT4]: { name: "int4", bits: 4 },
  [T.FLOAT4E2M1]: { name: "float4e2m1", bits: 4 },
  [T.FLOAT8E8M0]: { name: "float8e8m0", bits: 8 },
  [T.UINT2]: { name: "uint2", bits: 2 },
  [T.INT2]: { name: "int2", bits: 2 },
};

/** Name of an ONNX element type, e.g. `float32`; `unknown(99)` for a number the format does not define. */
export function typeName(dataType: number): string {
  return TYPES[dataType]?.name ?? `unknown(${dataType})`;
}

/** Bits of one packed element, undefined for strings and unknown types. */
export function typeBits(dataType: number): number | undefined {
  return TYPES[dataType]?.bits;
}

/** Number of an element type by our name for it. */
export function typeNumber(name: string): number | undefined {
  const entry = Object.entries(TYPES).find(([, type]) => type.name === name);
  return entry === undefined ? undefined : Number(entry[0]);
}
