import { join } from "node:path";
import type { StepLine } from "../../domain/generated/journal-v1.ts";
import type { PlannedStep } from "../../domain/generated/plan-v1.ts";
import { isSecretName, redact, secretValues } from "../../domain/redact.ts";
import type { SessionPort } from "../../domain/session-port.ts";
import { fillWords } from "../../plan/plan-steps.ts";
import { openLineLog } from "../../platform/line-log.ts";
import { packageRoot } from "../../platform/package-root.ts";
import { type ProgramOutcome, runProgram } from "../../platform/process-host.ts";
import type { StepCache } from "../../store/step-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import type { TorchChecker } from "./check-model.ts";

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

/** sysexits.h: the program has what it needs not here; what is asked of it cannot be configured. */
const EXIT_UNAVAILABLE = 69;
const EXIT_UNSUPPORTED = 78;

/** Importing a framework takes seconds, and minutes where others use the machine. */
const CHECK_MS = 300_000;

/** A step that is to be run. */
export interface Job {
  readonly step: PlannedStep;
  readonly files: readonly StepInputFile[];
  /** Where the run keeps the log. */
  readonly logPath: string;
}

/** Fills in what stands in braces. */
export type Fill = (words: readonly string[]) => string[];

/** For the commands of a step that works in the folder `work`. */
export async function stepWords(
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

/** The step sees the environment without what looks like a secret, but with the secrets that it names, and with its own `env`. */
function environment({ env: own, secrets = [] }: PlannedStep, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const seen = Object.entries(env).filter(([name]) => secrets.includes(name) || !isSecretName(name));
  return { ...Object.fromEntries(seen), ...own };
}

/** What must not stand in a log or a journal. */
export function stepSecrets({ secrets = [] }: PlannedStep, env: NodeJS.ProcessEnv): string[] {
  const named = secrets.map((name) => env[name] ?? "").filter((value) => value !== "");
  return [...new Set([...secretValues(env), ...named])].sort((x, y) => y.length - x.length);
}

/** Whether the tool is there, by the step's own check, and which version it is. */
export async function checkTool(
  fill: Fill,
  step: PlannedStep,
  { env, signal }: StepTools,
): Promise<{ readonly version: string | null } | { readonly reason: string }> {
  const unset = (step.secrets ?? []).filter((name) => !env[name]);
  if (unset.length > 0) return { reason: `${unset.join(", ")} is not set in the environment` };
  if (step.check === null) return { version: null };
  const secrets = stepSecrets(step, env);
  const [program = "", ...args] = fill(step.check);
  const ended = await runProgram(program, args, { timeoutMs: CHECK_MS, signal, env: environment(step, env) });
  if (ended.status === "not-started") return { reason: `${program}: ${ended.reason}` };
  if (ended.status === "timed-out") return { reason: `its check did not finish within ${CHECK_MS / 1000} s` };
  if (ended.exitCode === 0) return { version: redact(ended.stdout.trim(), secrets).slice(0, 200) || null };
  return { reason: redact(lastLine(ended.stderr), secrets) ?? `its check ended ${endingOf(ended)}` };
}

/** A step that is not ok. */
type Ended = { readonly state: Exclude<StepLine["state"], "ok" | "skipped">; readonly reason: string };

/** Runs the program, its words going into the log. Undefined when it ended well. */
export async function runCommand(
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

export function withInstall(reason: string, { install }: PlannedStep): string {
  return install === null || reason.includes(install) ? reason : `${reason} (${install})`;
}

function lastLine(text: string): string | undefined {
  const line = text.trim().split("\n").at(-1)?.trim();
  return line === undefined || line === "" ? undefined : line.slice(0, 400);
}
