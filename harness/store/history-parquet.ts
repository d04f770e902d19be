import { parquetWriteBuffer } from "hyparquet-writer";
import type { HistoryLine } from "../domain/generated/history-v1.ts";
import { atomicWrite } from "../platform/files.ts";

const TEXT = ["run_id", "test_id", "revision", "hard", "soft", "commit_sha", "state", "verdict"] as const;

/**
 * Writes a history as a Parquet file of one row a point: the run's fields, then cell, metric, value and doubt. Times are timestamps in
 * UTC; a commit or doubt that there is not is null. Returns the number of rows. STORE_WRITE where it cannot be written.
 */
export async function exportHistory(path: string, runs: readonly HistoryLine[]): Promise<number> {
  const rows = runs.flatMap((run) => run.points.map((point) => ({ run, point })));
  const content = parquetWriteBuffer({
    columnData: [
      ...TEXT.map((name) => ({
        name,
        type: "STRING" as const,
        nullable: name === "commit_sha",
        data: rows.map(({ run }) => run[name]),
      })),
      {
        name: "generated_at",
        type: "TIMESTAMP",
        nullable: false,
        data: rows.map(({ run }) => new Date(run.generated_at)),
      },
      { name: "cell_id", type: "STRING", nullable: false, data: rows.map(({ point }) => point.cell_id) },
      { name: "metric", type: "STRING", nullable: false, data: rows.map(({ point }) => point.metric) },
      { name: "value", type: "DOUBLE", nullable: false, data: rows.map(({ point }) => point.value) },
      { name: "doubt", type: "STRING", nullable: true, data: rows.map(({ point }) => point.doubt ?? null) },
    ],
    createdBy: "quantgate",
  });
  await atomicWrite(path, new Uint8Array(content));
  return rows.length;
}
