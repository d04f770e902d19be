/** Dataset items in one flat array, item-major, as evaluation and calibration both read them (one code path). */
export interface ItemTensor {
  /** Number of items. */
  readonly count: number;
  /** Shape of one item without the batch axis, e.g. [32, 32, 3]. */
  readonly shape: readonly number[];
  /** `uint8` items become float32 through {@link affine} when a batch is filled; `float32` items are used as they are. */
  readonly data: Uint8Array | Float32Array;
  /** x' = (x·scale - mean[c]) / std[c], c counted along `channelAxis` of `shape`; absent = identity. */
  readonly affine?: Affine;
}

export interface Affine {
  readonly scale: number;
  /** One value, or one a channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Index into the item shape (no batch axis) of the channel axis. */
  readonly channelAxis: number;
}

/** Elements of one item. */
export function itemSize(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Writes the chosen items as float32 into `out` (length ≥ indices.length × item size), in the order of `indices`. */
export function fillBatch(items: ItemTensor, indices: ArrayLike<number>, out: Float32Array): void {
  const size = itemSize(items.shape);
  const { data, affine } = items;
  for (let row = 0; row < indices.length; row++) {
    const from = (indices[row] as number) * size;
    const to = row * size;
    if (affine === undefined) {
      out.set(data.subarray(from, from + size), to);
      continue;
    }
    applyAffine(items, from, affine, out, to);
  }
}

/** One item through its affine map. Constants are fetched once a run of equal channel: a division an element would cost a batch some 5 %. */
function applyAffine({ data, shape }: ItemTensor, from: number, affine: Affine, out: Float32Array, to: number): void {
  const { scale, mean, std, channelAxis } = affine;
  const size = itemSize(shape);
  const channels = shape[channelAxis] ?? 1;
  const inner = itemSize(shape.slice(channelAxis + 1));
  let channel = 0;
  for (let start = 0; start < size; start += inner) {
    const m = mean[mean.length === 1 ? 0 : channel] as number;
    const s = std[std.length === 1 ? 0 : channel] as number;
    for (let i = start; i < start + inner; i++) out[to + i] = ((data[from + i] as number) * scale - m) / s;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
}
