import { HarnessError } from "../domain/errors.ts";
import type { PrepareStepConfig } from "../domain/generated/config-v1.ts";
import type { PlannedStep } from "../domain/generated/plan-v1.ts";
import { isSecretName } from "../domain/redact.ts";
import { stepReference } from "../domain/step-reference.ts";
import { DEFAULTS } from "./defaults.ts";

/** What the pipeline found out about the steps by reading files. */
export interface StepFacts {
  /** SHA-256 of an input that is a file, by its path as written. */
  readonly digestOf: (path: string) => string;
  /** Paths of the models that are run; steps that none of them needs are skipped. */
  readonly models: readonly string[];
  readonly hasCalibration: boolean;
}

const WORD = /\{([a-z_]+)(?::([^{}]*))?\}/g;
const PLAIN_WORDS = new Set(["python", "package", "config_dir", "data_dir", "seed", "calibration", "calibration_ids"]);

/**
 * The steps of a config, in their order. CONFIG_INVALID for an id or file name that is there twice, a name in braces that nothing fills in,
 * an input of a step that does not come before, and a model of no step.
 */
export function planSteps(steps: readonly PrepareStepConfig[], facts: StepFacts): PlannedStep[] {
  const known = new Map<string, PrepareStepConfig>();
  for (const step of steps) {
    refuseStep(step, known, facts.hasCalibration);
    known.set(step.id, step);
  }
  for (const path of facts.models) refuseReference(path, known, "A model");
  const needed = neededSteps(steps, facts.models);
  return steps.map(
    (step): PlannedStep => ({
      step_id: step.id,
      command: [...step.command],
      check: step.check === undefined ? null : [...step.check],
      inputs: Object.entries(step.inputs ?? {}).map(([name, path]) => ({
        name,
        path,
        sha256: stepReference(path) === undefined ? facts.digestOf(path) : null,
      })),
      outputs: Object.entries(step.outputs).map(([name, file]) => ({ name, file })),
      env: step.env ?? {},
      ...(step.secrets === undefined ? {} : { secrets: [...step.secrets] }),
      install: step.install ?? null,
      timeout_sec: step.timeout_sec ?? DEFAULTS.prepare.timeout_sec,
      optional: step.optional ?? DEFAULTS.prepare.optional,
      same: [...(step.same ?? [])],
      uses_calibration: usesCalibration(step),
      needed: needed.has(step.id),
    }),
  );
}

/** A command with its names in braces filled in. */
export function fillWords(
  words: readonly string[],
  values: (name: string, of: string | undefined) => string,
): string[] {
  return words.map((word) => word.replaceAll(WORD, (_, name: string, of: string | undefined) => values(name, of)));
}

function usesCalibration({ command, check }: PrepareStepConfig): boolean {
  return [...command, ...(check ?? [])].some((word) => /\{calibration(_ids)?\}/.test(word));
}

function refuseStep(step: PrepareStepConfig, before: ReadonlyMap<string, PrepareStepConfig>, hasItems: boolean): void {
  const where = `The step ${step.id}`;
  if (before.has(step.id)) throw invalid(`${where} is declared twice`, "Give the steps different ids.");
  const files = Object.values(step.outputs);
  const outside = files.find((file) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file));
  if (outside !== undefined) {
    throw invalid(
      `${where} writes ${JSON.stringify(outside)}, which is no plain file name`,
      "Use letters, digits, . _ -",
    );
  }
  const secret = Object.keys(step.env ?? {}).find(isSecretName);
  if (secret !== undefined) {
    throw invalid(
      `${where} has ${secret} in its env, and the run would keep its value in plan.json`,
      `Set it in the environment, and name it: "secrets": ["${secret}"].`,
    );
  }
  const double = files.find((file, index) => files.indexOf(file) !== index);
  if (double !== undefined) throw invalid(`${where} writes ${double} twice`, "Give the outputs different file names.");
  for (const path of Object.values(step.inputs ?? {})) refuseReference(path, before, where);
  fillWords([...step.command, ...(step.check ?? [])], (name, of) => {
    const names = name === "in" ? step.inputs : name === "out" ? step.outputs : undefined;
    const isKnown = of === undefined ? PLAIN_WORDS.has(name) : names !== undefined && of in names;
    const word = `{${name}${of === undefined ? "" : `:${of}`}}`;
    if (!isKnown) {
      const fills = [...PLAIN_WORDS].map((plain) => `{${plain}}`).join(", ");
      throw invalid(
        `${where} has ${word} in its command, and nothing fills it in`,
        `Known: {in:NAME}, {out:NAME}, ${fills}.`,
      );
    }
    return "";
  });
  if (usesCalibration(step) && !hasItems) {
    throw invalid(`${where} reads calibration items, and the config has no calibration`, 'Add "calibration".');
  }
}

function refuseReference(path: string, steps: ReadonlyMap<string, PrepareStepConfig>, who: string): void {
  const reference = stepReference(path);
  if (reference === undefined) {
    if (!path.startsWith("step:")) return;
    throw invalid(`${who} names ${path}, which is not of the form step:ID/NAME`, "Name the step and its output.");
  }
  const step = steps.get(reference.step);
  if (step !== undefined && reference.output in step.outputs) return;
  const why = step === undefined ? "no step of that id comes before" : "the step has no output of that name";
  throw invalid(`${who} needs ${path}, but ${why}`, `Outputs: ${outputsOf(steps)}.`);
}

function outputsOf(steps: ReadonlyMap<string, PrepareStepConfig>): string {
  const all = [...steps.values()].flatMap(({ id, outputs }) =>
    Object.keys(outputs).map((name) => `step:${id}/${name}`),
  );
  return all.length === 0 ? "none" : all.join(", ");
}

function neededSteps(steps: readonly PrepareStepConfig[], models: readonly string[]): Set<string> {
  const needed = new Set<string>();
  const open = [...models];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const id = stepReference(path)?.step;
    const step = steps.find((one) => one.id === id);
    if (step === undefined || needed.has(step.id)) continue;
    needed.add(step.id);
    open.push(...Object.values(step.inputs ?? {}));
  }
  return needed;
}

function invalid(message: string, hint: string): HarnessError {
  return new HarnessError("CONFIG_INVALID", message, { hint });
}
