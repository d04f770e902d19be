// What the CPU probe costs at 5 Hz: its share of a core, and what it does to ResNet8's batch-1 latency beside it.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { sessionOptions } from "../../harness/runtimes/onnxruntime/load-session.ts";
import { hodgesLehmann } from "../../harness/stats/index.ts";

const SIDECAR = fileURLToPath(new URL("../../probes/sidecar.js", import.meta.url));
const WARMUP_S = 3;
const SHARE_S = 30;
/** Enough for an interval of 4 % on a machine whose trials differ by a tenth. */
const BLOCKS = 150;
const CALLS = 1000;
const TICKS = 100;

/** Prints the probe's share of one core over half a minute, then the ratio of latencies with and without it, with its 90 % interval. */
export async function bench(): Promise<void> {
  if (process.platform !== "linux") {
    console.log("probe cost: reads /proc, left out here");
    return;
  }
  const probe = spawn(process.execPath, [SIDECAR, "--backend", "cpu", "--interval-ms", "200"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let samples = 0;
  probe.stdout.on("data", (text: Buffer) => {
    samples += text.toString().split('"kind":"sample"').length - 1;
  });
  try {
    await sleep(WARMUP_S * 1000);
    await shareOfCore(probe, () => samples);
    await latencyRatio(probe);
  } finally {
    probe.kill("SIGKILL");
  }
}

async function shareOfCore(probe: ChildProcess, count: () => number): Promise<void> {
  const [cpu, start, before] = [cpuSeconds(probe.pid as number), performance.now(), count()];
  await sleep(SHARE_S * 1000);
  const wallS = (performance.now() - start) / 1000;
  const usedS = cpuSeconds(probe.pid as number) - cpu;
  const rate = (count() - before) / wallS;
  console.log(
    `cpu probe: ${((100 * usedS) / wallS).toFixed(2)} % of one core at ${rate.toFixed(2)} samples/s (${usedS.toFixed(2)} s CPU in ${wallS.toFixed(0)} s)`,
  );
}

/** Stopped and continued in turn, so that both sides see the same machine. */
async function latencyRatio(probe: ChildProcess): Promise<void> {
  const dataDir = process.env["QUANTGATE_DATA_DIR"] ?? join(packageRoot(), "../shared/data");
  const model = join(dataDir, "resnet8/resnet8_fp32.onnx");
  if (!existsSync(model)) {
    console.log("probe cost: ResNet8 is not here, its latency left out");
    return;
  }
  const session = await InferenceSession.create(
    model,
    sessionOptions({ threads: 1, optimizationLevel: "all", cpuMemArena: true, memPattern: true, sessionConfig: {} }),
  );
  const name = session.inputNames[0] as string;
  const feed = { [name]: new Tensor("float32", new Float32Array(32 * 32 * 3).fill(128), [1, 32, 32, 3]) };
  for (let i = 0; i < CALLS; i++) await session.run(feed);
  const logRatios: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const medians = { with: 0, without: 0 };
    const sides = block % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
    for (const side of sides) {
      probe.kill(side === "with" ? "SIGCONT" : "SIGSTOP");
      await sleep(20);
      medians[side] = await medianLatency(session, feed);
    }
    logRatios.push(Math.log(medians.with / medians.without));
  }
  await session.release();
  const { value, low, high } = hodgesLehmann(logRatios, { level: 0.9 });
  const [ratio, from, to] = [value ?? Number.NaN, low, high].map((log) => Math.exp(log).toFixed(4));
  console.log(
    `ResNet8 batch-1 latency with against without the probe: ${ratio} [${from}, ${to}] (90 %, ${BLOCKS} blocks)`,
  );
}

async function medianLatency(session: InferenceSession, feed: Record<string, Tensor>): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < CALLS; i++) {
    const start = performance.now();
    await session.run(feed);
    samples.push(performance.now() - start);
  }
  return samples.sort((a, b) => a - b)[CALLS >> 1] as number;
}

/** User and system time of a process and of its children that have ended. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / TICKS, 0);
}
