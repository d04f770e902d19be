import { setTimeout as sleep } from "node:timers/promises";
import { AMD_SMI_ARGS, readAmdSmi } from "./amd-smi.ts";
import { energyKeeper } from "./integrate.ts";
import type { ProbeSink } from "./probe-output.ts";
import { type DeviceSample, type Missing, unreadGpu } from "./protocol.ts";
import { ROCM_SMI_ARGS, readRocmSmi } from "./rocm-smi.ts";
import { askTool, problemOf } from "./tool-process.ts";
import type { VendorOptions } from "./vendor-options.ts";

const MAX_BYTES = 8 << 20;
/** A tool that fails this often in a row is given up. */
const MAX_FAILURES = 5;

/** GPUs in a recorded or fresh output of rocm-smi or amd-smi, and the lines around its JSON; undefined where it holds none. */
export function readAmdOutput(text: string): { devices: DeviceSample[]; noise: string[] } | undefined {
  // Warnings come before and after: JSON goes from the first line that opens it to the last that closes it.
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^\s*[[{]/.test(line) && !/^\s*\[?(WARNING|ERROR)/i.test(line));
  const to = lines.findLastIndex((line) => /[\]}]\s*$/.test(line));
  if (from < 0 || to < from) return undefined;
  const document = parse(lines.slice(from, to + 1).join("\n"));
  const devices = readRocmSmi(document) ?? readAmdSmi(document);
  if (devices === undefined || devices.length === 0) return undefined;
  const noise = [...lines.slice(0, from), ...lines.slice(to + 1)]
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return { devices, noise };
}

/** Reads a recorded output of rocm-smi or amd-smi. */
export function readAmdRecording(text: string, sink: ProbeSink): void {
  const output = readAmdOutput(text);
  for (const line of output?.noise ?? []) sink.problem("TOOL_WARNING", line.slice(0, 500));
  if (output !== undefined) {
    sink.sample(output.devices);
    return;
  }
  sink.problem("OUTPUT_UNREADABLE", "The recording holds no JSON of rocm-smi or amd-smi with a GPU in it.");
  sink.sample([unreadGpu("gpu0", "unreadable")]);
}

/**
 * Samples AMD GPUs by running rocm-smi, or amd-smi where that is not installed, again and again: both take a good part of a second,
 * so the true rate is theirs. Ends as watchNvidia does.
 */
export async function watchAmd(
  sink: ProbeSink,
  options: VendorOptions,
  signal: AbortSignal,
): Promise<"done" | "tool-gone"> {
  const tools = options.tool === undefined ? ["rocm-smi", "amd-smi"] : [options.tool];
  const withEnergy = energyKeeper();
  let failures = 0;
  while (!signal.aborted) {
    const [command] = tools as [string];
    const start = process.hrtime.bigint();
    const { text, ending } = await askTool(command, argsOf(command), {
      timeoutMs: options.timeoutMs,
      maxBytes: MAX_BYTES,
      signal,
    });
    if (signal.aborted) break;
    const readMs = Number(process.hrtime.bigint() - start) / 1e6;
    if (ending.status === "not-started" && tools.length > 1) {
      tools.shift();
      continue;
    }
    const output = ending.status === "exited" ? readAmdOutput(text) : undefined;
    for (const line of output?.noise ?? []) sink.problem("TOOL_WARNING", line.slice(0, 500));
    const devices = output?.devices.filter(({ id, uuid }) => isChosen(options.device, id, uuid));
    if (devices !== undefined && devices.length > 0) {
      failures = 0;
      sink.sample(devices.map(withEnergy), { readMs });
    } else {
      failures++;
      reportFailure(sink, command, { ending, text, device: output === undefined ? undefined : options.device });
      if (ending.status === "not-started" || ending.status === "flooded" || failures >= MAX_FAILURES)
        return "tool-gone";
    }
    if (options.once) return devices === undefined ? "tool-gone" : "done";
    const pause = failures > 0 ? options.intervalMs * 2 ** failures : options.intervalMs - readMs;
    await sleep(Math.max(0, Math.min(pause, 10_000)), undefined, { signal }).catch(() => undefined);
  }
  return "done";
}

function argsOf(command: string): string[] {
  return /amd-smi[^/\\]*$/.test(command) ? AMD_SMI_ARGS : ROCM_SMI_ARGS;
}

function isChosen(device: string | undefined, id: string, uuid: string | null): boolean {
  return device === undefined || id === `gpu${device}` || uuid === device;
}

type Failure = { ending: Awaited<ReturnType<typeof askTool>>["ending"]; text: string; device: string | undefined };

function reportFailure(sink: ProbeSink, command: string, { ending, text, device }: Failure): void {
  const problem = problemOf(command, ending);
  const reasons: Readonly<Record<string, Missing>> = {
    TOOL_MISSING: "tool-missing",
    TOOL_TIMEOUT: "tool-timeout",
    TOOL_FLOODED: "tool-flooded",
    TOOL_FAILED: "tool-failed",
  };
  if (device !== undefined) sink.problem("DEVICE_LOST", `${command} lists no GPU ${device}.`);
  else if (problem !== undefined) sink.problem(problem.code, problem.message);
  else sink.problem("OUTPUT_UNREADABLE", `${command} gave no JSON with a GPU in it: ${text.trim().slice(0, 200)}`);
  const reason = device !== undefined ? "device-lost" : (reasons[problem?.code ?? ""] ?? "unreadable");
  sink.sample([unreadGpu(`gpu${/^\d+$/.test(device ?? "") ? device : "0"}`, reason)]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
