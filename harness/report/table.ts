import { displayWidth, pad } from "./visible-text.ts";

/** One cell: its text, and how to color it once it has been padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export interface Column {
  readonly header: string;
  /** Which side the text stands on. */
  readonly align: "left" | "right";
  readonly cells: readonly Cell[];
}

/** Spaces between columns. */
const GAP = "  ";

/** Columns that the aligned table takes. */
export function tableWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + columnWidth(column), 0) + GAP.length * Math.max(0, columns.length - 1);
}

/** Aligned lines, header first, without trailing spaces. */
export function tableLines(columns: readonly Column[], paintHeader: (text: string) => string): string[] {
  const rows = Math.max(0, ...columns.map((column) => column.cells.length));
  const header = line(columns, (column) => ({ text: column.header, paint: paintHeader }));
  const body = Array.from({ length: rows }, (_, index) =>
    line(columns, (column) => column.cells[index] ?? { text: "" }),
  );
  return [header, ...body];
}

function columnWidth(column: Column): number {
  return Math.max(displayWidth(column.header), ...column.cells.map((cell) => displayWidth(cell.text)));
}

function line(columns: readonly Column[], pick: (column: Column) => Cell): string {
  const cells = columns.map((column) => {
    const cell = pick(column);
    return { ...cell, padded: pad(cell.text, columnWidth(column), column.align === "left" ? "right" : "left") };
  });
  // Trailing spaces are dropped before painting: a color code would hide them from trimEnd.
  let last = cells.length - 1;
  while (last >= 0 && cells[last]?.text === "") last -= 1;
  return cells
    .slice(0, last + 1)
    .map((cell, index) => {
      const text = index === last ? cell.padded.trimEnd() : cell.padded;
      return cell.paint ? cell.paint(text) : text;
    })
    .join(GAP);
}
