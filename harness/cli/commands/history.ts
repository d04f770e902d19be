import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { analyzeHistory, recordHistory } from "../../pipeline/history.ts";
import { renderHistory } from "../../report/history-text.ts";
import { readHistory } from "../../store/history.ts";
import { exportHistory } from "../../store/history-parquet.ts";

export interface HistoryFlags {
  readonly historyDir: string;
  readonly storageRoot: string;
  readonly outDir: string;
  readonly testId?: string;
  readonly record?: string;
  readonly parquet?: string;
  readonly json?: boolean;
}

/** Adds a run where asked, then says what the history shows. Always 0: history advises, gates decide. */
export async function runHistory(flags: HistoryFlags): Promise<number> {
  if (flags.record !== undefined) {
    await recordHistory({ run: flags.record, outDir: flags.outDir, root: flags.historyDir });
  }
  const report = await analyzeHistory({ root: flags.historyDir, storageRoot: flags.storageRoot, testId: flags.testId });
  if (flags.parquet !== undefined) {
    const { runs } = await readHistory(resolve(flags.historyDir));
    await exportHistory(
      resolve(flags.parquet),
      runs.filter((run) => flags.testId === undefined || run.test_id === flags.testId),
    );
  }
  process.stdout.write(flags.json ? artifactJson(report) : `${renderHistory(report)}\n`);
  return 0;
}
