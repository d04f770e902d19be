import { HarnessError } from "../../domain/errors.ts";
import type { Runtime, TrialMeasurement, TrialRequest } from "../../domain/runtime-port.ts";
import { between, readHost } from "../../platform/host-readings.ts";
import { floatsFrom, notWhole, startTorch } from "./torch-process.ts";

export interface PytorchOptions {
  readonly python: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Another worker program, in tests. */
  readonly worker?: string | undefined;
}

/** A trial as the Python process tells it. */
interface WireMeasurement {
  readonly modelSha256Before: string;
  readonly modelSha256After: string;
  readonly loadS: number;
  readonly warmup: { readonly iterations: number; readonly seconds: number };
  readonly latencyS: string;
  readonly throughput: { itemsPerSecond: number; items: number; seconds: number; batchSize: number };
  readonly memory: { readonly peakRssBytes: number; readonly rssBeforeLoadBytes: number };
  readonly subsetOutputs: string;
  readonly allOutputs: string | null;
  readonly outputSize: number;
  readonly controls: { readonly threads: number; readonly cpuAffinity: number[] | null };
  readonly loop: { readonly loopWallS: number; readonly loopCpuS: number; readonly involuntarySwitches: number };
  readonly ownCpuS: number;
}

/** PyTorch on the CPU, one Python process a trial, as {@link onnxruntime} does it with its own. */
export function pytorch({ python, env, worker }: PytorchOptions): Runtime {
  const open = new Set<{ kill(): void }>();
  return {
    kind: "onnxruntime",
    async versions() {
      const process = startTorch({ python, label: "the PyTorch process", env, worker });
      try {
        const { torch, python: version } = (await process.request({ command: "hello" }, { timeoutMs: 120_000 })) as {
          torch: string;
          python: string;
        };
        return { torch, python: version };
      } catch (error) {
        // Variants of it are unavailable then, which is said of each; a run of others needs no version of what it does not use.
        if (error instanceof HarnessError && error.code.startsWith("RUNTIME_")) return {};
        throw error;
      } finally {
        await process.close();
      }
    },
    async runTrial(request, { signal }) {
      refuseRows(request);
      const before = readHost();
      const process = startTorch({
        python,
        label: `the PyTorch process of trial ${request.trialId}`,
        env,
        cpuAffinity: request.session.cpuAffinity ?? [],
        worker,
      });
      open.add(process);
      try {
        const answer = await process.request(
          { command: "trial", ...request },
          { timeoutMs: request.timeoutMs, signal },
        );
        const after = readHost();
        const { loop, ownCpuS, ...measured } = checkMeasurement(answer, request);
        return { ...measured, host: { ...loop, ownCpuS, ...between(before, after) } };
      } finally {
        open.delete(process);
        await process.close();
      }
    },
    async close() {
      for (const process of open) process.kill();
    },
  };
}

/** Boxes are made beside ONNX Runtime, in the process of the trial. */
function refuseRows({ rows }: TrialRequest): void {
  if (rows === undefined) return;
  throw new HarnessError("RUNTIME_UNAVAILABLE", "Detectors run in ONNX Runtime only.", {
    hint: "Export the detector to ONNX, and give it as an external quant.",
  });
}

type Checked = Omit<TrialMeasurement, "host"> & { readonly loop: WireMeasurement["loop"]; readonly ownCpuS: number };

/** What a foreign or broken worker sends must not reach the journal. */
function checkMeasurement(answer: unknown, request: TrialRequest): Checked {
  const wire = answer as WireMeasurement | undefined;
  const { loop, memory, throughput, warmup, outputSize } = wire ?? {};
  const numbers = [
    wire?.loadS,
    wire?.ownCpuS,
    loop?.loopWallS,
    loop?.loopCpuS,
    memory?.peakRssBytes,
    memory?.rssBeforeLoadBytes,
    throughput?.itemsPerSecond,
    throughput?.seconds,
    warmup?.seconds,
    outputSize,
  ];
  if (wire === undefined || numbers.some((value) => typeof value !== "number" || !(value >= 0))) {
    throw notWhole("a number is missing");
  }
  const latencyS = floatsFrom(wire.latencyS, 8);
  const subsetOutputs = floatsFrom(wire.subsetOutputs, 4);
  const allOutputs = wire.allOutputs === null ? undefined : floatsFrom(wire.allOutputs, 4);
  if (latencyS.length === 0 || !latencyS.every((seconds) => seconds > 0 && Number.isFinite(seconds))) {
    throw notWhole("it timed nothing");
  }
  if (subsetOutputs.length !== request.subset.length * wire.outputSize) throw notWhole("outputs are missing");
  const { modelSha256Before, modelSha256After, loadS, controls, ownCpuS } = wire;
  return {
    modelSha256Before,
    modelSha256After,
    loadS,
    warmup: wire.warmup,
    ...(request.latency.handicap === undefined ? {} : { handicap: request.latency.handicap }),
    latencyS,
    throughput: wire.throughput,
    memory: wire.memory,
    subsetOutputs,
    allOutputs,
    outputSize: wire.outputSize,
    controls: { seed: request.seed, threads: controls?.threads, cpuAffinity: controls?.cpuAffinity ?? undefined },
    loop: wire.loop,
    ownCpuS,
  };
}
