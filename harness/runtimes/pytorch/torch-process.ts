import { fileURLToPath } from "node:url";
import { HarnessError } from "../../domain/errors.ts";
import { type LineProcess, startLineProcess } from "../../platform/line-process.ts";

/** What makes PyTorch available. */
export const TORCH_INSTALL = "Install Python 3.10 or newer with PyTorch: python3 -m pip install torch";

export interface TorchProcessOptions {
  /** Interpreter. */
  readonly python: string;
  readonly label: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cpuAffinity?: readonly number[];
  /** Another worker program, in tests. */
  readonly worker?: string | undefined;
}

/** The worker beside this file, in a process of its own. */
export function startTorch({ python, label, env, cpuAffinity = [], worker }: TorchProcessOptions): LineProcess {
  const program = worker ?? fileURLToPath(new URL("worker.py", import.meta.url));
  return startLineProcess([python, "-u", program], {
    label,
    cpuAffinity,
    install: TORCH_INSTALL,
    hints: {
      RUNTIME_UNAVAILABLE: TORCH_INSTALL,
      CONFIG_MODEL_INVALID: "Export the model again with the PyTorch that is installed here, with a free batch axis.",
    },
    // Threads are set by the request; a library's own pool must not be larger than the trial's.
    env: { ...(env ?? process.env), PYTHONDONTWRITEBYTECODE: "1" },
  });
}

/** Base64 of little-endian numbers as an array. RUNTIME_PROTOCOL for anything else. */
export function floatsFrom(value: unknown, bytes: 4): Float32Array;
export function floatsFrom(value: unknown, bytes: 8): Float64Array;
export function floatsFrom(value: unknown, bytes: 4 | 8): Float32Array | Float64Array {
  const data = typeof value === "string" ? Uint8Array.from(Buffer.from(value, "base64")) : undefined;
  if (data === undefined || data.length % bytes !== 0) throw notWhole("its arrays are none");
  return bytes === 4 ? new Float32Array(data.buffer) : new Float64Array(data.buffer);
}

export function notWhole(why: string): HarnessError {
  return new HarnessError("RUNTIME_PROTOCOL", `The PyTorch process answered without a whole measurement: ${why}.`, {
    hint: "Run it again; reinstall the package if it happens again.",
  });
}
