import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../domain/errors.ts";
import type { StepLine, StructureDoc } from "../../domain/generated/journal-v1.ts";
import type { PlannedStep } from "../../domain/generated/plan-v1.ts";
import { redact } from "../../domain/redact.ts";
import { secondsSince, systemClock } from "../../platform/clock.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { copyFile, readBytes } from "../../platform/files.ts";
import { type CachedStep, STEP_LOG, type StepFile } from "../../store/step-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import { type CheckedModel, checkModel, modelFormat, onnxStructure, structureChanges } from "./check-model.ts";
import {
  checkTool,
  type Job,
  runCommand,
  type StepInputFile,
  type StepTools,
  stepSecrets,
  stepWords,
  withInstall,
} from "./step-program.ts";

type Checked = CheckedModel & { readonly name: string };

/** How one step ended, with what there is to say of it. */
export type StepOutcome = {
  readonly cached: boolean;
  readonly key: string | null;
  readonly command: readonly string[];
  readonly toolVersion: string | null;
  readonly wallS: number;
  readonly before: ReadonlyMap<string, StructureDoc>;
  readonly checked: readonly Checked[];
  readonly warnings: readonly string[];
} & (
  | { readonly state: "ok"; readonly made: CachedStep }
  | { readonly state: Exclude<StepLine["state"], "ok" | "skipped">; readonly reason: string }
);

/** Belongs to the key: raised when the same inputs would be treated otherwise. */
const STEP_REVISION = 1;

/** Checks for the tool, looks into the cache, runs the program, and checks what it wrote. Rejects on abort and for what is no fault of the step. */
export async function runStep(job: Job, tools: StepTools, inputs: SweepInputs): Promise<StepOutcome> {
  const { step, files } = job;
  const before = await structuresOf(files);
  const blank = {
    cached: false,
    key: null,
    command: [] as string[],
    toolVersion: null,
    wallS: 0,
    before,
    checked: [],
    warnings: [],
  };
  const work = await tools.steps.workFolder();
  try {
    const fill = await stepWords(job, tools, inputs, work);
    const secrets = stepSecrets(step, tools.env);
    const command = redact(fill(step.command), secrets);
    const tool = await checkTool(fill, step, tools);
    if ("reason" in tool) return { ...blank, command, state: "unavailable", reason: withInstall(tool.reason, step) };
    const key = keyOf(step, files, tools, inputs, tool.version);
    const known = { ...blank, command, key, toolVersion: tool.version };
    const cached = await tools.steps.get(key);
    if (cached !== undefined) {
      await copyFile(cached.log, job.logPath);
      return await accept(job, tools, { ...known, cached: true, state: "ok", made: cached });
    }
    const start = systemClock.monotonicNs();
    const ended = await runCommand(job, tools, { fill, work, secrets });
    const wallS = secondsSince(systemClock, start);
    if (ended !== undefined) return { ...known, wallS, ...ended };
    const outputs = (await changedInput(files)) ?? (await outputsOf(step, work));
    if (typeof outputs === "string") return { ...known, wallS, state: "failed", reason: outputs };
    // Looked at before they are kept: what is no model must not come out of the cache the next time.
    const tried = await accept(job, tools, { ...known, wallS, state: "ok", made: { outputs, log: "", madeS: wallS } });
    if (tried.state !== "ok") return tried;
    await copyFile(job.logPath, join(work, STEP_LOG));
    return { ...tried, made: await tools.steps.put(key, work, { outputs, madeS: wallS }) };
  } finally {
    await tools.steps.discard(work);
  }
}

/** Everything that decides what the step writes. The seed and the calibration items count where the command names them. */
function keyOf(
  step: PlannedStep,
  files: readonly StepInputFile[],
  { steps }: StepTools,
  { plan }: SweepInputs,
  toolVersion: string | null,
): string {
  return steps.key({
    revision: STEP_REVISION,
    command: step.command,
    inputs: files.map(({ name, sha256 }) => ({ name, sha256 })),
    outputs: step.outputs,
    env: step.env,
    same: step.same,
    calibration: step.uses_calibration ? plan.calibration : null,
    seed: step.command.some((word) => word.includes("{seed}")) ? plan.experimental_controls.seed : null,
    tool: toolVersion,
  });
}

/** Structures of the ONNX inputs, which need no runtime to be read; other models are looked at where they are made. */
async function structuresOf(files: readonly StepInputFile[]): Promise<Map<string, StructureDoc>> {
  const found = new Map<string, StructureDoc>();
  for (const { name, path } of files) {
    if (modelFormat(path) !== "onnx") continue;
    const bytes = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
    found.set(name, onnxStructure(bytes, path));
  }
  return found;
}

/** What was read must be what the cache and the journal call its inputs. Undefined where it is. */
async function changedInput(files: readonly StepInputFile[]): Promise<string | undefined> {
  for (const { name, path, sha256 } of files) {
    if ((await sha256OfFile(path).catch(() => undefined)) !== sha256) return `its input ${name} changed while it ran`;
  }
  return undefined;
}

/** What the step wrote, or what is missing, as a sentence. */
async function outputsOf(step: PlannedStep, work: string): Promise<StepFile[] | string> {
  const outputs: StepFile[] = [];
  for (const { name, file } of step.outputs) {
    const path = join(work, file);
    const found = await lstat(path).catch(() => undefined);
    // A link's target is no part of what is kept, and may change or go.
    if (found?.isSymbolicLink()) return `it wrote a link instead of the file ${name} (${file})`;
    if (!found?.isFile()) return `it ended well, but wrote no ${name} (${file})`;
    if (found.size === 0) return `it wrote an empty ${name} (${file})`;
    outputs.push({ name, path, sha256: await sha256OfFile(path), bytes: found.size });
  }
  return outputs;
}

/** Inspects every output that is a model and runs it once; what it may not change must be as before. */
async function accept(
  { step, files }: Job,
  tools: StepTools,
  outcome: Extract<StepOutcome, { state: "ok" }>,
): Promise<StepOutcome> {
  const checked: Checked[] = [];
  const warnings: string[] = [];
  const { made, ...rest } = outcome;
  for (const { name, path } of made.outputs) {
    if (modelFormat(path) === undefined) continue;
    try {
      const model = await checkModel(path, tools);
      checked.push({ name, ...model });
      if (model.invalid > 0) warnings.push(`${name}: ${model.invalid} outputs of a random input are NaN or Inf`);
    } catch (error) {
      tools.signal.throwIfAborted();
      if (!(error instanceof HarnessError) || error.code.startsWith("STORE_")) throw error;
      if (error.code === "RUNTIME_UNAVAILABLE") return { ...rest, state: "unavailable", reason: error.message };
      const said = error.message.replace(`${path}: `, "");
      return { ...rest, state: "failed", reason: `its output ${name} is no model that runs: ${said}` };
    }
  }
  const first = files.find(({ name }) => outcome.before.has(name))?.name;
  const before = first === undefined ? undefined : outcome.before.get(first);
  const after = checked[0];
  if (before !== undefined && after !== undefined) {
    for (const { aspect, text } of structureChanges(before, after.structure)) {
      if (step.same.includes(aspect)) {
        return {
          ...rest,
          checked,
          state: "failed",
          reason: `its output ${after.name} must keep its ${aspect}: ${text}`,
        };
      }
      warnings.push(`${after.name}: ${text}`);
    }
  }
  return { ...outcome, checked, warnings };
}
