import { stat } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { cleanModelFile } from "../../pipeline/clean-model-file.ts";
import { type ComparedFile, type Comparison, compareVariants } from "../../pipeline/compare-variants.ts";
import { modelRoots } from "../../pipeline/model-file.ts";
import { type QuantizedFile, quantize } from "../../pipeline/quantize.ts";
import { quantizeByProfile } from "../../pipeline/quantize-profile.ts";
import { quantizeToTarget } from "../../pipeline/quantize-target.ts";
import { atomicWrite } from "../../platform/files.ts";
import { comparisonMarkdown, renderComparison } from "../../report/comparison-text.ts";
import { ladderMarkdown, renderLadder } from "../../report/ladder-text.ts";
import { renderQuantize } from "../../report/quantize-text.ts";
import { cleanText, targetMarkdown, targetText } from "../../report/target-text.ts";
import { resolvePath } from "../../store/config-file.ts";
import { watchInterrupts } from "../interrupt.ts";
import { createProgress, type Progress } from "../progress.ts";
import { textOptions } from "../terminal.ts";
import { disabledSteps, profileFlags, type QuantizeFlags, type QuantizeMode, quantizeMode } from "./quantize-flags.ts";

/** Exit code where a minimum or a target is missed: the artifact is there, and may not ship. */
const NOTHING_PASSES = 3;

