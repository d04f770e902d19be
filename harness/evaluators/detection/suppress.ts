import { type Candidates, pick } from "./candidates.ts";

/** Which boxes may suppress each other. */
export type SuppressionKind =
  /** Boxes of the same class. */
  | "per-class"
  /** The same by moving each class's boxes apart by a fixed offset, as several toolkits do; equal to `per-class` unless boxes lie outside the image. */
  | "class-offset"
  /** All boxes. */
  | "agnostic"
  /** None: the head has done it. */
  | "none";

export interface Suppression {
  readonly kind: SuppressionKind;
  /** A box is dropped when a surer one overlaps it by more. 0..1. */
  readonly iou: number;
  /** Only the surest are looked at. Default 30,000. */
  readonly mostCandidates?: number;
  /** Only the surest are kept. Default 300. */
  readonly mostDetections?: number;
}

const MOST_CANDIDATES = 30_000;
const MOST_DETECTIONS = 300;
/** Pixels: wider than any input. */
const CLASS_OFFSET = 7680;

/** Greedy non-maximum suppression, the surest first, equal scores in their order. */
export function suppress(candidates: Candidates, suppression: Suppression): Candidates {
  const { kind, iou, mostCandidates = MOST_CANDIDATES, mostDetections = MOST_DETECTIONS } = suppression;
  const { score, category, count } = candidates;
  const order = Array.from({ length: count }, (_, i) => i)
    .sort((a, b) => (score[b] as number) - (score[a] as number) || a - b)
    .slice(0, mostCandidates);
  if (kind === "none") return pick(candidates, order.slice(0, mostDetections));
  const corners = kind === "class-offset" ? movedApart(candidates) : candidates.corners;
  const isRival = (a: number, b: number) => kind !== "per-class" || category[a] === category[b];
  const kept: number[] = [];
  for (const row of order) {
    if (kept.length === mostDetections) break;
    if (!kept.some((surer) => isRival(surer, row) && cornerOverlap(corners, surer, row) > iou)) kept.push(row);
  }
  return pick(candidates, kept);
}

function movedApart({ corners, category }: Candidates): Float64Array {
  return corners.map((value, i) => value + (category[i >> 2] as number) * CLASS_OFFSET);
}

function cornerOverlap(corners: Float64Array, a: number, b: number): number {
  const at = (row: number, side: number) => corners[4 * row + side] as number;
  const width = Math.min(at(a, 2), at(b, 2)) - Math.max(at(a, 0), at(b, 0));
  const height = Math.min(at(a, 3), at(b, 3)) - Math.max(at(a, 1), at(b, 1));
  if (width <= 0 || height <= 0) return 0;
  const area = (row: number) => (at(row, 2) - at(row, 0)) * (at(row, 3) - at(row, 1));
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}
