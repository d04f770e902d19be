import { HarnessError } from "../domain/errors.ts";
import type { Affine } from "../domain/item-tensor.ts";

/** `normalize` as configs and manifests write it. */
export interface NormalizeSpec {
  readonly scale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

export type Layout = "nchw" | "nhwc";

/** Index of the channel axis in the shape of one item. */
export function channelAxisOf(layout: Layout, rank: number): number {
  return layout === "nchw" ? 0 : rank - 1;
}

/**
 * The affine of a `normalize`, for items of `shape`; undefined = identity. CONFIG_INVALID for a std of 0, and for as many values
 * as the items have not channels. Without a `channelAxis`, it is the first or last axis, whichever has as many entries as values.
 */
export function affineFrom(
  normalize: NormalizeSpec | null | undefined,
  { shape, channelAxis }: { shape: readonly number[]; channelAxis?: number },
): Affine | undefined {
  if (normalize === undefined || normalize === null) return undefined;
  const { scale = 1, mean = [0], std = [1] } = normalize;
  if (![scale, ...mean, ...std].every(Number.isFinite) || scale === 0 || std.includes(0)) {
    throw invalidNormalize(
      "scale and std must not be 0",
      "std is what values are divided by; 1 leaves them as they are.",
    );
  }
  const channels = Math.max(mean.length, std.length);
  if ([mean, std].some(({ length }) => length !== 1 && length !== channels)) {
    throw invalidNormalize(
      `mean has ${mean.length} values and std ${std.length}`,
      "Give one value, or as many as there are channels, in both.",
    );
  }
  if (channels === 1) {
    if (scale === 1 && mean[0] === 0 && std[0] === 1) return undefined;
    return { scale, mean, std, channelAxis: channelAxis ?? 0 };
  }
  const axis = channelAxis ?? channelAxisFor(channels, shape);
  if (axis === undefined || shape[axis] !== channels) {
    throw invalidNormalize(
      `${channels} values are given, but the items have the shape [${shape.join(", ")}]`,
      "Give one value, or as many as there are channels.",
    );
  }
  return { scale, mean, std, channelAxis: axis };
}

function channelAxisFor(channels: number, shape: readonly number[]): number | undefined {
  const candidates = [...new Set([0, shape.length - 1])].filter((axis) => shape[axis] === channels);
  return candidates.length === 1 ? candidates[0] : undefined;
}

function invalidNormalize(reason: string, hint: string): HarnessError {
  return new HarnessError("CONFIG_INVALID", `"normalize" cannot be used: ${reason}.`, { hint });
}

/** How an affine reads in a dataset's description. */
export function describeAffine(affine: Affine | undefined) {
  return affine === undefined ? null : { scale: affine.scale, mean: affine.mean, std: affine.std };
}
