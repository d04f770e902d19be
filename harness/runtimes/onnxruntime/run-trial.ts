import type { Tensor } from "onnxruntime-node";
import { HarnessError } from "../../domain/errors.ts";
import { itemSize } from "../../domain/item-tensor.ts";
import type { LatencySettings, RowMapper, TrialMeasurement, TrialRequest } from "../../domain/runtime-port.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { peakRssBytes, rssBytes } from "../../platform/memory.ts";
import { allowedCpus, endedThreads, threadCount } from "../../platform/own-process.ts";
import { openPrepared, type PreparedItems } from "../../platform/prepared-items.ts";
import { type EvaluateOptions, evaluateItems, type ItemFeeds, itemFeeds } from "./evaluate-items.ts";
import { type LatencyLoopResult, measureLatency } from "./latency-loop.ts";
import { importOnnxruntime, loadSession, sessionOptions } from "./load-session.ts";
import { matchModel } from "./model-io.ts";

/** A trial as its child process measured it; the owner adds what it read of the machine. */
export type ChildMeasurement = Omit<TrialMeasurement, "host"> & {
  readonly loop: Omit<LatencyLoopResult, "latencyS" | "warmup">;
  /** Processor time of this process so far, start-up included. */
  readonly ownCpuS: number;
};

/** Distinct inputs that the latency loop takes in turn, within a limit on their memory. */
const LATENCY_FEEDS = 16;
const LATENCY_FEED_BYTES = 16 << 20;

/** A trial in the process that is to be measured, between loading and the last digest. */
export interface OpenTrial {
  /** Warm-up and latency loop, or a slice of it. */
  time(latency: LatencySettings, options?: { readonly collectsFirst?: boolean }): Promise<LatencyLoopResult>;
  /** Outputs of the subset, outputs of all items if asked, peak memory, digest again; the session is released. */
  finish(timed: LatencyLoopResult & { readonly slices?: readonly number[] }): Promise<ChildMeasurement>;
  /** Lets go of the items; after it, nothing else. */
  close(): void;
}

/** One trial at one go: load, warm-up and latency loop, evaluation. Errors as HarnessError; a crash of the library takes the process down. */
export async function runTrialHere(request: TrialRequest): Promise<ChildMeasurement> {
  const trial = await openTrial(request);
  try {
    return await trial.finish(await trial.time(request.latency));
  } finally {
    trial.close();
  }
}

/** Digest and load. */
export async function openTrial(request: TrialRequest): Promise<OpenTrial> {
  const { model, itemsPath } = request;
  if (model === undefined || itemsPath === undefined) {
    const what = model === undefined ? "a model file" : "prepared items";
    throw new HarnessError("RUNTIME_PROTOCOL", `Trial ${request.trialId} has no ${what}.`, {
      hint: "Plan the run again.",
    });
  }
  const modelSha256Before = await digestOf(model, "before the trial");
  const items = openPrepared(itemsPath);
  try {
    items.verify();
    const ort = await importOnnxruntime();
    const rssBeforeLoadBytes = rssBytes();
    const start = performance.now();
    const session = await loadSession(ort, model.path, sessionOptions(request.session));
    const loadS = (performance.now() - start) / 1000;
    const io = matchModel(session, items.header);
    const feeds = itemFeeds(ort.Tensor, io, items);
    const timedFeeds = latencyFeeds(request, feeds, items);
    return {
      time: (latency, options) => measureLatency(session, timedFeeds, latency, options),
      close: () => items.close(),
      async finish({ latencyS, slices, warmup, ...loop }) {
        const batchSize = request.evaluateBatchSize;
        const mapRow = await rowMapper(request);
        const subset = await evaluateItems(session, io, feeds, { indices: request.subset, batchSize, mapRow });
        const wanted = request.items ?? (request.evaluateAll ? everyIndex(items) : undefined);
        const all =
          wanted === undefined
            ? undefined
            : await evaluateItems(session, io, feeds, { indices: wanted, batchSize, mapRow });
        const timed = all ?? subset;
        const count = wanted === undefined ? request.subset.length : wanted.length;
        const peakBytes = peakRssBytes();
        const withSession = threadCount();
        await session.release();
        const pool = await endedThreads(withSession);
        return {
          modelSha256Before,
          modelSha256After: await digestOf(model, "after the trial"),
          loadS,
          warmup,
          ...(request.latency.handicap === undefined ? {} : { handicap: request.latency.handicap }),
          latencyS,
          ...(slices === undefined ? {} : { slices }),
          throughput: {
            itemsPerSecond: count / timed.seconds,
            items: count,
            seconds: timed.seconds,
            batchSize: timed.batchSize,
          },
          memory: { peakRssBytes: peakBytes, rssBeforeLoadBytes },
          subsetOutputs: subset.outputs,
          allOutputs: all?.outputs,
          outputSize: timed.outputSize,
          controls: {
            seed: request.seed,
            threads: pool === undefined ? undefined : pool + 1,
            cpuAffinity: allowedCpus(),
          },
          loop,
          ownCpuS: cpuSeconds(),
        };
      },
    };
  } catch (error) {
    items.close();
    throw error;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What is kept of each output, by the module that the request names; undefined: the output itself. */
async function rowMapper({ rows }: TrialRequest): Promise<EvaluateOptions["mapRow"]> {
  if (rows === undefined) return undefined;
  const { rowMapper: make } = (await import(rows.module)) as { rowMapper: (settings: unknown) => RowMapper };
  return make(rows.settings);
}

/** The weights that run are the weights that were planned, or there is no trial. */
async function digestOf({ path, sha256 }: { path: string; sha256: string }, when: string): Promise<string> {
  const found = await sha256OfFile(path).catch((cause: unknown) => {
    throw new HarnessError("CONFIG_MODEL_MISSING", `The model ${path} cannot be read.`, {
      hint: "Check the path.",
      cause,
    });
  });
  if (found === sha256) return found;
  throw new HarnessError(
    "CONFIG_MODEL_INVALID",
    `The model ${path} is not the one that was planned: ${when} its SHA-256 is ${found}.`,
    {
      hint: `Restore the file with SHA-256 ${sha256}, or start a new run.`,
    },
  );
}

/** Inputs of the latency loop, made before it: the subset in turn (else the first items), wrapped around where it is short. */
function latencyFeeds(
  { latency, subset }: TrialRequest,
  feeds: ItemFeeds,
  { header }: PreparedItems,
): [Record<string, Tensor>, ...Record<string, Tensor>[]] {
  const { batchSize } = latency;
  const possible = feeds.batchSizeFor(batchSize);
  if (possible !== batchSize) {
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      `The model is fixed to a batch of ${possible}, so calls with a batch of ${batchSize} cannot be timed.`,
      { hint: `Set batch_sizes to [${possible}], or export the model with a free batch axis.` },
    );
  }
  const pool = subset.length > 0 ? subset : Array.from({ length: header.count }, (_, i) => i);
  const bytes = batchSize * itemSize(header.shape) * 4;
  const wanted = Math.min(LATENCY_FEEDS, Math.ceil(pool.length / batchSize), Math.floor(LATENCY_FEED_BYTES / bytes));
  const make = (feed: number) =>
    feeds.makeFeed(
      Array.from({ length: batchSize }, (_, row) => pool[(feed * batchSize + row) % pool.length] as number),
    );
  return [make(0), ...Array.from({ length: Math.max(1, wanted) - 1 }, (_, i) => make(i + 1))];
}

function everyIndex({ header }: PreparedItems): Uint32Array {
  return Uint32Array.from({ length: header.count }, (_, i) => i);
}
