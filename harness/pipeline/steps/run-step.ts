import { stat } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../../domain/errors.ts";
import type { StepLine, StructureDoc } from "../../domain/generated/journal-v1.ts";
import type { PlannedStep } from "../../domain/generated/plan-v1.ts";
import { isSecretName, redact, secretValues } from "../../domain/redact.ts";
import type { SessionPort } from "../../domain/session-port.ts";
import { fillWords } from "../../plan/plan-steps.ts";
import { secondsSince, systemClock } from "../../platform/clock.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { copyFile, readBytes } from "../../platform/files.ts";
import { openLineLog } from "../../platform/line-log.ts";
import { packageRoot } from "../../platform/package-root.ts";
import { type ProgramOutcome, runProgram } from "../../platform/process-host.ts";
import { type CachedStep, STEP_LOG, type StepCache, type StepFile } from "../../store/step-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import {
  type CheckedModel,
  checkModel,
  modelFormat,
  onnxStructure,
  structureChanges,
  type TorchChecker,
} from "./check-model.ts";

/** What running steps needs besides the plan. */
export interface StepTools {
  readonly steps: StepCache;
  readonly session: SessionPort;
  readonly torch: TorchChecker;
  /** The interpreter that {python} stands for. */
  readonly python: string;
  /** Files of the calibration items and of their list, made on first use. */
  readonly calibrationFiles: () => Promise<{ readonly items: string; readonly ids: string }>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface StepInputFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  /** Whether another step made it. */
  readonly isMade: boolean;
}

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

/** sysexits.h: the program has what it needs not here; what is asked of it cannot be configured. */
const EXIT_UNAVAILABLE = 69;
const EXIT_UNSUPPORTED = 78;

const CHECK_MS = 120_000;
/** Belongs to the key: raised when the same inputs would be treated otherwise. */
const STEP_REVISION = 1;

interface Job {
  readonly step: PlannedStep;
  readonly files: readonly StepInputFile[];
  /** Where the run keeps the log. */
  readonly logPath: string;
}

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
    const fill = await filler(job, tools, inputs, work);
    const secrets = secretValues(tools.env);
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
    const ended = await run(job, tools, { fill, work, secrets });
    const wallS = secondsSince(systemClock, start);
    if (ended !== undefined) return { ...known, wallS, ...ended };
    const outputs = await outputsOf(step, work);
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

type Fill = (words: readonly string[]) => string[];

async function filler(
  { step, files }: Job,
  tools: StepTools,
  { roots, plan }: SweepInputs,
  work: string,
): Promise<Fill> {
  const calibration = step.uses_calibration ? await tools.calibrationFiles() : undefined;
  const plain: Readonly<Record<string, string>> = {
    python: tools.python,
    package: packageRoot(),
    config_dir: roots.configDir,
    data_dir: roots.dataDir,
    seed: String(plan.experimental_controls.seed),
    calibration: calibration?.items ?? "",
    calibration_ids: calibration?.ids ?? "",
  };
  const named: Readonly<Record<string, readonly { readonly name: string; readonly path: string }[]>> = {
    in: files,
    out: step.outputs.map(({ name, file }) => ({ name, path: join(work, file) })),
  };
  return (words) =>
    fillWords(words, (name, of) =>
      of === undefined ? (plain[name] ?? "") : (named[name]?.find((file) => file.name === of)?.path ?? ""),
    );
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

/** The step sees the environment without what looks like a secret; what it is to see of those, its own `env` names. */
function environment(step: PlannedStep, env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const open = Object.entries(env).filter(([name]) => !isSecretName(name));
  return { ...Object.fromEntries(open), ...step.env };
}

async function checkTool(
  fill: Fill,
  step: PlannedStep,
  { env, signal }: StepTools,
): Promise<{ readonly version: string | null } | { readonly reason: string }> {
  if (step.check === null) return { version: null };
  const [program = "", ...args] = fill(step.check);
  const ended = await runProgram(program, args, { timeoutMs: CHECK_MS, signal, env: environment(step, env) });
  if (ended.status === "not-started") return { reason: `${program}: ${ended.reason}` };
  if (ended.status === "timed-out") return { reason: `its check did not finish within ${CHECK_MS / 1000} s` };
  if (ended.exitCode === 0) return { version: ended.stdout.trim().slice(0, 200) || null };
  return { reason: lastLine(ended.stderr) ?? `its check ended ${endingOf(ended)}` };
}

type Ended = { readonly state: Exclude<StepLine["state"], "ok" | "skipped">; readonly reason: string };

/** Undefined when the program ended well. */
async function run(
  { step, logPath }: Job,
  { env, signal }: StepTools,
  { fill, work, secrets }: { readonly fill: Fill; readonly work: string; readonly secrets: readonly string[] },
): Promise<Ended | undefined> {
  const [program = "", ...args] = fill(step.command);
  const log = await openLineLog(logPath, (line) => redact(line, secrets));
  let ended: ProgramOutcome;
  try {
    ended = await runProgram(program, args, {
      timeoutMs: step.timeout_sec * 1000,
      signal,
      cwd: work,
      env: environment(step, env),
      onStdout: (text) => log.add("stdout", text),
      onStderr: (text) => log.add("stderr", text),
    });
  } finally {
    await log.close();
  }
  if (ended.status === "not-started") {
    return { state: "unavailable", reason: withInstall(`${program}: ${ended.reason}`, step) };
  }
  if (ended.status === "timed-out") {
    return { state: "failed", reason: `it did not finish within ${step.timeout_sec} s and was killed` };
  }
  if (ended.exitCode === 0) return undefined;
  const said = redact(lastLine(ended.stderr), secrets);
  if (ended.exitCode === EXIT_UNAVAILABLE) {
    return { state: "unavailable", reason: withInstall(said ?? "its tool is not here", step) };
  }
  if (ended.exitCode === EXIT_UNSUPPORTED) return { state: "unsupported", reason: said ?? "it says so" };
  return { state: "failed", reason: `it ended ${endingOf(ended)}${said === undefined ? "" : `: ${said}`}` };
}

function endingOf({ exitCode, signal }: Extract<ProgramOutcome, { status: "exited" }>): string {
  return signal === null ? `with exit code ${exitCode}` : `by signal ${signal}`;
}

function withInstall(reason: string, { install }: PlannedStep): string {
  return install === null || reason.includes(install) ? reason : `${reason} (${install})`;
}

function lastLine(text: string): string | undefined {
  const line = text.trim().split("\n").at(-1)?.trim();
  return line === undefined || line === "" ? undefined : line.slice(0, 400);
}

/** What the step wrote, or what is missing, as a sentence. */
async function outputsOf(step: PlannedStep, work: string): Promise<StepFile[] | string> {
  const outputs: StepFile[] = [];
  for (const { name, file } of step.outputs) {
    const path = join(work, file);
    const found = await stat(path).catch(() => undefined);
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
