import { HarnessError } from "../../domain/errors.ts";
import type { StepLine } from "../../domain/generated/journal-v1.ts";
import type { PlannedStep } from "../../domain/generated/plan-v1.ts";
import { stepReference } from "../../domain/step-reference.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { copyFile } from "../../platform/files.ts";
import { resolvePath } from "../../store/config-file.ts";
import type { JournalWriter } from "../../store/journal.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import type { CachedStep } from "../../store/step-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import type { OnProgress } from "../progress.ts";
import { runStep, type StepOutcome } from "./run-step.ts";
import type { StepInputFile, StepTools } from "./step-program.ts";
import { needsReason, StepResults } from "./step-results.ts";

export interface StepsContext extends StepTools {
  readonly inputs: SweepInputs;
  readonly folder: RunFolder;
  readonly writer: JournalWriter;
  readonly onProgress: OnProgress;
}

/**
 * Runs the plan's steps in order, or takes their outputs from the cache, and copies what they gave into the run's `steps/`. Every step is
 * in the journal before the next begins. Rejects where a step that is not optional, and that a variant needs, is not ok:
 * RUNTIME_UNAVAILABLE or QUANTIZE_FAILED.
 */
export async function runSteps(context: StepsContext, earlier: readonly StepLine[]): Promise<StepResults> {
  const { inputs, folder, writer, onProgress } = context;
  const results = new StepResults((file) => folder.file(file));
  for (const step of inputs.plan.steps ?? []) {
    context.signal.throwIfAborted();
    const known = earlier.find((line) => line.step_id === step.step_id);
    const line = known !== undefined && (await isWhole(context, known)) ? known : await oneStep(context, step, results);
    if (known !== undefined && line !== known) refuseOther(known, line);
    if (known === undefined) await writer.write(line);
    results.add(line);
    const { state, cached, reason } = line;
    onProgress({ kind: "step", stepId: step.step_id, state, cached, reason, log: undefined });
    if (state === "ok" || step.optional || !step.needed) continue;
    const isMissing =
      state === "unavailable" ||
      (state === "skipped" && results.find(`step:${step.step_id}/${step.outputs[0]?.name}`)?.state === "unavailable");
    const log = line.log === null ? "" : ` Its log is ${folder.file(line.log.file)}.`;
    throw new HarnessError(
      isMissing ? "RUNTIME_UNAVAILABLE" : "QUANTIZE_FAILED",
      `The step ${step.step_id} is ${state}: ${reason ?? "unknown"}`,
      { hint: `${step.install ?? "Correct the step"}, or set "optional": true to go on without it.${log}` },
    );
  }
  return results;
}

/** A step of an interrupted run needs nothing more where its outputs lie in the run as they were recorded. */
async function isWhole({ folder }: StepsContext, line: StepLine): Promise<boolean> {
  for (const { file, sha256 } of line.outputs) {
    if ((await sha256OfFile(folder.file(file)).catch(() => undefined)) !== sha256) return false;
  }
  return true;
}

function refuseOther(known: StepLine, again: StepLine): void {
  const digests = (line: StepLine) => line.outputs.map(({ sha256 }) => sha256).join();
  if (known.state === again.state && digests(known) === digests(again)) return;
  throw new HarnessError(
    "STORE_CORRUPT",
    `The step ${known.step_id} gave something else than before the interruption`,
    {
      hint: "The run cannot be resumed honestly: start a new one.",
    },
  );
}

async function oneStep(context: StepsContext, step: PlannedStep, results: StepResults): Promise<StepLine> {
  if (!step.needed) return skipped(step, "no variant of this run needs it");
  const files: StepInputFile[] = [];
  for (const { name, path, sha256: planned } of step.inputs) {
    const source = results.find(path);
    if (source !== undefined && source.state !== "ok") return skipped(step, needsReason(path, source.state));
    const file = source?.path ?? resolvePath(path, context.inputs.roots);
    const digest = source?.sha256 ?? (await sha256OfFile(file).catch(() => undefined));
    if (digest === undefined || (planned !== null && digest !== planned)) {
      throw new HarnessError(
        "CONFIG_DATA_INVALID",
        `The input ${name} of step ${step.step_id} changed since the plan was made`,
        {
          hint: `Restore ${file}, or start the sweep again.`,
        },
      );
    }
    files.push({ name, path: file, sha256: digest, isMade: stepReference(path) !== undefined });
  }
  const logPath = `logs/steps/${step.step_id}.log`;
  context.onProgress({
    kind: "step",
    stepId: step.step_id,
    state: undefined,
    cached: false,
    reason: null,
    log: context.folder.file(logPath),
  });
  const outcome = await runStep({ step, files, logPath: context.folder.file(logPath) }, context, context.inputs);
  return lineOf(context, step, { files, outcome, logPath });
}

async function lineOf(
  { folder }: StepsContext,
  step: PlannedStep,
  { files, outcome, logPath }: { files: readonly StepInputFile[]; outcome: StepOutcome; logPath: string },
): Promise<StepLine> {
  const made = outcome.state === "ok" ? await keep(folder, step, outcome.made) : [];
  const digest = await sha256OfFile(folder.file(logPath)).catch(() => undefined);
  const models = new Map(outcome.checked.map(({ name, structure, smoke }) => [name, { structure, smoke }]));
  return {
    kind: "step",
    step_id: step.step_id,
    state: outcome.state,
    cached: outcome.cached,
    key: outcome.key,
    command: [...outcome.command],
    tool_version: outcome.toolVersion,
    wall_s: outcome.wallS,
    made_s: outcome.state === "ok" ? outcome.made.madeS : null,
    reason: outcome.state === "ok" ? null : outcome.reason,
    log: digest === undefined ? null : { file: logPath, sha256: digest },
    inputs: files.map(({ name, sha256 }) => ({ name, sha256, structure: outcome.before.get(name) ?? null })),
    outputs: made.map((output) => ({
      ...output,
      structure: models.get(output.name)?.structure ?? null,
      smoke: models.get(output.name)?.smoke ?? null,
    })),
    warnings: [...outcome.warnings],
  };
}

/** Copies the outputs into the run's folder, whose artifacts then need no cache. */
async function keep(folder: RunFolder, step: PlannedStep, made: CachedStep) {
  const kept = [];
  for (const { name, path, sha256, bytes } of made.outputs) {
    const file = `steps/${step.step_id}/${step.outputs.find((output) => output.name === name)?.file ?? name}`;
    await copyFile(path, folder.file(file));
    if ((await sha256OfFile(folder.file(file))) !== sha256) {
      throw new HarnessError(
        "STORE_CORRUPT",
        `The output ${name} of step ${step.step_id} changed while it was copied`,
        {
          hint: `Somebody writes into ${path}. Run the sweep again.`,
        },
      );
    }
    kept.push({ name, file, sha256, bytes });
  }
  return kept;
}

function skipped({ step_id }: PlannedStep, reason: string): StepLine {
  return {
    kind: "step",
    step_id,
    state: "skipped",
    cached: false,
    key: null,
    command: [],
    tool_version: null,
    wall_s: 0,
    made_s: null,
    reason,
    log: null,
    inputs: [],
    outputs: [],
    warnings: [],
  };
}
