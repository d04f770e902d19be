import { type Code, instantiate, WASM, wasmModule } from "./wasm-code.ts";

// The inner loop of bulk-draws.ts in WebAssembly: the same words and the same additions in the same order, so the same bits, at
// about a third of the time, since nothing is checked for bounds there.

/** How the kernel cuts up words; fields of two or three draws. */
export interface KernelCut {
  readonly digits: 2 | 3;
  readonly width: number;
  /** A word is drawn again where adding `gaps` carries into one of the bits `carries`. */
  readonly gaps: number;
  readonly carries: number;
  /** Words of `digits` draws a resample, and single draws after them. */
  readonly rounds: number;
  readonly rest: number;
}

/** Fills `out` with sums of draws from the table of 2^width slots and advances the state of four words. */
export type ResampleKernel = (state: Uint32Array, slots: Float64Array, cut: KernelCut, out: Float64Array) => void;

const { get, set, tee, i32 } = WASM;

// Parameters, then locals.
const [ROUNDS, REST, DROP, GAPS, CARRIES, SECOND, THIRD, MASK, OUT, END] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const [A, B, C, D, WORD, LEFT] = [10, 11, 12, 13, 14, 15];
const [X, Y, Z] = [16, 17, 18];
const STATE_BYTES = 16;
const DOUBLE_BYTES = 8;
const PAGE_BYTES = 1 << 16;
/** Resamples a call: short calls let the engine replace its first, quick translation by the fast one. */
const CALL = 128;

/** xoshiro128**: the next word into WORD, its lowest bits dropped. */
const NEXT: Code = [
  ...[get(B), i32(5), WASM.mul, i32(7), WASM.rotl, i32(9), WASM.mul, get(DROP), WASM.shrUnsigned, set(WORD)].flat(),
  // b << 9, which stays on the stack until c takes it.
  ...[get(B), i32(9), WASM.shl].flat(),
  ...[get(C), get(A), WASM.xor, set(C)].flat(),
  ...[get(D), get(B), WASM.xor, set(D)].flat(),
  ...[get(B), get(C), WASM.xor, set(B)].flat(),
  ...[get(A), get(D), WASM.xor, set(A)].flat(),
  ...[get(C), WASM.xor, set(C)].flat(),
  ...[get(D), i32(11), WASM.rotl, set(D)].flat(),
];

/** Back to the start of the loop around it where the word must be drawn again. */
const AGAIN_UNLESS_ACCEPTED: Code = [
  ...[get(WORD), get(GAPS), WASM.add, get(WORD), WASM.xor, get(GAPS), WASM.xor, get(CARRIES), WASM.and].flat(),
  ...WASM.branchIf(0),
];

const ONE_LESS: Code = [...get(LEFT), ...i32(1), ...WASM.sub, ...tee(LEFT), ...WASM.branchIf(0)];

/** Adds the slot that a field names; `toBytes` moves the field to where it is the slot's byte offset. */
function addSlot(sum: number, toBytes: Code): Code {
  return [get(sum), get(WORD), toBytes, get(MASK), WASM.and, WASM.f64Load(STATE_BYTES), WASM.f64Add, set(sum)].flat();
}

function kernelCode(digits: 2 | 3): Uint8Array<ArrayBuffer> {
  const first = addSlot(X, [...i32(3), ...WASM.shl]);
  const second = addSlot(Y, [...get(SECOND), ...WASM.shrUnsigned]);
  const third = digits === 3 ? addSlot(Z, [...get(THIRD), ...WASM.shrUnsigned]) : [];
  const state = [A, B, C, D];
  const body: readonly Code[] = [
    ...state.map((word, i) => [i32(0), WASM.i32Load(4 * i), set(word)].flat()),
    WASM.loop(
      ...[X, Y, Z].map((sum) => [...WASM.f64Zero, ...set(sum)]),
      [...get(ROUNDS), ...set(LEFT)],
      WASM.block(
        [...get(LEFT), ...WASM.eqz, ...WASM.branchIf(0)],
        WASM.loop(NEXT, AGAIN_UNLESS_ACCEPTED, first, second, third, ONE_LESS),
      ),
      [...get(REST), ...set(LEFT)],
      WASM.block(
        [...get(LEFT), ...WASM.eqz, ...WASM.branchIf(0)],
        WASM.loop(NEXT, AGAIN_UNLESS_ACCEPTED, first, ONE_LESS),
      ),
      [get(OUT), get(X), get(Y), WASM.f64Add, get(Z), WASM.f64Add, WASM.f64Store(0)].flat(),
      [get(OUT), i32(DOUBLE_BYTES), WASM.add, tee(OUT), get(END), WASM.lessUnsigned, WASM.branchIf(0)].flat(),
    ),
    ...state.map((word, i) => [i32(0), get(word), WASM.i32Store(4 * i)].flat()),
  ];
  return wasmModule({ params: 10, i32Locals: 6, f64Locals: 3, body: body.flat() });
}

function loadKernel(digits: 2 | 3): ResampleKernel | undefined {
  const instance = instantiate(kernelCode(digits));
  if (instance === undefined) return undefined;
  const { run, memory } = instance;
  return (state, slots, { width, gaps, carries, rounds, rest }, out) => {
    const outStart = STATE_BYTES + slots.length * DOUBLE_BYTES;
    const missing = outStart + CALL * DOUBLE_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    new Uint32Array(memory.buffer, 0, state.length).set(state);
    new Float64Array(memory.buffer, STATE_BYTES, slots.length).set(slots);
    const mask = (2 ** width - 1) * DOUBLE_BYTES;
    // A field's shift, less the 3 bits by which a slot's number becomes its byte offset.
    const [second, third] = [width - 3, 2 * width - 3];
    for (let from = 0; from < out.length; from += CALL) {
      const count = Math.min(CALL, out.length - from);
      const end = outStart + count * DOUBLE_BYTES;
      run(rounds, rest, 32 - digits * width, gaps, carries, second, third, mask, outStart, end);
      out.set(new Float64Array(memory.buffer, outStart, count), from);
    }
    state.set(new Uint32Array(memory.buffer, 0, state.length));
  };
}

const kernels = new Map<number, ResampleKernel | undefined>();

/** The kernel for words of so many draws, made on first use; where there is none, the loop in JavaScript does it. */
export function resampleKernel(digits: number): ResampleKernel | undefined {
  if (digits !== 2 && digits !== 3) return undefined;
  if (!kernels.has(digits)) kernels.set(digits, loadKernel(digits));
  return kernels.get(digits);
}
