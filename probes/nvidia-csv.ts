import { canonicalColumn } from "./nvidia-fields.ts";

/** What one line of `--query-... --format=csv` is. */
export type CsvLine =
  | { readonly kind: "header" }
  | { readonly kind: "row"; readonly cells: ReadonlyMap<string, string> }
  | { readonly kind: "noise"; readonly text: string }
  | { readonly kind: "blank" };

/** Columns by which a line is known as a heading: one of them is in every query we make and in every recording we met. */
const LANDMARKS = new Set([
  "index",
  "uuid",
  "name",
  "timestamp",
  "pci.bus_id",
  "memory.total",
  "temperature.gpu",
  "pid",
]);

/** The only columns whose text may hold ", ". */
const FREE_TEXT = ["process_name", "name"];

/**
 * Reads nvidia-smi's CSV line by line. Columns are known by the last heading seen, so they may come in any order and change on
 * the way; `columns` names them where the output has no heading. What is neither heading nor row is noise, to be reported.
 */
export function csvReader(columns: readonly string[] = []): (line: string) => CsvLine {
  let names: readonly string[] = columns.map(canonicalColumn);
  return (line) => {
    const text = line.trim();
    if (text === "") return { kind: "blank" };
    const cells = text.split(/,\s/).map((cell) => cell.trim());
    if (isHeading(cells)) {
      names = cells.map(canonicalColumn);
      return { kind: "header" };
    }
    const fitted = fit(cells, names);
    if (fitted === undefined) return { kind: "noise", text: text.slice(0, 500) };
    return { kind: "row", cells: new Map(names.map((name, i) => [name, fitted[i] as string])) };
  };
}

function isHeading(cells: readonly string[]): boolean {
  const isName = (cell: string): boolean => /^[a-z][A-Za-z0-9_.]*( \[[^\]]+\])?$/.test(cell);
  return cells.every(isName) && cells.some((cell) => LANDMARKS.has(canonicalColumn(cell)));
}

/** Cells as many as columns; surplus ones belong to a name with commas in it. undefined: this is no row. */
function fit(cells: readonly string[], names: readonly string[]): readonly string[] | undefined {
  if (names.length === 0) return undefined;
  // A trailing empty cell ends in "," without the space that separates.
  const whole = cells.length === names.length - 1 && cells.at(-1)?.endsWith(",") ? splitLast(cells) : cells;
  if (whole.length === names.length) return whole;
  const at = names.findIndex((name) => FREE_TEXT.includes(name));
  const surplus = whole.length - names.length;
  if (surplus < 0 || at < 0) return undefined;
  const merged = whole.slice(at, at + surplus + 1).join(", ");
  return [...whole.slice(0, at), merged, ...whole.slice(at + surplus + 1)];
}

function splitLast(cells: readonly string[]): readonly string[] {
  return [...cells.slice(0, -1), (cells.at(-1) ?? "").slice(0, -1), ""];
}

/** Groups rows to samples: a sample is complete with `count` rows, or when a GPU comes again. */
export function rowGrouper(emit: (rows: readonly ReadonlyMap<string, string>[]) => void): {
  add(row: ReadonlyMap<string, string>): void;
  flush(): void;
  isEmpty(): boolean;
  /** Whether this row begins the next sample. */
  isComplete(next: ReadonlyMap<string, string>): boolean;
} {
  let rows: ReadonlyMap<string, string>[] = [];
  const keyOf = (row: ReadonlyMap<string, string>): string | undefined => row.get("index") ?? row.get("uuid");
  const isComplete = (next: ReadonlyMap<string, string>): boolean => rows.some((row) => keyOf(row) === keyOf(next));
  const flush = (): void => {
    if (rows.length > 0) emit(rows);
    rows = [];
  };
  return {
    flush,
    isEmpty: () => rows.length === 0,
    isComplete,
    add(row) {
      if (isComplete(row)) flush();
      rows.push(row);
      const count = Number(row.get("count"));
      if (Number.isInteger(count) && count > 0 && rows.length >= count) flush();
    },
  };
}
