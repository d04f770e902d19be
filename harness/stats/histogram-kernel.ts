import { type Code, instantiate, WASM, wasmModule } from "./wasm-code.ts";

// The inner loops of value-histogram.ts in WebAssembly, four floats at a time: the same counts in about a third of the time.

/** Bins on either side of zero. */
export const HISTOGRAM_BINS = 2 ** 14;
/** Floats that the kernel takes at once. */
export const KERNEL_FLOATS = 2 ** 14;
/**
 * Whole exponents of the bin widths that the kernel counts in: with them an element times 1 / width is exact in float32, which it is
 * not where it could be too small or 1 / width too large.
 */
export const KERNEL_EXPONENTS = { least: -126, most: 0 } as const;

export interface HistogramKernel {
  /** Takes up to {@link KERNEL_FLOATS} floats and says where they lie. */
  look(values: Float32Array): BitExtremes;
  /** Counts the floats taken last in bins of width 2^exponent; all have to lie in {@link HISTOGRAM_BINS} bins from zero. */
  count(exponent: number): void;
  /** Adds what was counted in bins `first` to `last`, from -HISTOGRAM_BINS, to `counts` and forgets it. */
  drain(counts: Float64Array, first: number, last: number): void;
}

/** Extremes of floats as the bits of their magnitudes: whole numbers in the order of the floats, NaN after infinity. */
export interface BitExtremes {
  /** Of the negative floats, 0 where there are none. */
  readonly low: number;
  /** Of the positive floats, 0 where there are none. */
  readonly high: number;
  /** Floats that are exactly zero. */
  readonly zeros: number;
}

const PAGE_BYTES = 1 << 16;
const [HIGH_AT, LOW_AT, ZEROS_AT, FACTOR_AT] = [0, 16, 32, 48];
/** Lanes are counted in tables of their own: additions to one place, as zeros make them, wait for each other. */
const TABLES = 4;
const TABLE_INTS = 2 * HISTOGRAM_BINS;
const TABLES_AT = PAGE_BYTES;
const FLOATS_AT = TABLES_AT + TABLES * TABLE_INTS * 4;
const SIGN = 0x80000000 | 0;

const { get, set, tee, i32, i32x4 } = WASM;
// Parameters, then locals.
const [MODE, AT, END, PLACE] = [0, 1, 2, 3];
const [X, HIGH, LOW, ZEROS, FACTOR] = [4, 5, 6, 7, 8];

const LOAD: Code = [...get(AT), ...WASM.v128Load(0)];
const NEXT: Code = [
  ...get(AT),
  ...i32(16),
  ...WASM.add,
  ...tee(AT),
  ...get(END),
  ...WASM.lessUnsigned,
  ...WASM.branchIf(0),
];

const LOOK: Code = [
  WASM.loop(
    [...LOAD, ...tee(X), ...get(HIGH), ...WASM.i32x4Max, ...set(HIGH)],
    // Without their sign bit, negative floats are positive whole numbers and positive floats negative ones.
    [...get(X), ...i32x4(SIGN), ...WASM.v128Xor, ...get(LOW), ...WASM.i32x4Max, ...set(LOW)],
    // Comparisons give -1 where they hold.
    [
      ...get(ZEROS),
      ...get(X),
      ...i32(1),
      ...WASM.i32x4Shl,
      ...i32x4(0),
      ...WASM.i32x4Equal,
      ...WASM.i32x4Sub,
      ...set(ZEROS),
    ],
    NEXT,
  ),
  ...[HIGH, LOW, ZEROS].map((local, i) => [...i32(0), ...get(local), ...WASM.v128Store(16 * i)]),
].flat();

/** One more in the place of the lane's table. */
function countLane(lane: number): Code {
  const offset = TABLES_AT + lane * TABLE_INTS * 4;
  return [
    [...get(X), ...WASM.i32x4Lane(lane), ...tee(PLACE)],
    [...get(PLACE), ...WASM.i32Load(offset), ...i32(1), ...WASM.add, ...WASM.i32Store(offset)],
  ].flat();
}

const COUNT: Code = [
  [...i32(FACTOR_AT), ...WASM.v128Load(0), ...set(FACTOR)],
  WASM.loop(
    [...LOAD, ...get(FACTOR), ...WASM.f32x4Mul, ...WASM.f32x4Floor, ...WASM.i32x4OfF32x4],
    [...i32x4(HISTOGRAM_BINS), ...WASM.i32x4Add, ...i32(2), ...WASM.i32x4Shl, ...set(X)],
    ...[0, 1, 2, 3].map(countLane),
    NEXT,
  ),
].flat();

const CODE: Code = WASM.block(
  WASM.block([...get(MODE), ...WASM.branchIf(0)], LOOK, [...i32(1), ...WASM.branchIf(1)]),
  COUNT,
);

/** Null where it was tried in vain. */
let kernel: HistogramKernel | null | undefined;

/** The kernel, made on first use; undefined where the runtime cannot run it. */
export function histogramKernel(): HistogramKernel | undefined {
  if (kernel === undefined) kernel = loadKernel() ?? null;
  return kernel ?? undefined;
}

function loadKernel(): HistogramKernel | undefined {
  const pages = Math.ceil((FLOATS_AT + KERNEL_FLOATS * 4) / PAGE_BYTES);
  const instance = instantiate(wasmModule({ params: 3, i32Locals: 1, v128Locals: 5, pages, body: CODE }));
  if (instance === undefined) return undefined;
  const { run, memory } = instance;
  const floats = new Float32Array(memory.buffer, FLOATS_AT, KERNEL_FLOATS);
  const tables = new Int32Array(memory.buffer, TABLES_AT, TABLES * TABLE_INTS);
  const factor = new Float32Array(memory.buffer, FACTOR_AT, 4);
  const lanes = (at: number) => [...new Int32Array(memory.buffer, at, 4)];
  let taken = 0;
  const padding = () => -taken & 3;
  const end = () => FLOATS_AT + (taken + padding()) * 4;
  return {
    look(values) {
      floats.set(values);
      taken = values.length;
      floats.fill(0, taken, taken + padding());
      if (taken === 0) return { low: 0, high: 0, zeros: 0 };
      run(0, FLOATS_AT, end());
      const zeros = lanes(ZEROS_AT).reduce((sum, one) => sum + one, 0) - padding();
      return { low: Math.max(0, ...lanes(LOW_AT)), high: Math.max(0, ...lanes(HIGH_AT)), zeros };
    },
    count(exponent) {
      if (taken === 0) return;
      factor.fill(2 ** -exponent);
      run(1, FLOATS_AT, end());
      for (let lane = TABLES - padding(); lane < TABLES; lane++) {
        const at = lane * TABLE_INTS + HISTOGRAM_BINS;
        tables[at] = (tables[at] as number) - 1;
      }
    },
    drain(counts, first, last) {
      for (let table = 0; table < TABLES; table++) {
        for (let bin = first + HISTOGRAM_BINS; bin <= last + HISTOGRAM_BINS; bin++) {
          const at = table * TABLE_INTS + bin;
          counts[bin] = (counts[bin] as number) + (tables[at] as number);
          tables[at] = 0;
        }
      }
    },
  };
}
