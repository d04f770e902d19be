import { readText } from "../platform/files.ts";
import { counted, invalidItems } from "./describe.ts";
import { MISSING_HINT, readJson } from "./read-document.ts";

/** One image and its class, as a labels file or a class folder gives them. */
export interface LabelledFile {
  /** Path relative to the image folder, with forward slashes. */
  readonly file: string;
  /** Class name, or class index. */
  readonly label: string | number;
}

/**
 * Reads a labels file, in its order: JSON ({"cat/1.jpg": "cat"} or [{"file": ..., "label": ...}]) or CSV (two columns, file and label, with
 * or without a header line; quotes as in RFC 4180). CONFIG_DATA_INVALID naming the line or entry.
 */
export async function readLabelsFile(path: string): Promise<LabelledFile[]> {
  const entries = /\.json$/i.test(path)
    ? fromJson(await readJson(path, "the labels file"), path)
    : fromCsv(await readText(path, { what: "the labels file", code: "CONFIG_DATA_MISSING", hint: MISSING_HINT }), path);
  if (entries.length === 0)
    throw invalidItems(`The labels file ${path} names no image.`, "Write one line an image: file,label.");
  const seen = new Set<string>();
  for (const { file } of entries) {
    if (seen.has(file)) throw invalidItems(`The labels file ${path} names ${file} twice.`, "Keep one line an image.");
    seen.add(file);
  }
  return entries;
}

function fromJson(value: unknown, path: string): LabelledFile[] {
  const pairs = Array.isArray(value)
    ? value.map((entry: unknown) => (isRecord(entry) ? [entry["file"], entry["label"]] : [undefined, undefined]))
    : isRecord(value)
      ? Object.entries(value)
      : [];
  return pairs.map(([file, label], i) => {
    const isLabel = typeof label === "string" || Number.isInteger(label);
    if (typeof file === "string" && file !== "" && isLabel) return { file, label: label as string | number };
    throw invalidItems(
      `Entry ${i} of ${path} is not an image with its label.`,
      'Write {"image.jpg": "class", ...} or [{"file": "image.jpg", "label": "class"}, ...]; a label is a class name or an index.',
    );
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const HEADER = /^(file|filename|file_name|image|path)$/i;

function fromCsv(text: string, path: string): LabelledFile[] {
  const rows = parseCsv(text, path);
  const isHeader = rows[0] !== undefined && HEADER.test(rows[0].cells[0] ?? "");
  return rows.slice(isHeader ? 1 : 0).map(({ cells, line }) => {
    const [file, label] = cells;
    if (cells.length === 2 && file && label) return { file, label: /^-?\d+$/.test(label) ? Number(label) : label };
    throw invalidItems(
      `Line ${line} of ${path} has ${counted(cells.length, "column")} where file and label are expected.`,
      'Write one line an image: file,label. A name with a comma goes in double quotes: "a,b.jpg",cat.',
    );
  });
}

interface CsvRow {
  readonly cells: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

/** Rows that are not empty. A quoted cell may hold commas, line breaks and doubled quotes. */
function parseCsv(text: string, path: string): CsvRow[] {
  const rows: CsvRow[] = [];
  const cell = /[ \t]*(?:"((?:[^"]|"")*)"|([^",\r\n]*))[ \t]*(,|\r?\n|$)/y;
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  while (cell.lastIndex < text.length || cells.length > 0) {
    const found = cell.exec(text);
    if (found === null)
      throw invalidItems(
        `Line ${line} of ${path} is not CSV.`,
        'A double quote inside a quoted cell is doubled: "a""b".',
      );
    cells.push(found[1]?.replaceAll('""', '"') ?? (found[2] as string).trim());
    line += found[0].split("\n").length - 1;
    if (found[3] === ",") continue;
    if (cells.length > 1 || cells[0] !== "") rows.push({ cells, line: start });
    cells = [];
    start = line;
  }
  return rows;
}
