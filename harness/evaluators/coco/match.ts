import { boxOverlap } from "./box-overlap.ts";
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS } from "./settings.ts";
import { type Detections, type DetectionTruth, requireDetectionTables } from "./truth.ts";

/** What became of a detection at one threshold and in one size class. */
export const FALSE_POSITIVE = 0;
export const TRUE_POSITIVE = 1;
/** Matched to something that does not count (crowd, other size), or unmatched and itself of another size. */
export const IGNORED = 2;

/** The detections of one category in all images, the surest first, and what became of each. */
export interface CategoryMatches {
  /** Detections kept: at most 100 an image. */
  readonly count: number;
  /** Index of the image of each. */
  readonly image: Int32Array;
  /** Place of each within its image and category by score, from 0. */
  readonly rank: Uint8Array;
  /** areas x thresholds x count of FALSE_POSITIVE, TRUE_POSITIVE or IGNORED. */
  readonly state: Uint8Array;
  /** areas x images: boxes to be found. */
  readonly positives: Int32Array;
}

/**
 * Assigns detections to boxes as the COCO evaluation does (cocoeval.py, evaluateImg): an image, category, size class and threshold
 * each, the surest detection chooses first, takes the free box with the largest overlap (the later one among equals), prefers boxes that
 * count over those that do not, and crowd regions are never used up. One entry a category. RangeError for impossible tables.
 */
export function matchDetections(truth: DetectionTruth, found: Detections): readonly CategoryMatches[] {
  requireDetectionTables(truth, found);
  const boxes = rowsByCell(truth, truth);
  const detections = rowsByCell(found, truth);
  return Array.from({ length: truth.categories }, (_, category) =>
    matchCategory({ truth, found, boxes, detections }, category),
  );
}

/** Row numbers sorted by category, then image, in their given order within; `start[category * images + image]` is where a cell begins. */
interface Cells {
  readonly rows: Int32Array;
  readonly start: Int32Array;
}

interface Tables {
  readonly truth: DetectionTruth;
  readonly found: Detections;
  readonly boxes: Cells;
  readonly detections: Cells;
}

function rowsByCell(
  { image, category }: Pick<Detections, "image" | "category">,
  { images, categories }: Pick<DetectionTruth, "images" | "categories">,
): Cells {
  const start = new Int32Array(images * categories + 1);
  const cellOf = (row: number) => (category[row] as number) * images + (image[row] as number);
  for (let row = 0; row < image.length; row++) start[cellOf(row) + 1]!++;
  for (let cell = 0; cell < images * categories; cell++) start[cell + 1]! += start[cell] as number;
  const next = start.slice();
  const rows = new Int32Array(image.length);
  for (let row = 0; row < image.length; row++) rows[next[cellOf(row)]!++] = row;
  return { rows, start };
}

function matchCategory(tables: Tables, category: number): CategoryMatches {
  const { truth, found, detections } = tables;
  const { images } = truth;
  const areas = AREA_RANGES.length;
  const thresholds = IOU_THRESHOLDS.length;
  const kept: Int32Array[] = [];
  let count = 0;
  for (let image = 0; image < images; image++) {
    const rows = surestFirst(cellRows(detections, category * images + image), found.score).subarray(0, MAX_DETECTIONS);
    kept.push(rows);
    count += rows.length;
  }
  const states = new Uint8Array(areas * thresholds * count);
  const positives = new Int32Array(areas * images);
  const row = new Int32Array(count);
  const rank = new Uint8Array(count);
  let first = 0;
  for (let image = 0; image < images; image++) {
    const rows = kept[image] as Int32Array;
    row.set(rows, first);
    for (let i = 0; i < rows.length; i++) rank[first + i] = i;
    matchImage(tables, { cell: category * images + image, image, rows, first, count }, states, positives);
    first += rows.length;
  }
  const order = surestFirst(
    Int32Array.from({ length: count }, (_, i) => i),
    Float64Array.from(row, (r) => found.score[r] as number),
  );
  const state = new Uint8Array(states.length);
  for (let plane = 0; plane < areas * thresholds; plane++) {
    for (let i = 0; i < count; i++) state[plane * count + i] = states[plane * count + (order[i] as number)] as number;
  }
  return {
    count,
    image: Int32Array.from(order, (i) => found.image[row[i] as number] as number),
    rank: Uint8Array.from(order, (i) => rank[i] as number),
    state,
    positives,
  };
}

