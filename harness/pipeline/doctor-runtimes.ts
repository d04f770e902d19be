import { HarnessError } from "../domain/errors.ts";
import { readBytes } from "../platform/files.ts";
import { findProgram } from "../platform/find-program.ts";
import { hasIntegerDotProduct, isaFlags } from "../platform/host.ts";
import { pythonProgram } from "../platform/python-program.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { childSessions } from "../runtimes/onnxruntime/session-port.ts";
import { TORCH_INSTALL } from "../runtimes/pytorch/torch-process.ts";
import { openTorchTools } from "../runtimes/pytorch/torch-tools.ts";
import { embeddedModelPath, readConfig } from "../store/config-file.ts";
import type { DoctorCheck, DoctorContext } from "./doctor.ts";
import { randomFeeds } from "./random-feeds.ts";

/** As `engines` in package.json has it. */
const LEAST_NODE = [20, 19] as const;

export const RUNTIME_CHECKS: readonly DoctorCheck[] = [
  { id: "node", area: "runtime", look: () => lookAtNode(process.versions.node) },
  { id: "onnxruntime", area: "runtime", look: lookAtOnnxruntime },
  { id: "pytorch", area: "runtime", look: lookAtPytorch },
  { id: "kernels", area: "runtime", look: () => lookAtKernels(isaFlags()) },
  { id: "affinity", area: "runtime", look: () => lookAtAffinity() },
];

export function lookAtNode(version: string) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const found = `Node ${version}`;
  return isNew
    ? ({ status: "ok", found, facts: { version } } as const)
    : ({
        status: "fail",
        found,
        advice: `Install Node ${LEAST_NODE.join(".")} or newer.`,
        facts: { version },
      } as const);
}

/** Loads and runs the embedded model in a process of its own, as a trial would. */
async function lookAtOnnxruntime() {
  const runtime = onnxruntime();
  const session = childSessions();
  try {
    const { "onnxruntime-node": version = "unknown" } = await runtime.versions();
    const model = await readBytes(embeddedModelPath(), { what: "model", code: "CONFIG_MODEL_MISSING" });
    const open = await session.open(model);
    const outputs = await open.run(randomFeeds(model));
    await open.close();
    if (Object.keys(outputs).length === 0)
      throw new HarnessError("RUNTIME_PROTOCOL", "ONNX Runtime gave no output", { hint: "Run npm ci." });
    return { status: "ok", found: `ONNX Runtime ${version} runs the embedded model`, facts: { version } } as const;
  } finally {
    await session.close();
    await runtime.close();
  }
}

/** Imports PyTorch in a process of its own, as a trial would. Optional: only PyTorch variants and steps need it. */
export async function lookAtPytorch({ env, signal, config }: Pick<DoctorContext, "env" | "signal" | "config">) {
  const named = config === undefined ? undefined : (await readConfig(config).catch(() => undefined))?.python;
  const python = pythonProgram({ env, named });
  const tools = openTorchTools({ python, env, signal });
  try {
    const { torch, python: version, engines } = await tools.versions();
    const quantizes = engines.length === 0 ? "" : `; int8 by ${engines.join(", ")}`;
    return {
      status: "ok",
      found: `PyTorch ${torch} on Python ${version}${quantizes}`,
      facts: { torch, python: version },
    } as const;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HarnessError) || error.code !== "RUNTIME_UNAVAILABLE") throw error;
    return {
      status: "missing",
      found: `PyTorch is unavailable: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1).replace(/\.$/, "")}`,
      advice: `${TORCH_INSTALL}. Without it, PyTorch variants are left out and everything else runs.`,
    } as const;
  } finally {
    await tools.close();
  }
}

export function lookAtKernels(flags: readonly string[] | undefined) {
  const has = hasIntegerDotProduct(flags);
  if (has === undefined) {
    return {
      status: "warn",
      found: "the instruction sets of the processor cannot be read",
      advice: "A run's manifests tell which layers are computed in integers.",
    } as const;
  }
  if (has)
    return {
      status: "ok",
      found: "the processor multiplies 8-bit integers natively",
      facts: { integer_dot_product: true },
    } as const;
  return {
    status: "warn",
    found: "the processor has no 8-bit dot product (VNNI, AMX or Arm's)",
    advice:
      "8-bit variants may gain little speed here, and u8s8 kernels may saturate: measure on the machine that will serve.",
    facts: { integer_dot_product: false },
  } as const;
}

function lookAtAffinity() {
  if (process.platform === "linux" && findProgram("taskset") !== undefined) {
    return { status: "ok", found: "trials can be pinned to processors (runtime.cpu_affinity)" } as const;
  }
  return {
    status: "missing",
    found: "trials cannot be pinned to processors: there is no taskset",
    advice: "Install util-linux, or leave runtime.cpu_affinity empty.",
  } as const;
}
