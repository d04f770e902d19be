import { createRequire } from "node:module";
import { HarnessError } from "../../domain/errors.ts";
import type { Runtime, TrialRequest } from "../../domain/runtime-port.ts";
import { readText } from "../../platform/files.ts";
import { between, readHost } from "../../platform/host-readings.ts";
import { parseJson } from "../../platform/json.ts";
import { startWorker } from "../../platform/worker-host.ts";
import { workerModule } from "../../platform/worker-module.ts";
import type { ChildMeasurement } from "./run-trial.ts";

/** ONNX Runtime on the CPU, one child process a trial, so that a crash is one failed trial and memory is that trial's own. */
export function onnxruntime(options: { readonly worker?: URL } = {}): Runtime {
  const module = options.worker ?? workerModule("./trial-worker", import.meta.url);
  const open = new Set<{ kill(): void }>();
  return {
    kind: "onnxruntime",
    versions: toolVersions,
    async runTrial(request, { signal }) {
      const before = readHost();
      const worker = startWorker(module, {
        label: `the ONNX Runtime process of trial ${request.trialId}`,
        nodeFlags: ["--expose-gc"],
        cpuAffinity: request.session.cpuAffinity ?? [],
      });
      open.add(worker);
      try {
        const answer = await worker.request(request, { timeoutMs: request.timeoutMs, signal });
        const after = readHost();
        const { loop, ownCpuS, ...measured } = checkMeasurement(answer, request);
        const { loopCpuS, loopWallS, involuntarySwitches, gcS } = loop;
        return {
          ...measured,
          host: { loopCpuS, loopWallS, involuntarySwitches, loopGcS: gcS, ownCpuS, ...between(before, after) },
        };
      } finally {
        open.delete(worker);
        await worker.close();
      }
    },
    async close() {
      for (const worker of open) worker.kill();
    },
  };
}

/** What a foreign or broken child sends must not reach the journal. */
function checkMeasurement(answer: unknown, { trialId, subset }: TrialRequest): ChildMeasurement {
  const measured = answer as ChildMeasurement | undefined;
  const isWhole =
    measured?.latencyS instanceof Float64Array &&
    measured.latencyS.length > 0 &&
    measured.latencyS.every((seconds) => seconds > 0 && Number.isFinite(seconds)) &&
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