interface Job {
  readonly model: string;
  readonly modelPath: string;
  readonly flags: QuantizeFlags;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

interface Outcome {
  /** For --json. */
  readonly document: unknown;
  readonly text: string;
  readonly markdown: readonly string[];
  readonly exitCode: number;
}

/** Quantizes a model file or folder, and prints what became of it. */
export async function runQuantize(model: string, flags: QuantizeFlags): Promise<number> {
  const interrupt = watchInterrupts();
  const progress = createProgress({ stream: process.stderr, env: process.env, enabled: !flags.json, noun: "steps" });
  try {
    const modelPath = resolvePath(model, modelRoots({ model, dataDir: flags.dataDir }));
    const isFolder = (await stat(modelPath).catch(() => undefined))?.isDirectory() === true;
    const run = RUNS[quantizeMode(flags, isFolder)];
    const outcome = await run({ model, modelPath, flags, signal: interrupt.signal, progress });
    progress.stop();
    if (outcome.markdown.length > 0) {
      const stem = basename(modelPath).replace(/\.onnx$/, "");
      await atomicWrite(
        resolve(flags.summaryOut ?? join(flags.outDir, `${stem}-quantize.md`)),
        `${outcome.markdown.join("\n")}\n`,
      );
    }
    process.stdout.write(flags.json ? artifactJson(outcome.document) : `${outcome.text}\n`);
    return outcome.exitCode;
  } catch (error) {
    progress.stop();
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted; no partial file was written\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

const RUNS: Readonly<Record<QuantizeMode, (job: Job) => Promise<Outcome>>> = {
  clean: runClean,
  target: runTarget,
  profile: runProfile,
  recipes: runRecipes,
};

async function runClean({ model, flags }: Job): Promise<Outcome> {
  const made = await cleanModelFile({ model, dataDir: flags.dataDir, outDir: flags.outDir });
  const shown = { ...made, path: shownPath(made.path) };
  return {
    document: shown,
    text: cleanText(shown, textOptions(process.stdout, process.env)),
    markdown: [],
    exitCode: 0,
  };
}

async function runRecipes(job: Job): Promise<Outcome> {
  const { model, flags, signal, progress } = job;
  const recipes = flags.recipe ?? ["u8s8"];
  const files = await quantize({
    model,
    dataDir: flags.dataDir,
    recipes,
    config: flags.config,
    outDir: flags.outDir,
    signal,
    onProgress: stageProgress(progress),
  });
  const comparison = await compared(job, files);
  return recipeOutcome(files, comparison);
}

async function runTarget(job: Job): Promise<Outcome> {
  const { model, flags, signal, progress } = job;
  const { targetBytes, maxDrop, recipe, config } = flags;
  if (config === undefined) {
    throw new HarnessError("CONFIG_USAGE", "A target needs --config with calibration items to search on", {
      hint: "`quantgate init` writes a config for a model and a folder of labelled images.",
    });
  }
  const made = await quantizeToTarget({
    model,
    dataDir: flags.dataDir,
    config,
    recipe: recipe?.[0],
    targetBytes,
    maxDrop,
    outDir: flags.outDir,
    signal,
    onProgress: stageProgress(progress),
  });
  const options = textOptions(process.stdout, process.env);
  const { document, text, markdown } = recipeOutcome([made.file], await compared(job, [made.file]));
  const facts = { ...made, targetBytes, maxDrop, bytesPacked: made.file.manifest.bytes_packed };
  return {
    document: {
      ...made,
      file: { ...made.file, path: shownPath(made.file.path) },
      comparison: (document as Listed).comparison ?? null,
    },
    text: `${text}\n\n${targetText(facts, options)}`,
    markdown: [...targetMarkdown(facts), "", ...markdown],
    exitCode: made.met ? 0 : NOTHING_PASSES,
  };
}

interface Listed {
  readonly comparison?: Comparison;
}

async function runProfile(job: Job): Promise<Outcome> {
  const { model, flags, signal, progress } = job;
  let begun = 0;
  const made = await quantizeByProfile({
    model,
    dataDir: flags.dataDir,
    profile: flags.profile ?? "local",
    config: flags.config,
    calibration: flags.calibration,
    modality: flags.modality,
    failFast: flags.failFast,
    disabled: disabledSteps(flags),
    flags: profileFlags(flags),
    seed: flags.seed,
    outDir: flags.outDir,
    workers: flags.workers,
    budgetBytes: flags.memoryBudget === undefined ? undefined : flags.memoryBudget * 1e6,
    signal,
    onProgress: stageProgress(progress),
    onLayers: ({ bits, done, total, layer, secondsLeft }) => {
      if (begun !== bits) progress.start(total);
      begun = bits;
      progress.tick(done, { label: `int${bits} ${layer}`, etaSeconds: secondsLeft });
    },
    onAttempt: ({ bits, status, reason }) =>
      progress.line(
        `int${bits}: ${status === "pass" ? "passes" : `${status === "fail" ? "fails" : "error"}: ${reason}`}`,
      ),
  });
  const { report, manifest, path } = made;
  const paths = { path: path === null ? null : shownPath(path), reportPath: shownPath(made.reportPath) };
  const comparison =
    path === null || manifest === undefined
      ? undefined
      : await compared(job, [{ recipe: `int${made.bits}`, path, manifestPath: "", manifest, seconds: made.seconds }]);
  const options = textOptions(process.stdout, process.env);
  const table = comparison === undefined ? "" : `\n\n${renderComparison(comparison, options)}`;
  const { reportPath: _, ...result } = made;
  return {
    document: { ...result, ...paths, manifest: manifest ?? null, ...(comparison === undefined ? {} : { comparison }) },
    text: renderLadder(report, paths, options) + table,
    markdown: [...ladderMarkdown(report), ...(comparison === undefined ? [] : ["", ...comparisonMarkdown(comparison)])],
    exitCode: made.passes ? 0 : NOTHING_PASSES,
  };
}

function recipeOutcome(files: readonly QuantizedFile[], comparison: Comparison | undefined): Outcome {
  const options = textOptions(process.stdout, process.env);
  const shown = files.map((file) => ({ ...file, path: shownPath(file.path) }));
  const text = renderQuantize(shown, options);
  return {
    document: comparison === undefined ? shown : { files: shown, comparison },
    text: comparison === undefined ? text : `${text}\n\n${renderComparison(comparison, options)}`,
    markdown: comparison === undefined ? [] : ["# Quantized variants", "", ...comparisonMarkdown(comparison)],
    exitCode: 0,
  };
}

/** The original and what was made of it, side by side; undefined where no config says on what, or nobody wants it. */
async function compared(job: Job, files: readonly QuantizedFile[]): Promise<Comparison | undefined> {
  const { flags, modelPath, signal, progress } = job;
  if (flags.config === undefined || !flags.compare) return undefined;
  const original: ComparedFile = {
    id: "fp32",
    path: modelPath,
    bytes: files[0]?.manifest.source_bytes ?? 0,
    sessionConfig: {},
    kernels: null,
  };
  const variants = files.map(({ recipe, path, manifest }) => ({
    id: recipe,
    path,
    bytes: manifest.bytes_on_disk,
    sessionConfig: manifest.session,
    kernels: manifest.kernels,
    layers: manifest.layers,
    recipe: manifest.recipe,
  }));
  let begun = false;
  return compareVariants({
    files: [original, ...variants],
    config: flags.config,
    dataDir: flags.dataDir,
    cwd: process.cwd(),
    env: process.env,
    signal,
    onProgress: (done, total, label) => {
      if (!begun) progress.start(total);
      begun = true;
      progress.tick(done, { label: `compare ${label}` });
    },
  });
}

/** Stages of a recipe as hundredths. */
function stageProgress(progress: Progress): (recipe: string, step: { stage: string; share: number }) => void {
  let begun = "";
  return (recipe, { stage, share }) => {
    if (stage === "write" || stage === "kernels") return;
    const label = `${recipe} ${stage}`;
    if (begun !== label) progress.start(100);
    begun = label;
    progress.tick(Math.round(share * 100), { label });
  };
}

function shownPath(path: string): string {
  return relative(process.cwd(), path) || path;
}
