import { HarnessError } from "../domain/errors.ts";
import type { ActivationRow } from "../domain/generated/activation-row-v1.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { numbersOf, readParquetRows } from "../platform/parquet.ts";
import { validator } from "../platform/schema.ts";

/** Input vectors of one layer, as calibration reads them. */
export interface LayerRows {
  /** Values of one vector. */
  readonly columns: number;
  readonly count: number;
  /** count × columns. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Time step or position of each vector. */
  readonly times: Int32Array<ArrayBuffer>;
}

/**
 * Reads activation rows from a .jsonl or .parquet file, by layer, in file order.
 * @throws HarnessError CONFIG_DATA_MISSING, CONFIG_DATA_INVALID with the line or row that is wrong.
 */
export async function readActivationRows(path: string): Promise<Map<string, LayerRows>> {
  const rows = /\.parquet$/i.test(path)
    ? await parquetRows(path)
    : /\.jsonl$|\.ndjson$/i.test(path)
      ? await jsonRows(path)
      : undefined;
  if (rows === undefined) {
    throw new HarnessError("CONFIG_DATA_INVALID", `The calibration file ${path} is neither .jsonl nor .parquet.`, {
      hint: "Rows have the fields layer, values and, where it matters, time.",
    });
  }
  if (rows.length === 0) {
    throw new HarnessError("CONFIG_DATA_INVALID", `The calibration file ${path} has no rows.`, {
      hint: "Leave --calibration out to use seeded synthetic data, which the report marks as such.",
    });
  }
  const byLayer = new Map<string, ActivationRow[]>();
  for (const row of rows) byLayer.set(row.layer, [...(byLayer.get(row.layer) ?? []), row]);
  return new Map([...byLayer].map(([layer, own]) => [layer, packRows(path, layer, own)]));
}

async function jsonRows(path: string): Promise<ActivationRow[]> {
  const text = await readText(path, { what: "calibration file", code: "CONFIG_DATA_MISSING" });
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const what = `${path}, line ${index + 1}`;
    return [checkRow(parseJson(line, { what, code: "CONFIG_DATA_INVALID" }), what)];
  });
}

async function parquetRows(path: string): Promise<ActivationRow[]> {
  const rows = await readParquetRows(path, { what: "calibration file", code: "CONFIG_DATA_MISSING" });
  return rows.map(({ values, time, ...rest }, index) => {
    const row = {
      ...rest,
      values: numbersOf(values) ?? values,
      ...(time === undefined || time === null ? {} : { time: Number(time) }),
    };
    return checkRow(row, `${path}, row ${index + 1}`);
  });
}

function checkRow(value: unknown, what: string): ActivationRow {
  if (typeof (value as { text?: unknown } | null)?.text === "string") {
    throw new HarnessError(
      "CONFIG_DATA_INVALID",
      `${what} is text, and no tokenizer is at hand to turn it into what the model reads.`,
      {
        hint: 'Write the token ids as rows of the model\'s input, {"layer": "input_ids", "values": [ids]}, or the vectors that a layer reads.',
      },
    );
  }
  return validator.validate<ActivationRow>("activation_row.v1", value, {
    what,
    code: "CONFIG_DATA_INVALID",
    hint: 'A row is {"layer": "name of the tensor", "values": [numbers], "time": whole number}.',
  });
}

function packRows(path: string, layer: string, rows: readonly ActivationRow[]): LayerRows {
  const columns = rows[0]?.values.length ?? 0;
  const values = new Float32Array(rows.length * columns);
  for (const [r, row] of rows.entries()) {
    if (row.values.length !== columns) {
      throw new HarnessError(
        "CONFIG_DATA_INVALID",
        `${path}: the rows of layer ${layer} have ${columns} and ${row.values.length} values.`,
        { hint: "Every row of a layer is one input vector of it." },
      );
    }
    values.set(row.values, r * columns);
  }
  return { columns, count: rows.length, values, times: Int32Array.from(rows, (row) => row.time ?? 0) };
}
