import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { MatrixConfig } from "../domain/generated/config-v1.ts";
import type { Parity } from "../domain/generated/parity-v1.ts";
import { sha256OfFile } from "../platform/digest.ts";
import { copyFile, ensureFolder } from "../platform/files.ts";
import { packageRoot } from "../platform/package-root.ts";
import { runProgram } from "../platform/process-host.ts";
import { pythonProgram } from "../platform/python-program.ts";
import { pathRoots, readConfig } from "../store/config-file.ts";
import { gatherInputs } from "./gather-inputs.ts";
import { parity } from "./parity.ts";
import type { OnProgress } from "./progress.ts";
import { type SweepResult, sweepInputs } from "./sweep.ts";

export interface ReleaseOptions {
  /** A program of torch.export (.pt2). */
  readonly reference: string;
  /** Config whose quants, dataset and gates are used; the export takes the place of its one model's file. */
  readonly config: string;
  /** Where the export and the run go; default `results`. */
  readonly outDir?: string;
  /** Limits of the comparison with the PyTorch model; see {@link parity}. */
  readonly maxMae?: number;
  readonly items?: number;
  /**
   * Called for what the run decided to ship, and for nothing else. What it gives is the result's; what it throws, {@link release} throws.
   * There is no default: nothing is registered unless the caller says where.
   */
  readonly register?: (shipped: Shipped) => Promise<unknown>;
  readonly dataDir?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What may be registered: a variant whose gates passed. */
export interface Shipped {
  readonly runFolder: string;
  readonly variantId: string;
  readonly modelPath: string;
  readonly sha256: string;
}

export type ReleaseResult = {
  /** The exported file. */
  readonly exported: { readonly path: string; readonly sha256: string; readonly log: string };
  readonly parity: Parity;
} & (
  | { readonly state: "refused" }
  | { readonly state: "not-shipped"; readonly run: SweepResult }
  | { readonly state: "shipped"; readonly run: SweepResult; readonly shipped: Shipped; readonly registered: unknown }
);

const EXPORT_MS = 600_000;
const UNAVAILABLE = 69;

/**
 * Export → validate → benchmark → register, in one call: the PyTorch program becomes ONNX, must answer alike on stored inputs, is swept with
 * its variants, and what the run ships is handed to `register`. A run without a passing variant registers nothing.
 */
export async function release(options: ReleaseOptions): Promise<ReleaseResult> {
  const { cwd = process.cwd(), outDir = "results", env = process.env } = options;
  const exported = await exportModel(options, resolve(cwd, outDir));
  const found = await parity({
    reference: resolve(cwd, options.reference),
    model: exported.path,
    config: options.config,
    maxMae: options.maxMae,
    items: options.items,
    blocks: 0,
    dataDir: options.dataDir,
    env,
    cwd,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const validated = { exported, parity: found };
  if (found.verdict === "fail") return { ...validated, state: "refused" };
  const run = await benchmark(options, exported.path);
  const row = run.summary.rows.find(({ cell_id }) => cell_id === run.summary.suite.ship);
  if (run.exitCode !== 0 || row === undefined || row.model_sha256 === null) {
    return { ...validated, state: "not-shipped", run };
  }
  const name = row.variant_id
    .toLowerCase()
    .replaceAll("/", "__")
    .replaceAll(/[^a-z0-9._-]/g, "-");
  const modelPath = join(run.runFolder, "onnx", `${name}.onnx`);
  const shipped = { runFolder: run.runFolder, variantId: row.variant_id, modelPath, sha256: row.model_sha256 };
  const registered = await options.register?.(shipped);
  return { ...validated, state: "shipped", run, shipped, registered };
}

/** By the step program that comes with the package; RUNTIME_UNAVAILABLE without PyTorch, QUANTIZE_FAILED where the export fails. */
async function exportModel(options: ReleaseOptions, outDir: string): Promise<ReleaseResult["exported"]> {
  const { cwd = process.cwd(), env = process.env, signal } = options;
  const work = await mkdtemp(join(tmpdir(), "quantgate-export-"));
  try {
    const out = join(work, "exported.onnx");
    const script = join(packageRoot(), "configs/steps/torch_to_onnx.py");
    const ended = await runProgram(
      pythonProgram({ env }),
      [script, "--model", resolve(cwd, options.reference), "--out", out],
      { timeoutMs: EXPORT_MS, env, ...(signal === undefined ? {} : { signal }) },
    );
    if (ended.status !== "exited" || ended.exitCode !== 0) {
      const said = "stderr" in ended ? (ended.stderr.trim().split("\n").at(-1) ?? "") : ended.reason;
      const isMissing = ended.status === "not-started" || (ended.status === "exited" && ended.exitCode === UNAVAILABLE);
      throw new HarnessError(
        isMissing ? "RUNTIME_UNAVAILABLE" : "QUANTIZE_FAILED",
        `The model cannot be exported: ${said.slice(0, 300) || ended.status}`,
        { hint: "python3 -m pip install torch onnx onnxscript; QUANTGATE_PYTHON names the interpreter." },
      );
    }
    const sha256 = await sha256OfFile(out);
    const path = join(outDir, "exports", `${sha256}.onnx`);
    await ensureFolder(join(outDir, "exports"));
    await copyFile(out, path);
    return { path, sha256, log: ended.stdout };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function benchmark(options: ReleaseOptions, model: string): Promise<SweepResult> {
  const { cwd = process.cwd(), env = process.env } = options;
  const raw = await readConfig(resolve(cwd, options.config));
  const [first, ...others] = raw.models ?? [];
  if (first === undefined || others.length > 0) {
    throw new HarnessError(
      "CONFIG_INVALID",
      "A release needs a config with one model, whose file the export replaces",
      {
        hint: "Give each model a config of its own.",
      },
    );
  }
  const { sha256: _, ...rest } = first;
  const config: MatrixConfig = { ...raw, models: [{ ...rest, path: model }] };
  const roots = pathRoots({
    configPath: options.config,
    flag: options.dataDir,
    env: env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd,
  });
  const inputs = await gatherInputs({ raw: config, flags: {}, roots, env });
  return sweepInputs(inputs, {
    config: options.config,
    ...(options.outDir === undefined ? {} : { outDir: options.outDir }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    env,
    cwd,
  });
}
