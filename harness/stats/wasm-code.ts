// The few WebAssembly instructions (core specification 2.0, section 5.4) that kernels of whole-number, double and vector loops need.

/** Bytes of one instruction, or of several in a row. */
export type Code = readonly number[];

/** A constant in LEB128, signed. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** A count, index or offset in LEB128, unsigned. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** A vector instruction. */
function vector(code: number, ...rest: readonly number[]): Code {
  return [0xfd, ...unsigned(code), ...rest];
}

/** Instructions by their names in the specification; all act on a stack, and binary ones take its two topmost values. */
export const WASM = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  f64Zero: [0x44, 0, 0, 0, 0, 0, 0, 0, 0] as Code,
  eqz: [0x45] as Code,
  lessUnsigned: [0x49] as Code,
  add: [0x6a] as Code,
  sub: [0x6b] as Code,
  mul: [0x6c] as Code,
  and: [0x71] as Code,
  xor: [0x73] as Code,
  shl: [0x74] as Code,
  shrUnsigned: [0x76] as Code,
  rotl: [0x77] as Code,
  f64Add: [0xa0] as Code,
  i32Load: (offset: number): Code => [0x28, 2, ...unsigned(offset)],
  i32Store: (offset: number): Code => [0x36, 2, ...unsigned(offset)],
  f64Load: (offset: number): Code => [0x2b, 3, ...unsigned(offset)],
  f64Store: (offset: number): Code => [0x39, 3, ...unsigned(offset)],
  /** A constant in every lane. */
  i32x4: (value: number): Code => vector(0x0c, ...new Uint8Array(new Int32Array(4).fill(value).buffer)),
  v128Load: (offset: number): Code => vector(0x00, 4, ...unsigned(offset)),
  v128Store: (offset: number): Code => vector(0x0b, 4, ...unsigned(offset)),
  i32x4Lane: (lane: number): Code => vector(0x1b, lane),
  i32x4Equal: vector(0x37),
  v128Xor: vector(0x51),
  f32x4Floor: vector(0x68),
  i32x4Shl: vector(0xab),
  i32x4Add: vector(0xae),
  i32x4Sub: vector(0xb1),
  i32x4Max: vector(0xb8),
  f32x4Mul: vector(0xe6),
  /** Cut off to whole numbers. */
  i32x4OfF32x4: vector(0xf8),
  /** Runs the body, again from its start after `branchIf` of depth 0 in it. */
  loop: (...body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0b],
  /** Runs the body, or the rest of it not after a `branchIf` that leads to its end. */
  block: (...body: readonly Code[]): Code => [0x02, 0x40, ...body.flat(), 0x0b],
  branchIf: (depth: number): Code => [0x0d, depth],
} as const;

const I32 = 0x7f;
const F64 = 0x7c;
const V128 = 0x7b;

/** A module that exports one function `run` of `params` whole numbers and its memory `memory`, of `pages` pages (1) of 64 KiB to begin with. */
export function wasmModule(f: {
  readonly params: number;
  /** Locals that follow the parameters: whole numbers first, then doubles, then vectors. */
  readonly i32Locals?: number;
  readonly f64Locals?: number;
  readonly v128Locals?: number;
  readonly pages?: number;
  readonly body: Code;
}): Uint8Array<ArrayBuffer> {
  const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const name = (text: string): Code => list(Array.from(text, (letter) => [letter.charCodeAt(0)]));
  const locals = list([
    [...unsigned(f.i32Locals ?? 0), I32],
    [...unsigned(f.f64Locals ?? 0), F64],
    [...unsigned(f.v128Locals ?? 0), V128],
  ]);
  const code = [...locals, ...f.body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([[0x60, ...list(Array.from({ length: f.params }, () => [I32])), 0]])),
    ...section(3, list([[0]])),
    ...section(5, list([[0, ...unsigned(f.pages ?? 1)]])),
    ...section(
      7,
      list([
        [...name("run"), 0, 0],
        [...name("memory"), 2, 0],
      ]),
    ),
    ...section(10, list([[...unsigned(code.length), ...code]])),
  ]);
}

/** What a module made by {@link wasmModule} exports. */
export interface WasmExports {
  readonly run: (...values: number[]) => void;
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

interface WebAssemblyApi {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: WasmExports };
}

/** An instance of the module; undefined where the runtime has no WebAssembly (`--jitless`), or not all of its instructions. */
export function instantiate(code: Uint8Array<ArrayBuffer>): WasmExports | undefined {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  return api?.validate(code) ? new api.Instance(new api.Module(code)).exports : undefined;
}