function cellRows({ rows, start }: Cells, cell: number): Int32Array {
  return rows.subarray(start[cell], start[cell + 1]);
}

/** Indices by falling score; equal scores keep their order. */
function surestFirst(indices: Int32Array, score: Float64Array): Int32Array {
  if (indices.length < 2) return indices;
  // Positions break ties, so that the order does not depend on the engine's sort being stable on typed arrays.
  const place = Array.from(indices, (_, i) => i);
  place.sort((a, b) => (score[indices[b]!] as number) - (score[indices[a]!] as number) || a - b);
  return Int32Array.from(place, (i) => indices[i] as number);
}

interface ImageCell {
  readonly cell: number;
  readonly image: number;
  /** Detections kept, the surest first. */
  readonly rows: Int32Array;
  /** Where they begin among the category's detections, and how many those are. */
  readonly first: number;
  readonly count: number;
}

function matchImage(
  { truth, found, boxes }: Tables,
  { cell, image, rows, first, count }: ImageCell,
  state: Uint8Array,
  positives: Int32Array,
): void {
  const truths = cellRows(boxes, cell);
  if (rows.length === 0 && truths.length === 0) return;
  const overlaps = new Float64Array(rows.length * truths.length);
  for (let d = 0; d < rows.length; d++) {
    for (let g = 0; g < truths.length; g++) {
      const box = truths[g] as number;
      overlaps[d * truths.length + g] = boxOverlap(
        found.box,
        rows[d] as number,
        truth.box,
        box,
        truth.crowd[box] === 1,
      );
    }
  }
  for (const [a, { low, high }] of AREA_RANGES.entries()) {
    const isOutside = (area: number) => area < low || area > high;
    const doesNotCount = Array.from(truths, (box) => truth.crowd[box] === 1 || isOutside(truth.area[box] as number));
    const order = [...doesNotCount.keys()].sort((x, y) => Number(doesNotCount[x]) - Number(doesNotCount[y]) || x - y);
    positives[a * truth.images + image] = doesNotCount.filter((ignored) => !ignored).length;
    const outside = Array.from(rows, (r) =>
      isOutside((found.box[4 * r + 2] as number) * (found.box[4 * r + 3] as number)),
    );
    for (let t = 0; t < IOU_THRESHOLDS.length; t++) {
      const isTaken = new Uint8Array(truths.length);
      for (let d = 0; d < rows.length; d++) {
        const match = choose(overlaps.subarray(d * truths.length, (d + 1) * truths.length), {
          threshold: IOU_THRESHOLDS[t] as number,
          order,
          doesNotCount,
          isFree: (g) => isTaken[g] === 0 || truth.crowd[truths[g] as number] === 1,
        });
        if (match !== -1) isTaken[match] = 1;
        const isIgnored = match === -1 ? outside[d] : doesNotCount[match];
        const at = (a * IOU_THRESHOLDS.length + t) * count + first + d;
        state[at] = isIgnored ? IGNORED : match === -1 ? FALSE_POSITIVE : TRUE_POSITIVE;
      }
    }
  }
}

interface Choice {
  readonly threshold: number;
  /** Boxes that count come first. */
  readonly order: readonly number[];
  readonly doesNotCount: readonly boolean[];
  readonly isFree: (box: number) => boolean;
}

/** The box that a detection takes, or -1. */
function choose(overlap: Float64Array, { threshold, order, doesNotCount, isFree }: Choice): number {
  // A threshold of 1 would be missed by a perfect overlap that rounding left a little below.
  let best = Math.min(threshold, 1 - 1e-10);
  let match = -1;
  for (const g of order) {
    if (!isFree(g)) continue;
    if (match !== -1 && !doesNotCount[match] && doesNotCount[g]) break;
    if ((overlap[g] as number) < best) continue;
    best = overlap[g] as number;
    match = g;
  }
  return match;
}
