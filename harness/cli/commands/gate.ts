import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { compareWithBaseline } from "../../pipeline/baselines.ts";
import type { RunComparison } from "../../pipeline/baselines-compare.ts";
import { decideWithPolicy } from "../../pipeline/decide.ts";
import { renderComparison } from "../../report/baselines-text.ts";
import { renderTerminal } from "../../report/terminal.ts";
import { textOptions } from "../terminal.ts";

export interface GateFlags {
  readonly run: string;
  readonly policy?: string;
  readonly certificate?: string;
  readonly outDir: string;
  readonly json?: boolean;
  /** Compare with this record too; `latest`: with the newest that fits. */
  readonly baselineRef?: string;
  readonly storageRoot: string;
}

/** Decides a stored run again, by the plan's gates or another policy's, and against a recorded run where one is named. */
export async function runGate(flags: GateFlags): Promise<number> {
  const policy = flags.policy === undefined ? undefined : resolve(flags.policy);
  const certificate = flags.certificate === undefined ? undefined : resolve(flags.certificate);
  const { summary, gate } = await decideWithPolicy({ run: flags.run, outDir: flags.outDir, policy, certificate });
  const exitCode = summary.state === "canary-abort" ? 5 : summary.suite.exit_code;
  const text = textOptions(process.stdout, process.env);
  if (flags.baselineRef === undefined) {
    process.stdout.write(flags.json ? artifactJson(gate) : `${renderTerminal(summary, text)}\n`);
    return exitCode;
  }
  const { comparison, notes } = await compareWithBaseline({
    run: flags.run,
    outDir: flags.outDir,
    storageRoot: flags.storageRoot,
    baselineRef: flags.baselineRef === "latest" ? undefined : flags.baselineRef,
    gates: gate.gates,
  });
  const shown = `${renderTerminal(summary, text)}\n\n${renderComparison(comparison, notes)}\n`;
  process.stdout.write(flags.json ? artifactJson({ ...gate, baseline: { ...comparison, notes } }) : shown);
  return exitCode === 0 ? baselineExitCode(comparison, summary.suite.ship) : exitCode;
}

/**
 * A run that passes by itself fails when a cell that matters regressed: a required one, or the one that would ship. Undecided is 4
 * only for those, so that a candidate nobody ships cannot hold up a run.
 */
function baselineExitCode({ rows }: RunComparison, ship: string | null): number {
  const matters = rows.filter((row) => row.role === "required" || row.cell_id === ship);
  if (matters.some((row) => row.verdict === "fail")) return 3;
  return matters.every((row) => row.verdict === "pass") ? 0 : 4;
}
