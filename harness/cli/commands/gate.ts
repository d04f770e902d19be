import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { type JudgedRun, judgeRun } from "../../pipeline/judge-run.ts";
import { renderComparison } from "../../report/baselines-text.ts";
import { renderHistoryVerdict } from "../../report/history-text.ts";
import { renderTerminal } from "../../report/terminal.ts";
import type { TextOptions } from "../../report/text-options.ts";
import { RunFolder } from "../../store/run-folder.ts";
import { type CiFlags, clearCiOutputs, wantsCi, writeCiOutputs } from "../ci-outputs.ts";
import { textOptions } from "../terminal.ts";

export interface GateFlags extends CiFlags {
  readonly run: string;
  readonly policy?: string;
  readonly certificate?: string;
  readonly outDir: string;
  readonly json?: boolean;
  /** Compare with this record too; `latest`: with the newest that fits. */
  readonly baselineRef?: string;
  readonly pinned?: boolean;
  readonly storageRoot: string;
  readonly historyDir?: string;
}

/** Decides a stored run again, by the plan's gates or another policy's, and against a recorded run and the history where asked. */
export async function runGate(flags: GateFlags): Promise<number> {
  await clearCiOutputs(flags);
  const judged = await judgeRun({
    ...flags,
    policy: flags.policy === undefined ? undefined : resolve(flags.policy),
    certificate: flags.certificate === undefined ? undefined : resolve(flags.certificate),
  });
  if (wantsCi(flags)) {
    const { path: runFolder } = await RunFolder.open(flags.run, flags.outDir);
    await writeCiOutputs(flags, judged.report, { env: process.env, runFolder });
  }
  process.stdout.write(
    flags.json ? artifactJson(asJson(judged)) : `${asText(judged, textOptions(process.stdout, process.env))}\n`,
  );
  // What could be said has been said; the error says what could not.
  if (judged.mismatch !== null) throw judged.mismatch;
  return judged.exitCode;
}

/** The gate artifact, with what it was judged against beside it. */
function asJson({ gate, baseline, history }: JudgedRun): object {
  return {
    ...gate,
    ...(baseline === null ? {} : { baseline: { ...baseline.comparison, notes: baseline.notes } }),
    ...(history === null ? {} : { history }),
  };
}

function asText({ summary, baseline, history, report }: JudgedRun, text: TextOptions): string {
  const parts = [renderTerminal(summary, text)];
  if (baseline !== null) parts.push(renderComparison(baseline.comparison, baseline.notes));
  if (history !== null) parts.push(renderHistoryVerdict(history, report.lines));
  return parts.join("\n\n");
}
