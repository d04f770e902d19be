/** Dataset items in one flat array, item-major, as evaluation and calibration both read them (one code path). */
export interface ItemTensor {
  /** Number of items. */
  readonly count: number;
  /** Shape of one item without the batch axis, e.g. [32, 32, 3]. */
  readonly shape: readonly number[];
  /** Raw values; they become float32, through {@link affine} if there is one, when a batch is filled. */
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

/**
 * Writes the chosen items as float32 into `out` (length ≥ indices.length × item size), in the order of `indices`.
 * RangeError for an index outside the items or an `out` that is too short. On the hot path of every evaluation.
 */
export function fillBatch(items: ItemTensor, indices: ArrayLike<number>, out: Float32Array): void {
  const size = itemSize(items.shape);
  const { data, affine, count } = items;
  if (out.length < indices.length * size) {
    throw new RangeError(`${indices.length} items need ${indices.length * size} elements, the batch has ${out.length}`);
  }
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] as number;
    // What lies outside is undefined, and would leave the row as it was before.
    if (!(index >= 0 && index < count)) throw new RangeError(`there is no item ${index} of ${count}`);
    if (affine === undefined) out.set(data.subarray(index * size, (index + 1) * size), row * size);
    else applyAffine(items, affine, { from: index * size, out, to: row * size });
  }
}

/** One item through its affine map, a channel at a time: fetching the constants for each element would cost a batch some 5 %. */
function applyAffine(
  { data, shape }: ItemTensor,
  { scale, mean, std, channelAxis }: Affine,
  { from, out, to }: { from: number; out: Float32Array; to: number },
): void {
  const size = itemSize(shape);
  const channels = Math.max(mean.length, std.length);
  const inner = channels === 1 ? size : itemSize(shape.slice(channelAxis + 1));
  for (let channel = 0; channel < channels; channel++) {
    const m = mean[mean.length === 1 ? 0 : channel] as number;
    const s = std[std.length === 1 ? 0 : channel] as number;
    for (let start = channel * inner; start < size; start += channels * inner) {
      for (let i = start; i < start + inner; i++) out[to + i] = ((data[from + i] as number) * scale - m) / s;
    }
  }
}
