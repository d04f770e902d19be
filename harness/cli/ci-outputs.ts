import { appendFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import type { CiReport } from "../domain/ci-report.ts";
import { writeError } from "../platform/file-errors.ts";
import { atomicWrite } from "../platform/files.ts";
import { renderComment, renderStepSummary } from "../report/ci-markdown.ts";
import { renderAnnotations } from "../report/github-annotations.ts";
import { renderJunit } from "../report/junit.ts";

/** What a CI wants of `sweep` and `gate`. */
export interface CiFlags {
  readonly junit?: string;
  readonly comment?: string;
  readonly stepSummary?: string;
  readonly ci?: "github" | "none";
}

export function wantsCi({ junit, comment, stepSummary, ci }: CiFlags): boolean {
  return junit !== undefined || comment !== undefined || stepSummary !== undefined || ci === "github";
}

/** Removes the files of an earlier run first: a crash must not leave its green report behind. */
export async function clearCiOutputs({ junit, comment, stepSummary }: CiFlags): Promise<void> {
  for (const path of [junit, comment, stepSummary]) if (path !== undefined) await rm(resolve(path), { force: true });
}

/**
 * Writes what was asked for. `--ci github`: annotations to stderr, so that stdout stays the result's, the step summary where
 * GITHUB_STEP_SUMMARY says, and verdict, exit_code, ship, run_id and run to GITHUB_OUTPUT.
 */
export async function writeCiOutputs(
  flags: CiFlags,
  report: CiReport,
  { env, runFolder }: { readonly env: NodeJS.ProcessEnv; readonly runFolder: string },
): Promise<void> {
  if (flags.junit !== undefined) await atomicWrite(resolve(flags.junit), renderJunit(report));
  if (flags.comment !== undefined) await atomicWrite(resolve(flags.comment), renderComment(report));
  if (flags.stepSummary !== undefined) await atomicWrite(resolve(flags.stepSummary), renderStepSummary(report));
  if (flags.ci !== "github") return;
  for (const line of renderAnnotations(report)) process.stderr.write(`${line}\n`);
  const { GITHUB_STEP_SUMMARY: summaryPath, GITHUB_OUTPUT: outputPath } = env;
  if (summaryPath) await append(summaryPath, renderStepSummary(report));
  if (outputPath) {
    const { verdict, exitCode, summary } = report;
    const outputs = {
      verdict,
      exit_code: exitCode,
      ship: summary.suite.ship ?? "",
      run_id: summary.run_id,
      run: runFolder,
    };
    // A name that a person chose must not begin an output of its own.
    const lines = Object.entries(outputs).map(([name, value]) => `${name}=${String(value).replaceAll(/[\r\n]/g, " ")}`);
    await append(outputPath, `${lines.join("\n")}\n`);
  }
}

async function append(path: string, text: string): Promise<void> {
  await appendFile(path, text).catch((error: unknown) => {
    throw writeError(path, error);
  });
}
