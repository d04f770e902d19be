import type { PairedTable } from "../domain/comparison.ts";

/** The table of one class. */
export interface ClassTable extends PairedTable {
  readonly label: number;
  /** Items: a + b + c + d. */
  readonly n: number;
}

/** Counts: with n = 0 they are all 0, and `reason` says so. */
export interface PairedOutcome {
  readonly n: number;
  /** Why there is nothing to compare; undefined where there is. */
  readonly reason: string | undefined;
  readonly overall: PairedTable;
  /** All classes in order, those without items too; empty when no labels were given. */
  readonly perClass: readonly ClassTable[];
}

/**
 * Counts the same items' outcomes in A (baseline) and B (candidate), 1 = right: a both right, b only A, c only B, d neither.
 * RangeError when the lengths differ or a label is outside the classes.
 */
export function pairedTable(
  correctA: ArrayLike<number>,
  correctB: ArrayLike<number>,
  by?: { readonly labels: Int32Array; readonly classes: number },
): PairedOutcome {
  const n = correctA.length;
  if (correctB.length !== n || (by !== undefined && by.labels.length !== n)) {
    throw new RangeError(
      `outcomes of ${n} and ${correctB.length} items with ${by?.labels.length ?? n} labels are not pairs`,
    );
  }
  // Four counts a class, in the order a, b, c, d; a last group for all.
  const classes = by?.classes ?? 0;
  const counts = new Uint32Array(4 * (classes + 1));
  for (let item = 0; item < n; item++) {
    const cell = (correctA[item] ? 0 : 2) + (correctB[item] ? 0 : 1);
    count(counts, 4 * classes + cell);
    if (by === undefined) continue;
    const label = by.labels[item] as number;
    if (!(label >= 0 && label < classes))
      throw new RangeError(`item ${item} has the label ${label} of ${classes} classes`);
    count(counts, 4 * label + cell);
  }
  return {
    n,
    reason: n === 0 ? "there are no items to pair" : undefined,
    overall: tableAt(counts, classes),
    perClass: Array.from({ length: classes }, (_, label) => {
      const table = tableAt(counts, label);
      return { label, n: table.a + table.b + table.c + table.d, ...table };
    }),
  };
}

function count(counts: Uint32Array, cell: number): void {
  counts[cell] = (counts[cell] as number) + 1;
}

function tableAt(counts: Uint32Array, group: number): PairedTable {
  const [a, b, c, d] = counts.subarray(4 * group, 4 * group + 4) as unknown as [number, number, number, number];
  return { a, b, c, d };
}
