import { CHANGE_THRESHOLDS } from "./change-threshold-table.ts";

/** Between rows of the table the threshold is interpolated, in the logarithm of n and in φ; beyond its ends it is that of the end. */
export function changeThreshold(n: number, phi: number): number {
  const { lengths, phis, thresholds } = CHANGE_THRESHOLDS;
  const atLength = (row: number): number => interpolate(phis, thresholds[row] as readonly number[], phi);
  const logs = lengths.map((length) => Math.log(length));
  const byLength = lengths.map((_, row) => atLength(row));
  return interpolate(logs, byLength, Math.log(n));
}

function interpolate(x: readonly number[], y: readonly number[], at: number): number {
  const right = x.findIndex((knot) => knot >= at);
  if (right === 0) return y[0] as number;
  if (right < 0) return y.at(-1) as number;
  const [x0, x1] = [x[right - 1] as number, x[right] as number];
  const [y0, y1] = [y[right - 1] as number, y[right] as number];
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}
