import { dirname, join, relative, resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import type { CanaryReport } from "../../domain/generated/canary-v1.ts";
import { judgeRun } from "../../pipeline/judge-run.ts";
import type { SweepEvent } from "../../pipeline/progress.ts";
import { resumeSweep, type SweepResult, sweep } from "../../pipeline/sweep.ts";
import { atomicWrite } from "../../platform/files.ts";
import { renderCanary } from "../../report/canary-text.ts";
import { sentences } from "../../report/sentences.ts";
import { headerLine, renderTerminal } from "../../report/terminal.ts";
import { clearCiOutputs, wantsCi, writeCiOutputs } from "../ci-outputs.ts";
import { watchInterrupts } from "../interrupt.ts";
import { createProgress, type Progress } from "../progress.ts";
import { textOptions } from "../terminal.ts";
import { type SweepFlags, sweepOptionsFrom } from "./flags.ts";

/** The main job, on the terminal: progress to stderr, the result to stdout. */
export async function runSweep(config: string | undefined, flags: SweepFlags): Promise<number> {
  if (flags.dryRun) return (await import("./plan.ts")).runPlan(config, flags);
  const options = sweepOptionsFrom(config, flags);
  await clearCiOutputs(flags);
  const interrupt = watchInterrupts();
  const progress = createProgress({ stream: process.stderr, env: process.env, enabled: !flags.json && !flags.quiet });
  let runFolder: string | undefined;
  try {
    const listen = listener(progress, (folder) => {
      runFolder = folder;
    });
    const onProgress = flags.quiet ? warnOnly(listen) : listen;
    const all = { ...options, signal: interrupt.signal, onProgress };
    const result = flags.resume === undefined ? await sweep(all) : await resumeSweep(flags.resume, all);
    progress.stop();
    if (wantsCi(flags)) {
      const { runFolder } = result;
      const { report } = await judgeRun({ run: relative(process.cwd(), runFolder) || ".", outDir: flags.outDir });
      await writeCiOutputs(flags, report, { env: process.env, runFolder });
    }
    if (flags.summaryOut !== undefined) await atomicWrite(resolve(flags.summaryOut), artifactJson(result.summary));
    if (flags.json) process.stdout.write(artifactJson(result.summary));
    else process.stdout.write(`${flags.quiet ? quietText(result) : resultText(result)}\n`);
    return result.exitCode;
  } catch (error) {
    progress.stop();
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) {
      if (runFolder !== undefined) process.stderr.write(`${resumeHint(runFolder)}\n`);
      throw error;
    }
    process.stderr.write(`interrupted${runFolder === undefined ? "" : `. ${resumeHint(runFolder)}`}\n`);
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

/** What `--quiet` still says: a warning is no progress. */
function warnOnly(listen: (event: SweepEvent) => void): (event: SweepEvent) => void {
  return (event) => {
    listen(event);
    if (event.kind === "warning") process.stderr.write(`warning: ${event.message}\n`);
  };
}

/** The verdict and what it means, on one line. */
function quietText({ summary }: SweepResult): string {
  const told = sentences(summary);
  const lead = summary.simulated ? told[1] : told[0];
  return `${summary.suite.verdict.toUpperCase()}${summary.simulated ? " (simulated)" : ""}: ${lead ?? told[0] ?? ""}`;
}

function listener(progress: Progress, onFolder: (folder: string) => void): (event: SweepEvent) => void {
  const text = textOptions(process.stderr, process.env);
  return (event) => {
    switch (event.kind) {
      case "planned": {
        onFolder(event.runFolder);
        const { name, simulated, dataset, notices, trial_counts: counts } = event.plan;
        const facts = { name, simulated, items: dataset.count, itemNoun: dataset.item_noun };
        progress.line(headerLine(facts, text));
        for (const notice of notices) progress.line(`note: ${notice}`);
        if (event.done > 0) progress.line(`resuming: ${event.done} of ${counts.total} trials are done`);
        return;
      }
      case "variant":
        if (event.index === 0) progress.line(`preparing ${event.total} variants`);
        return;
      case "step":
        progress.line(stepText(event));
        return;
      case "canary":
        progress.line(renderCanary(event.report, { ...text, secondsLeft: event.secondsLeft }));
        return;
      case "trial":
        if (event.done === 1) progress.start(event.total, 1);
        progress.tick(event.done, { label: event.label, etaSeconds: event.secondsLeft });
        return;
      case "warning":
        progress.line(`warning: ${event.message}`);
    }
  };
}

function stepText({ stepId, state, cached, reason, log }: Extract<SweepEvent, { kind: "step" }>): string {
  if (state === undefined)
    return `step ${stepId}: running${log === undefined ? "" : `, log in ${relative(process.cwd(), log)}`}`;
  return `step ${stepId}: ${state}${cached ? " (cached)" : ""}${reason === null ? "" : `: ${reason}`}`;
}

function resultText({ summary, canary, runFolder, exitCode }: SweepResult): string {
  const text = textOptions(process.stdout, process.env);
  const shown = relative(process.cwd(), runFolder) || ".";
  const latest = join(dirname(shown), "latest");
  if (exitCode === 5) return abortText(canary, shown, text);
  return renderTerminal(summary, {
    ...text,
    // Where both streams are the same terminal, the header stands above already.
    header: !(process.stdout.isTTY && process.stderr.isTTY),
    pointers: [
      { label: "summary", target: `${latest}/summary.md` },
      { label: "report", target: `${latest}/report.html` },
      { label: "again", target: `quantgate gate --run ${latest}` },
      { label: "next", target: "quantgate init your-model.onnx --images your-photos/" },
    ],
  });
}

function abortText(canary: CanaryReport, shown: string, text: { color: boolean; width: number }): string {
  return `${renderCanary(canary, { ...text, secondsLeft: undefined })}\nwhy: ${shown}/canary.json`;
}

function resumeHint(runFolder: string): string {
  return `Nothing is lost: quantgate sweep --resume ${relative(process.cwd(), runFolder) || "."}`;
}
