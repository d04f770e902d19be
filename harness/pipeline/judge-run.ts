import type { CiReport } from "../domain/ci-report.ts";
import { HarnessError } from "../domain/errors.ts";
import type { GateArtifact } from "../domain/generated/gate-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { Verdict } from "../gate/judge.ts";
import { ciLines } from "../report/ci-lines.ts";
import { sentences } from "../report/sentences.ts";
import { compareWithBaseline, type Identity, readAsBaseline, STORAGE_ROOT } from "./baselines.ts";
import type { RunComparison } from "./baselines-compare.ts";
import { decideWithPolicy } from "./decide.ts";
import { type HistoryVerdict, judgeHistory } from "./history-gate.ts";

export interface JudgeOptions extends Identity {
  /** Run folder, a file in it, or a run id. */
  readonly run: string;
  readonly outDir: string;
  readonly policy?: string | undefined;
  readonly certificate?: string | undefined;
  readonly storageRoot?: string | undefined;
  /** Compare with this record too; `latest`: with the newest that fits. */
  readonly baselineRef?: string | undefined;
  /** Only pinned records will do. */
  readonly pinned?: boolean | undefined;
  /** Judge by the history in this folder too. */
  readonly historyDir?: string | undefined;
}

/** A run judged by all that was asked for. */
export interface JudgedRun {
  readonly summary: Summary;
  readonly gate: GateArtifact;
  readonly baseline: { readonly comparison: RunComparison; readonly notes: readonly string[] } | null;
  /** Why there is no baseline to compare with although one was asked for: the run is not judged, whatever else holds. */
  readonly mismatch: HarnessError | null;
  readonly history: HistoryVerdict | null;
  /** The worst of all: 5 after a canary abort, then 6 for a mismatch, 3, 4, 0. */
  readonly exitCode: number;
  readonly report: CiReport;
}

/**
 * Decides a stored run again: by its session, then against a recorded run and the history where asked. A run that passes by itself
 * fails when a cell that matters (a required one, or the one that would ship) regressed against either. The history never passes
 * a run and never holds one up: too few runs decide nothing.
 */
export async function judgeRun(options: JudgeOptions): Promise<JudgedRun> {
  const { run, outDir, storageRoot = STORAGE_ROOT } = options;
  const { policy, certificate } = options;
  const { summary, gate } = await decideWithPolicy({ run, outDir, policy, certificate });
  const { baseline, mismatch } = await againstBaseline(options, storageRoot, gate);
  const history =
    options.historyDir === undefined
      ? null
      : await judgeHistory({
          root: options.historyDir,
          storageRoot,
          run: await readAsBaseline(run, outDir, options),
          gates: gate.gates,
        });
  const matters = (row: { readonly cell_id: string; readonly role: string }) =>
    row.role === "required" || row.cell_id === summary.suite.ship;
  const verdicts: Verdict[] = [
    summary.suite.verdict,
    ...(baseline?.comparison.rows ?? []).filter(matters).map((row) => row.verdict),
    ...(history?.checks ?? [])
      .filter((check) => matters(check) && check.tier === "primary" && check.verdict === "fail")
      .map((check) => check.verdict),
  ];
  const verdict = verdicts.includes("fail")
    ? "fail"
    : verdicts.every((one) => one === "pass")
      ? "pass"
      : "inconclusive";
  const exitCode = exitCodeOf({ summary, mismatch, verdict });
  const report: CiReport = {
    summary,
    verdict: exitCode === 0 || verdict === "fail" ? verdict : "inconclusive",
    exitCode,
    headline: mismatch === null ? headlineOf(summary, verdict) : `${mismatch.message}. ${mismatch.hint}`,
    lines: ciLines({ summary, comparison: baseline?.comparison, history: history?.checks, matters, mismatch }),
    reproduce: reproduceCommand(options, summary.run_id),
  };
  return { summary, gate, baseline, mismatch, history, exitCode, report };
}

async function againstBaseline(
  options: JudgeOptions,
  storageRoot: string,
  gate: GateArtifact,
): Promise<Pick<JudgedRun, "baseline" | "mismatch">> {
  const { baselineRef, pinned } = options;
  if (baselineRef === undefined && pinned !== true) return { baseline: null, mismatch: null };
  try {
    const { comparison, notes } = await compareWithBaseline({
      ...options,
      storageRoot,
      baselineRef: baselineRef === "latest" ? undefined : baselineRef,
      gates: gate.gates,
    });
    return { baseline: { comparison, notes }, mismatch: null };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { baseline: null, mismatch: error };
  }
}

function exitCodeOf({
  summary,
  mismatch,
  verdict,
}: {
  readonly summary: Summary;
  readonly mismatch: HarnessError | null;
  readonly verdict: Verdict;
}): number {
  if (summary.state === "canary-abort") return 5;
  if (mismatch !== null) return mismatch.exitCode;
  return { pass: 0, fail: 3, inconclusive: 4 }[verdict];
}

/** What the session says, unless it passes and something else does not. */
function headlineOf(summary: Summary, verdict: Verdict): string {
  if (summary.suite.verdict === "pass" && verdict !== "pass") {
    return verdict === "fail"
      ? "The run passes by itself, but it is worse than before."
      : "The run passes by itself, but it is not decided whether it is worse than before.";
  }
  // "Simulated: ..." says nothing about the verdict; every report says it by itself.
  return sentences({ ...summary, simulated: false })[0] ?? `${summary.suite.verdict}.`;
}

function reproduceCommand(options: JudgeOptions, runId: string): string {
  const flags = [
    ["--policy", options.policy],
    ["--certificate", options.certificate],
    ["--baseline-ref", options.baselineRef],
    [
      "--storage-root",
      options.baselineRef === undefined && options.historyDir === undefined ? undefined : options.storageRoot,
    ],
    ["--history-dir", options.historyDir],
  ] as const;
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, quoted(value)]));
  return [
    "quantgate",
    "gate",
    "--run",
    quoted(options.run.replace(/\blatest$/, runId)),
    ...(options.pinned ? ["--pinned"] : []),
    ...given,
  ].join(" ");
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
