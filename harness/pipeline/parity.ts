import { join, resolve } from "node:path";
import { loadDataset } from "../datasets/load-dataset.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Parity } from "../domain/generated/parity-v1.ts";
import { resolveConfig } from "../plan/resolve-config.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { hostFingerprint } from "../platform/host.ts";
import { writePrepared } from "../platform/prepared-items.ts";
import { pythonProgram } from "../platform/python-program.ts";
import { validator } from "../platform/schema.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { openTorchTools } from "../runtimes/pytorch/torch-tools.ts";
import { pathRoots, readConfig, resolvePath } from "../store/config-file.ts";
import { cacheFolder } from "../store/variant-cache.ts";
import { compareOutputs, meanDifference, type NamedOutput } from "./compare-outputs.ts";
import { compareSpeeds } from "./compare-speeds.ts";
import { readModelFile, refuseBrokenModel } from "./model-file.ts";
import { onnxOutputs } from "./onnx-outputs.ts";
import { rowDataset } from "./row-dataset.ts";

export interface ParityOptions {
  /** PyTorch file: TorchScript (.pt) or exported (.pt2). */
  readonly reference: string;
  /** Its ONNX export. */
  readonly model: string;
  /** Config whose dataset gives the inputs, and whose latency settings are used. */
  readonly config: string;
  /** The first so many items; 256 by default. */
  readonly items?: number | undefined;
  /** Largest mean absolute error that passes; 1e-5 by default. */
  readonly maxMae?: number | undefined;
  /** Tried beside a batch of one; 8 and 32 by default. */
  readonly batchSizes?: readonly number[] | undefined;
  /** Least and largest value that an output of the ONNX model may have, by name. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>> | undefined;
  /** Interleaved blocks of the comparison of speeds, 7 by default; 0: none. */
  readonly blocks?: number | undefined;
  readonly threads?: number | undefined;
  readonly dataDir?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

const ITEMS = 256;
const MAX_MAE = 1e-5;
const BATCH_SIZES = [8, 32];
const BLOCKS = 7;

/** Compares a PyTorch model with its ONNX export on stored inputs, output by output. RUNTIME_UNAVAILABLE without PyTorch. */
export async function parity(options: ParityOptions): Promise<Parity> {
  const { cwd = process.cwd(), env = process.env, clock = systemClock } = options;
  const limit = options.maxMae ?? MAX_MAE;
  const raw = await readConfig(resolve(cwd, options.config));
  const roots = pathRoots({
    configPath: options.config,
    flag: options.dataDir,
    env: env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd,
  });
  const { config } = resolveConfig(raw, {});
  const dataset = await loadDataset(rowDataset(config.dataset), { resolvePath: (path) => resolvePath(path, roots) });
  const indices = Array.from({ length: Math.min(options.items ?? ITEMS, dataset.count) }, (_, item) => item);
  const items = join(cacheFolder(env), "items", `${dataset.digest}.items`);
  await writePrepared(items, dataset.items, dataset.labels);
  const { path: onnxPath, bytes } = await readModelFile(options);
  refuseBrokenModel(bytes, onnxPath);
  const torchPath = (await readTorchFile(options)).path;
  const python = pythonProgram({ env, named: config.python });
  const session = childSessions();
  const torch = openTorchTools({ python, env, signal: options.signal });
  try {
    const versions = await torch.versions();
    const at = async (batchSize: number) => ({
      reference: await torch.evaluate({ path: torchPath, items, indices, batchSize }),
      candidate: await onnxOutputs({ model: bytes, items: dataset.items, indices, batchSize, session }),
    });
    const single = await at(1);
    const outputs = compareOutputs(single.reference.outputs, single.candidate.outputs, options.ranges ?? {});
    const batches: Parity["batches"] = [];
    for (const size of options.batchSizes ?? BATCH_SIZES) {
      const other = await at(Math.min(size, indices.length));
      const against = (x: readonly NamedOutput[], y: readonly NamedOutput[], fixed: number | undefined) =>
        fixed === undefined ? meanDifference(x, y) : null;
      batches.push({
        batch_size: size,
        reference_mae: against(single.reference.outputs, other.reference.outputs, single.reference.fixedBatch),
        candidate_mae: against(single.candidate.outputs, other.candidate.outputs, single.candidate.fixedBatch),
      });
    }
    await torch.close();
    const models = {
      torch: { path: torchPath, sha256: await sha256OfFile(torchPath) },
      onnx: { path: onnxPath, sha256: sha256(bytes) },
    };
    const { blocks = BLOCKS, threads = 1, signal } = options;
    const speed =
      blocks === 0
        ? null
        : await compareSpeeds({
            config,
            itemsPath: items,
            count: dataset.count,
            models,
            python,
            env,
            blocks,
            threads,
            signal,
          });
    const reasons = reasonsOf(outputs, batches, limit);
    const document: Parity = {
      schema_version: "quantgate.parity.v1",
      generated_at: isoTime(clock),
      hardware_fingerprint: hostFingerprint().hard,
      reference: {
        path: options.reference,
        sha256: models.torch.sha256,
        framework: "pytorch",
        version: versions.torch,
        provider: "CPU",
        fixed_batch: single.reference.fixedBatch ?? null,
      },
      candidate: {
        path: options.model,
        sha256: models.onnx.sha256,
        framework: "onnxruntime",
        version: (await onnxruntime().versions())["onnxruntime-node"] ?? "unknown",
        provider: "CPUExecutionProvider",
        fixed_batch: single.candidate.fixedBatch ?? null,
      },
      dataset: {
        id: dataset.id,
        digest: dataset.digest,
        count: indices.length,
        indices_digest: sha256(canonicalJson(indices.map((index) => dataset.hashes[index] as string))),
      },
      limit,
      outputs,
      batches,
      speed,
      verdict: reasons.length === 0 ? "pass" : "fail",
      reasons,
    };
    return validator.validate<Parity>("parity.v1", document, { what: "parity", code: "STORE_SCHEMA" });
  } finally {
    await torch.close();
    await session.close();
  }
}

async function readTorchFile(options: ParityOptions): Promise<{ path: string }> {
  const { path } = await readModelFile({ ...options, model: options.reference });
  if (/\.pt2?$/i.test(path)) return { path };
  throw new HarnessError("CONFIG_USAGE", `${options.reference} is no PyTorch file`, {
    hint: "Name a TorchScript file (.pt) or a program of torch.export (.pt2) first, then its ONNX export.",
  });
}

function reasonsOf(outputs: Parity["outputs"], batches: Parity["batches"], limit: number): string[] {
  const reasons = outputs.flatMap(({ name, mae, nan, inf, range }) => {
    const invalid = nan.candidate + inf.candidate;
    return [
      ...(mae === null ? [`${name}: no pair of values could be compared`] : []),
      ...(mae !== null && !(mae <= limit)
        ? [`${name}: the mean absolute error ${mae.toPrecision(3)} is above ${limit}`]
        : []),
      ...(invalid > 0 ? [`${name}: ${invalid} values of the ONNX model are NaN or Inf`] : []),
      ...(range.outside > 0 ? [`${name}: ${range.outside} values lie outside ${range.declared?.join(" to ")}`] : []),
    ];
  });
  const isOff = (mae: number | null) => mae !== null && !(mae <= limit);
  return [
    ...reasons,
    ...batches
      .filter(({ reference_mae, candidate_mae }) => isOff(reference_mae) || isOff(candidate_mae))
      .map(({ batch_size }) => `a batch of ${batch_size} gives other outputs than a batch of one`),
  ];
}
