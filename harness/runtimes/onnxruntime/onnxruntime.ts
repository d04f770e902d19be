import { createRequire } from "node:module";
import { HarnessError } from "../../domain/errors.ts";
import type { Runtime, TrialOptions, TrialRequest, Turn } from "../../domain/runtime-port.ts";
import { readText } from "../../platform/files.ts";
import { between, type HostInterval, readHost, together } from "../../platform/host-readings.ts";
import { parseJson } from "../../platform/json.ts";
import { startWorker, type Worker } from "../../platform/worker-host.ts";
import { workerModule } from "../../platform/worker-module.ts";
import type { ChildMeasurement } from "./run-trial.ts";
import type { StepRequest } from "./sliced-trial.ts";

/** ONNX Runtime on the CPU, one child process a trial, so that a crash is one failed trial and memory is that trial's own. */
export function onnxruntime(options: { readonly worker?: URL } = {}): Runtime {
  const module = options.worker ?? workerModule("./trial-worker", import.meta.url);
  const open = new Set<{ kill(): void }>();
  return {
    kind: "onnxruntime",
    versions: toolVersions,
    async runTrial(request, { signal, turn }) {
      let worker: Worker | undefined;
      const start = (): Worker => {
        worker = startWorker(module, {
          label: `the ONNX Runtime process of trial ${request.trialId}`,
          nodeFlags: ["--expose-gc"],
          cpuAffinity: request.session.cpuAffinity ?? [],
        });
        open.add(worker);
        return worker;
      };
      try {
        const { answer, host } = await (turn === undefined
          ? atOneGo(start, request, { signal })
          : inTurns(start, request, { signal, turn }));
        const { loop, ownCpuS, ...measured } = checkMeasurement(answer, request);
        const { loopCpuS, loopWallS, involuntarySwitches, gcS } = loop;
        return {
          ...measured,
          host: { loopCpuS, loopWallS, involuntarySwitches, loopGcS: gcS, ownCpuS, ...host },
        };
      } finally {
        if (worker !== undefined) {
          open.delete(worker);
          await worker.close();
        }
      }
    },
    async close() {
      for (const worker of open) worker.kill();
    },
  };
}

interface Answered {
  readonly answer: unknown;
  readonly host: HostInterval;
}

async function atOneGo(start: () => Worker, request: TrialRequest, { signal }: TrialOptions): Promise<Answered> {
  const before = readHost();
  const answer = await start().request(request, { timeoutMs: request.timeoutMs, signal });
  return { answer, host: between(before, readHost()) };
}

/**
 * Every step in a turn of its own, from the start of the process to its end, so that it works in no other trial's turn. The machine is
 * read while it is this trial's turn, and each step has the trial's timeout.
 */
async function inTurns(
  start: () => Worker,
  request: TrialRequest,
  { signal, turn }: TrialOptions & { readonly turn: Turn },
): Promise<Answered> {
  const intervals: HostInterval[] = [];
  let worker: Worker | undefined;
  const step = (asked: StepRequest) =>
    turn.take(async () => {
      const before = readHost();
      worker ??= start();
      const answer = await worker.request(asked, { timeoutMs: request.timeoutMs, signal });
      if (asked.step === "finish") await worker.close();
      intervals.push(between(before, readHost()));
      return answer;
    });
  let ahead = await step({ step: "open", request });
  while (typeof ahead === "number" && ahead > 0) ahead = await step({ step: "slice" });
  const answer = await step({ step: "finish" });
  return { answer, host: intervals.reduce(together) };
}

/** What a foreign or broken child sends must not reach the journal. */
function checkMeasurement(answer: unknown, { trialId, subset }: TrialRequest): ChildMeasurement {
  const measured = answer as ChildMeasurement | undefined;
  const isWhole =
    measured?.latencyS instanceof Float64Array &&
    measured.latencyS.length > 0 &&
    measured.latencyS.every((seconds) => seconds > 0 && Number.isFinite(seconds)) &&
    (measured.slices === undefined || isSharedOut(measured.slices, measured.latencyS.length)) &&
    measured.subsetOutputs instanceof Float32Array &&
    measured.subsetOutputs.length === subset.length * measured.outputSize &&
    [measured.loadS, measured.loop?.loopWallS, measured.memory?.peakRssBytes].every((value) => Number.isFinite(value));
  if (isWhole) return measured;
  throw new HarnessError(
    "RUNTIME_PROTOCOL",
    `The ONNX Runtime process of trial ${trialId} answered without a whole measurement.`,
    {
      hint: "Run it again; reinstall the package if it happens again.",
    },
  );
}

/** Samples of every slice, none empty, that add up. */
function isSharedOut(slices: readonly number[], samples: number): boolean {
  const areCounts = Array.isArray(slices) && slices.every((count) => Number.isSafeInteger(count) && count > 0);
  return areCounts && slices.reduce((sum, count) => sum + count, 0) === samples;
}

async function toolVersions(): Promise<Readonly<Record<string, string>>> {
  const entries = ["onnxruntime-node", "tinybench"].map(async (name) => [name, await installedVersion(name)] as const);
  return { ...Object.fromEntries(await Promise.all(entries)), node: process.versions.node, v8: process.versions.v8 };
}

/** From the package's own file: loading the native library into this process to ask it would cost 50 MB. */
async function installedVersion(name: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const folders = require.resolve.paths(name) ?? [];
  for (const folder of folders) {
    const what = { what: `the version of ${name}`, code: "RUNTIME_UNAVAILABLE" } as const;
    const text = await readText(`${folder}/${name}/package.json`, what).catch(() => undefined);
    if (text === undefined) continue;
    const { version } = parseJson(text, what) as { version?: unknown };
    if (typeof version === "string") return version;
  }
  throw new HarnessError("RUNTIME_UNAVAILABLE", `The package ${name} is not installed.`, { hint: "Run npm ci." });
}
