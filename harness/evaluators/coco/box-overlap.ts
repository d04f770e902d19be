/**
 * Intersection over union of two boxes in x, y, width, height; with a crowd region, intersection over the detection's own area (COCO's
 * rule: a detection inside a crowd lies wholly in it). 0 for boxes that only touch. In 0..1.
 */
export function boxOverlap(
  found: Float64Array,
  foundRow: number,
  truth: Float64Array,
  truthRow: number,
  isCrowd: boolean,
): number {
  const d = 4 * foundRow;
  const g = 4 * truthRow;
  const [dx, dy, dw, dh] = [found[d], found[d + 1], found[d + 2], found[d + 3]] as unknown as [
    number,
    number,
    number,
    number,
  ];
  const [gx, gy, gw, gh] = [truth[g], truth[g + 1], truth[g + 2], truth[g + 3]] as unknown as [
    number,
    number,
    number,
    number,
  ];
  const width = Math.min(dx + dw, gx + gw) - Math.max(dx, gx);
  if (width <= 0) return 0;
  const height = Math.min(dy + dh, gy + gh) - Math.max(dy, gy);
  if (height <= 0) return 0;
  const shared = width * height;
  const own = dw * dh;
  return shared / (isCrowd ? own : own + gw * gh - shared);
}
