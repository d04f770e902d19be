/** A moment in seconds, and a value; null breaks the line. */
export type PlotPoint = readonly [atS: number, value: number | null];

/**
 * Stretches without a gap, thinned to the lowest and highest point of each of `columns` columns: what a plot of that width can show,
 * peaks kept. Points in time order.
 */
export function plotStretches(
  points: readonly PlotPoint[],
  { fromS, toS, columns }: { readonly fromS: number; readonly toS: number; readonly columns: number },
): (readonly [number, number])[][] {
  const stretches: [number, number][][] = [[]];
  for (const [atS, value] of points) {
    if (value === null || !Number.isFinite(value) || !Number.isFinite(atS)) stretches.push([]);
    else stretches.at(-1)?.push([atS, value]);
  }
  const width = (toS - fromS) / Math.max(1, columns);
  return stretches.filter((stretch) => stretch.length > 0).map((stretch) => thin(stretch, fromS, width));
}

function thin(stretch: readonly [number, number][], fromS: number, width: number): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  let column: [number, number][] = [];
  let current = Number.NaN;
  const flush = (): void => {
    if (column.length === 0) return;
    const least = column.reduce((best, point) => (point[1] < best[1] ? point : best));
    const most = column.reduce((best, point) => (point[1] > best[1] ? point : best));
    kept.push(...(least === most ? [least] : least[0] <= most[0] ? [least, most] : [most, least]));
  };
  for (const point of stretch) {
    const index = width > 0 ? Math.floor((point[0] - fromS) / width) : 0;
    if (index !== current) {
      flush();
      column = [];
      current = index;
    }
    column.push(point);
  }
  flush();
  return kept;
}
