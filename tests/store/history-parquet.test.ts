import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import type { HistoryLine } from "../../harness/domain/generated/history-v1.ts";
import { exportHistory } from "../../harness/store/history-parquet.ts";
import { need } from "../fixtures/require.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-parquet-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function line(i: number, more: Partial<HistoryLine> = {}): HistoryLine {
  return {
    schema_version: "quantgate.history.v1",
    generated_at: new Date(Date.UTC(2026, 0, 1, 2, 3, 4, 5) + 86_400_000 * i).toISOString(),
    run_id: `run-${i}`,
    test_id: "digits, déjà vu",
    revision: "r1",
    hard: "a".repeat(16),
    soft: "b".repeat(16),
    commit_sha: i % 2 === 0 ? `commit-${i}` : null,
    state: "complete",
    verdict: i === 1 ? "fail" : "pass",
    points: [
      { cell_id: "digits/u8s8", metric: "latency.ratio", value: -0.1 * i, ...(i === 2 ? { doubt: "noisy" } : {}) },
      { cell_id: "digits/fp32", metric: "size.bytes", value: 1e15 + i },
    ],
    ...more,
  };
}

const bufferOf = (path: string): ArrayBuffer => {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
};

test("a history comes back from Parquet as it was: texts, times, exact doubles and nulls", async () => {
  const path = join(folder, "history.parquet");
  const runs = Array.from({ length: 300 }, (_, i) => line(i));
  assert.equal(await exportHistory(path, runs), 600);
  const rows = await parquetReadObjects({ file: bufferOf(path) });
  const expected = runs.flatMap((run) =>
    run.points.map((point) => ({
      run_id: run.run_id,
      test_id: run.test_id,
      revision: run.revision,
      hard: run.hard,
      soft: run.soft,
      commit_sha: run.commit_sha,
      state: run.state,
      verdict: run.verdict,
      generated_at: new Date(run.generated_at),
      cell_id: point.cell_id,
      metric: point.metric,
      value: point.value,
      doubt: point.doubt ?? null,
    })),
  );
  assert.deepEqual(
    rows.map((row) => ({ ...row, commit_sha: row["commit_sha"] ?? null, doubt: row["doubt"] ?? null })),
    expected,
  );
});

test("an empty history is a Parquet file with all the columns and no row", async () => {
  const path = join(folder, "empty.parquet");
  assert.equal(await exportHistory(path, []), 0);
  const file = bufferOf(path);
  assert.deepEqual(await parquetReadObjects({ file }), []);
  const names = parquetSchema(parquetMetadata(file)).children.map((child) => child.element.name);
  assert.equal(names.length, 13);
});

test("a path that cannot be written is STORE_WRITE", async () => {
  await assert.rejects(exportHistory(folder, [line(0)]), { code: "STORE_WRITE" });
});

const python = process.env["QUANTGATE_PYTHON"] ?? "python3";
const hasPyarrow = spawnSync(python, ["-c", "import pyarrow.parquet"]).status === 0;

test("pyarrow reads the same table", need("pyarrow", hasPyarrow), async () => {
  const path = join(folder, "pyarrow.parquet");
  await exportHistory(path, [line(0), line(1), line(2)]);
  const program = `
import json, sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
rows = table.to_pylist()
for row in rows: row["generated_at"] = row["generated_at"].isoformat()
print(json.dumps({"rows": rows, "type": str(table.schema.field("value").type)}))
`;
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, path], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const { rows, type } = JSON.parse(stdout);
  assert.equal(type, "double");
  assert.equal(rows.length, 6);
  assert.deepEqual([rows[0].generated_at.slice(0, 23), rows[2].commit_sha], ["2026-01-01T02:03:04.005", null]);
  assert.deepEqual([rows[4].doubt, rows[4].value, rows[5].value], ["noisy", -0.2, 1e15 + 2]);
});
