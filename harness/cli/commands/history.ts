import { artifactJson } from "../../domain/canonical-json.ts";
import { analyzeHistory, recordHistory } from "../../pipeline/history.ts";
import { renderHistory } from "../../report/history-text.ts";

export interface HistoryFlags {
  readonly historyDir: string;
  readonly storageRoot: string;
  readonly outDir: string;
  readonly testId?: string;
  readonly record?: string;
  readonly json?: boolean;
}

/** Adds a run where asked, then says what the history shows. Always 0: history advises, gates decide. */
export async function runHistory(flags: HistoryFlags): Promise<number> {
  if (flags.record !== undefined) {
    await recordHistory({ run: flags.record, outDir: flags.outDir, root: flags.historyDir });
  }
  const report = await analyzeHistory({ root: flags.historyDir, storageRoot: flags.storageRoot, testId: flags.testId });
  process.stdout.write(flags.json ? artifactJson(report) : `${renderHistory(report)}\n`);
  return 0;
}
