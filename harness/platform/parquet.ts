import { stat } from "node:fs/promises";
import { type ErrorCode, HarnessError } from "../domain/errors.ts";

export interface ParquetSelection {
  readonly columns?: readonly string[];
  /** First row, and the one after the last. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
}

/**
 * Rows of a Parquet file as objects of its columns. Snappy and uncompressed pages only, as the reader comes without other codecs.
 * @throws HarnessError of `code` for a file that is missing, damaged, or compressed otherwise.
 */
export async function readParquetRows(
  path: string,
  as: { readonly what: string; readonly code: ErrorCode },
  { columns, rowStart, rowEnd }: ParquetSelection = {},
): Promise<Record<string, unknown>[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new HarnessError(as.code, `Cannot read ${as.what} ${path}: there is no such file.`, {
      hint: "Check the path.",
    });
  }
  const { asyncBufferFromFile, parquetReadObjects } = await import("hyparquet");
  try {
    const rows = await parquetReadObjects({
      file: await asyncBufferFromFile(path),
      ...(columns === undefined ? {} : { columns: [...columns] }),
      ...(rowStart === undefined ? {} : { rowStart }),
      ...(rowEnd === undefined ? {} : { rowEnd }),
    });
    return rows as Record<string, unknown>[];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HarnessError(as.code, `Cannot read ${as.what} ${path} as Parquet: ${reason}.`, {
      hint: "Write it again with Snappy or no compression.",
      cause,
    });
  }
}

/** Names of the top-level columns of a Parquet file. Errors as in {@link readParquetRows}. */
export async function parquetColumns(
  path: string,
  as: { readonly what: string; readonly code: ErrorCode },
): Promise<string[]> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import("hyparquet");
  try {
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    return parquetSchema(metadata).children.map((child) => child.element.name);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HarnessError(as.code, `Cannot read ${as.what} ${path} as Parquet: ${reason}.`, {
      hint: "Compare its size and digest with the source's.",
      cause,
    });
  }
}

/** Numbers of a Parquet or JSON cell; undefined where it is no list of finite numbers. Integers of 64 bits become doubles. */
export function numbersOf(value: unknown): number[] | undefined {
  const list = Array.isArray(value) ? value : ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : undefined;
  if (list === undefined) return undefined;
  const numbers = list.map((entry) => (typeof entry === "bigint" ? Number(entry) : entry));
  return numbers.every((entry) => typeof entry === "number" && Number.isFinite(entry))
    ? (numbers as number[])
    : undefined;
}
