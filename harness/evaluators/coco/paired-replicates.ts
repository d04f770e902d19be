import type { CategoryMatches } from "./match.ts";
import { type CategoryAps, resampler } from "./resample-ap.ts";

/** A figure (or a drop: baseline minus candidate, + is worse) and its replicates, for the bias-corrected and accelerated bootstrap. */
export interface Replicates {
  /** On the images as they are. */
  readonly value: number;
  /** Ascending, one a resample in which both arms have the figure. */
  readonly sorted: Float64Array;
  /** Drops with some images left out, each group in turn: what the acceleration is computed from. */
  readonly leftOut: Float64Array;
}

export interface ApDrops {
  /** Mean AP of the candidate, and its drop; undefined where no category has a box. */
  readonly map: Replicates | undefined;
  readonly drop: Replicates | undefined;
  /** By category; undefined where it has no box. */
  readonly categories: readonly (Replicates | undefined)[];
}

/** Leaving out each of thousands of images in turn costs more than the resamples and tells the skewness no better. */
const MOST_GROUPS = 200;

/**
 * Drops in AP under resampling of the images with replacement, the same images in both arms (a paired bootstrap). `draw(n)` gives a
 * whole number from 0 to n-1, each as likely. Both arms must have been judged on the same images in the same order.
 */
export function pairedApDrops(
  baseline: readonly CategoryMatches[],
  candidate: readonly CategoryMatches[],
  {
    images,
    resamples,
    draw,
  }: { readonly images: number; readonly resamples: number; readonly draw: (n: number) => number },
): ApDrops {
  if (baseline.length !== candidate.length) throw new RangeError("both arms need the same categories");
  const [before, after] = [resampler(baseline), resampler(candidate)];
  const drop = (weights: Float64Array): Drops => difference(before(weights), after(weights));
  const whole = drop(new Float64Array(images).fill(1));
  const drawn: Drops[] = [];
  const weights = new Float64Array(images);
  for (let resample = 0; resample < resamples; resample++) {
    weights.fill(0);
    for (let i = 0; i < images; i++) weights[draw(images)]! += 1;
    drawn.push(drop(weights));
  }
  const groups = Math.min(images, MOST_GROUPS);
  const left = Array.from({ length: groups }, (_, group) =>
    drop(Float64Array.from({ length: images }, (_, image) => (image % groups === group ? 0 : 1))),
  );
  const collect = (read: (drops: Drops) => number | undefined): Replicates | undefined => {
    const value = read(whole);
    if (value === undefined) return undefined;
    const all = (list: readonly Drops[]) => Float64Array.from(list.map(read).filter((x) => x !== undefined));
    return { value, sorted: all(drawn).sort(), leftOut: all(left) };
  };
  return {
    map: collect((drops) => drops.map),
    drop: collect((drops) => drops.drop),
    categories: baseline.map((_, category) => collect((drops) => drops.categories[category])),
  };
}

interface Drops {
  readonly map: number | undefined;
  readonly drop: number | undefined;
  readonly categories: readonly (number | undefined)[];
}

function difference(before: CategoryAps, after: CategoryAps): Drops {
  const minus = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined ? undefined : x - y;
  return {
    map: after.map,
    drop: minus(before.map, after.map),
    categories: before.categories.map((ap, category) => minus(ap, after.categories[category])),
  };
}
