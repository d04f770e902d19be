import { join } from "node:path";
import { takeItems } from "../../datasets/take-items.ts";
import type { SessionPort } from "../../domain/session-port.ts";
import { atomicWrite } from "../../platform/files.ts";
import { writePrepared } from "../../platform/prepared-items.ts";
import type { Journal, JournalWriter } from "../../store/journal.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import { StepCache } from "../../store/step-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import { planPython } from "../open-runtime.ts";
import type { OnProgress } from "../progress.ts";
import type { TorchChecker } from "./check-model.ts";
import { runSteps } from "./run-steps.ts";
import { StepResults } from "./step-results.ts";

/** Where a run keeps the list of its calibration items. */
export const CALIBRATION_LIST = "calibration.txt";

/** The steps of a sweep, with what they may ask for; nothing where the plan has none. */
export async function runPlannedSteps(
  given: {
    readonly inputs: SweepInputs;
    readonly folder: RunFolder;
    readonly writer: JournalWriter;
    /** Folder of all caches. */
    readonly cache: string;
    readonly session: SessionPort;
    readonly torch: TorchChecker;
    readonly env: NodeJS.ProcessEnv;
    readonly signal: AbortSignal;
    readonly onProgress: OnProgress;
  },
  earlier: Pick<Journal, "steps"> | undefined,
): Promise<StepResults> {
  const { inputs, folder, cache, env } = given;
  if (inputs.plan.steps === undefined) return new StepResults((file) => folder.file(file));
  await writeCalibrationList(inputs, folder);
  let files: Promise<{ items: string; ids: string }> | undefined;
  const calibrationFiles = () => {
    files ??= prepareCalibration(inputs, cache, folder);
    return files;
  };
  const tools = { steps: new StepCache(cache), python: planPython(inputs.plan, env), calibrationFiles };
  return runSteps({ ...given, ...tools }, earlier?.steps ?? []);
}

/** One line an item, in the order of use: its place in the calibration dataset, and the SHA-256 of its raw content. */
async function writeCalibrationList({ calibration, plan }: SweepInputs, folder: RunFolder): Promise<void> {
  if (calibration === undefined) return;
  const { dataset, indices } = calibration;
  const lines = indices.map((index) => `${index} ${dataset.hashes[index]}`);
  const title = `# ${indices.length} of ${dataset.count} ${dataset.itemNoun} of ${dataset.id}, seed ${plan.experimental_controls.seed}: index, sha256`;
  await atomicWrite(folder.file(CALIBRATION_LIST), `${[title, ...lines].join("\n")}\n`);
}

/** The calibration items as the models of the run would be fed them, in the order of the list. */
async function prepareCalibration({ calibration }: SweepInputs, cache: string, folder: RunFolder) {
  if (calibration === undefined) throw new Error("planSteps refuses steps that want calibration where there is none");
  const chosen = takeItems(calibration.dataset, calibration.indices);
  const items = join(cache, "items", `${chosen.digest}.items`);
  await writePrepared(items, chosen.items, chosen.labels);
  return { items, ids: folder.file(CALIBRATION_LIST) };
}
