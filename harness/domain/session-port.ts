import type { ValueCounts } from "./value-counts.ts";

/** A typed tensor as it crosses process borders. */
export interface TensorValue {
  readonly dtype:
    | "float32"
    | "float64"
    | "int8"
    | "uint8"
    | "int16"
    | "uint16"
    | "int32"
    | "uint32"
    | "int64"
    | "uint64"
    | "bool";
  readonly dims: readonly number[];
  readonly data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | BigUint64Array;
}

export type OptimizationLevel = "disabled" | "basic" | "extended" | "all";

export interface SessionOptions {
  /** Intra-op threads, default 1. */
  readonly threads?: number;
  /** Default "all". */
  readonly optimizationLevel?: OptimizationLevel;
  /** ONNX Runtime session config entries, e.g. {"session.disable_quant_qdq": "1"}. */
  readonly sessionConfig?: Readonly<Record<string, string>>;
}

export interface OpenSession {
  run(feeds: Readonly<Record<string, TensorValue>>, outputs?: readonly string[]): Promise<Record<string, TensorValue>>;
  /** Runs the model and counts every element of these float32 outputs where the session is: bringing them over would take longer. */
  count(feeds: Readonly<Record<string, TensorValue>>, outputs: readonly string[]): Promise<void>;
  /** What was counted of an output since the session was opened; no elements where it was not counted. */
  counts(output: string): Promise<ValueCounts>;
  close(): Promise<void>;
}

/** Time that one node of the optimized graph took, a run. */
export interface NodeTime {
  readonly node: string;
  readonly op: string;
  readonly seconds: number;
}

/** How pure code (the quantizer) gets models executed: the pipeline passes in one that runs in a child process. */
export interface SessionPort {
  /** Opens a session on serialized ONNX bytes. Rejects with a HarnessError when the model cannot be loaded or crashes the child. */
  open(model: Uint8Array, options?: SessionOptions): Promise<OpenSession>;
  /** The optimised graph, as ONNX Runtime dumps it. */
  optimize(model: Uint8Array, options?: SessionOptions): Promise<Uint8Array>;
  /** What ONNX Runtime's profiler saw each node take, as the median of `runs` runs on the same feeds after one that is not counted. */
  profile(
    model: Uint8Array | string,
    feeds: Readonly<Record<string, TensorValue>>,
    options?: SessionOptions & { readonly runs?: number },
  ): Promise<readonly NodeTime[]>;
}
