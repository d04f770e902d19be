// Compares the trial's latency loop and evaluation with bare onnxruntime-node loops, interleaved in one process; prints ratios.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { openPrepared, writePrepared } from "../../harness/platform/prepared-items.ts";
import { evaluateItems, itemFeeds } from "../../harness/runtimes/onnxruntime/evaluate-items.ts";
import { measureLatency } from "../../harness/runtimes/onnxruntime/latency-loop.ts";
import { sessionOptions } from "../../harness/runtimes/onnxruntime/load-session.ts";
import { matchModel } from "../../harness/runtimes/onnxruntime/model-io.ts";

const ROUNDS = 9;
const CALLS = 500;
const WARMUP_CALLS = 100;
const ITEMS = 1024;
const BATCH = 32;

/** Prints, for ResNet8 where the data folder is there and for the embedded model: harness over bare, median of rounds. */
export async function bench(): Promise<void> {
  const dataDir = process.env["QUANTGATE_DATA_DIR"] ?? join(packageRoot(), "../shared/data");
  const models = [join(dataDir, "resnet8/resnet8_fp32.onnx"), join(packageRoot(), "configs/digits/digits-cnn.onnx")];
  for (const model of models) {
    if (existsSync(model)) await compare(model);
    else console.log(`latency loop: ${basename(model)} is not here, left out`);
  }
}

async function compare(model: string): Promise<void> {
  const settings = {
    threads: 1,
    optimizationLevel: "all",
    cpuMemArena: true,
    memPattern: true,
    sessionConfig: {},
  } as const;
  const session = await InferenceSession.create(model, sessionOptions(settings));
  const [input] = session.inputMetadata;
  if (input?.isTensor !== true) throw new Error(`${model} has no tensor input`);
  const shape = input.shape.slice(1).map(Number);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const folder = mkdtempSync(join(tmpdir(), "quantgate-bench-"));
  try {
    const path = join(folder, "items.prepared");
    const data = Uint8Array.from({ length: ITEMS * size }, (_, i) => (i * 31) % 256);
    await writePrepared(path, { count: ITEMS, shape, data });
    const items = openPrepared(path);
    const io = matchModel(session, items.header);
    const feeds = itemFeeds(Tensor, io, items);
    const one = feeds.makeFeed([0]);
    const bareItems = Float32Array.from(data);

    const latency = { harness: [] as number[], bare: [] as number[] };
    const rate = { harness: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      const sides = round % 2 === 0 ? (["harness", "bare"] as const) : (["bare", "harness"] as const);
      for (const side of sides) {
        latency[side].push(side === "harness" ? await harnessLatency(session, one) : await bareLatency(session, one));
      }
      for (const side of sides) {
        const indices = Uint32Array.from({ length: ITEMS }, (_, i) => i);
        const seconds =
          side === "harness"
            ? (await evaluateItems(session, io, feeds, { indices, batchSize: BATCH })).seconds
            : await bareEvaluation(session, io.inputName, bareItems, shape);
        rate[side].push(ITEMS / seconds);
      }
    }
    items.close();
    await session.release();
    report(`${basename(model)}, batch-1 latency, median of ${CALLS} calls, µs`, latency);
    report(`${basename(model)}, evaluation at batch ${BATCH}, items/s`, rate);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function harnessLatency(session: InferenceSession, feed: Record<string, Tensor>): Promise<number> {
  const limits = { warmupIterations: WARMUP_CALLS, warmupMs: 0, minSamples: CALLS, maxSamples: CALLS, timeBudgetMs: 0 };
  const { latencyS } = await measureLatency(session, [feed], { batchSize: 1, ...limits });
  return median([...latencyS]) * 1e6;
}

async function bareLatency(session: InferenceSession, feed: Record<string, Tensor>): Promise<number> {
  for (let i = 0; i < WARMUP_CALLS; i++) await session.run(feed);
  const samples = new Array<number>(CALLS);
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    await session.run(feed);
    samples[i] = performance.now() - start;
  }
  return median(samples) * 1000;
}

/** As fast as it can be written by hand: items are float32 in memory already, and tensors are views of them. */
async function bareEvaluation(
  session: InferenceSession,
  input: string,
  items: Float32Array,
  shape: number[],
): Promise<number> {
  const size = items.length / ITEMS;
  const rows: Float32Array[] = [];
  const start = performance.now();
  for (let i = 0; i < ITEMS; i += BATCH) {
    const batch = items.subarray(i * size, (i + BATCH) * size);
    const results = await session.run({ [input]: new Tensor("float32", batch, [BATCH, ...shape]) });
    rows.push(Object.values(results)[0]?.data as Float32Array);
  }
  return (performance.now() - start) / 1000;
}

function report(what: string, { harness, bare }: { harness: number[]; bare: number[] }): void {
  const ratios = harness.map((value, round) => value / (bare[round] as number));
  const range = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const sides = `harness ${median(harness).toFixed(1)}, bare ${median(bare).toFixed(1)}`;
  console.log(`${what}: ${sides}, ratio ${median(ratios).toFixed(3)} (${ROUNDS} rounds, ${range})`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
