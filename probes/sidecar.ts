// Entry point of the probes: see USAGE in arguments.ts and docs/probes.md. It imports nothing of the harness.
import { readFileSync, statSync } from "node:fs";
import { readAmdRecording, watchAmd } from "./amd.ts";
import { readArguments, type SidecarArguments, USAGE } from "./arguments.ts";
import { watchCpu } from "./cpu.ts";
import { watchNvidia } from "./nvidia.ts";
import { readNvidiaRecording } from "./nvidia-recorded.ts";
import { type ProbeSink, probeOutput } from "./probe-output.ts";
import { unreadGpu } from "./protocol.ts";
import { sidecarFile } from "./sidecar-file.ts";

/** More than this is no recording of a tool. */
const MAX_RECORDING = 64 << 20;
const OWNER_CHECK_MS = 1000;

type Reason = "once" | "enough" | "asked" | "owner-gone" | "recording-ended" | "tool-gone";

const parsed = readArguments(process.argv.slice(2));
if (parsed === "help") process.stdout.write(USAGE);
else if ("wrong" in parsed) {
  process.stderr.write(`${parsed.wrong}\n\n${USAGE}`);
  process.exitCode = 2;
} else await run(parsed);

/** Samples until the end that was asked for. Whatever the hardware does, the exit code is 0: what is missing is in the output. */
async function run(args: SidecarArguments): Promise<void> {
  const stopping = new AbortController();
  let reason: Reason = args.once ? "once" : "enough";
  const stop = (why: Reason): void => {
    if (stopping.signal.aborted) return;
    reason = why;
    stopping.abort();
  };
  const file = sidecarFile(args);
  // A pipe that nobody reads any more: our reader is gone, and there is nobody to tell.
  process.stdout.on("error", () => process.exit(0));
  const source = args.fromFile === undefined ? "live" : "recorded";
  const output = probeOutput(process.stdout, { ...args, source }, (devices, count) => {
    file.add(devices);
    if (!args.once && count >= args.samples) stop("enough");
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => stop("asked"));
  const owner = process.ppid;
  // An orphan is adopted by another process; the reader may be gone without the pipe telling us.
  const watch = setInterval(() => process.ppid !== owner && stop("owner-gone"), OWNER_CHECK_MS);
  watch.unref();

  const ending =
    args.fromFile === undefined ? await watchLive(args, output, stopping.signal) : await readFrom(args, output);
  clearInterval(watch);
  if (ending === "tool-gone" || ending === "recording-ended") reason = ending;
  if (args.out !== undefined) {
    try {
      file.write(args.out);
    } catch (error) {
      process.stderr.write(`${args.out} could not be written: ${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    }
  }
  output.end(reason);
}

function watchLive(args: SidecarArguments, sink: ProbeSink, signal: AbortSignal): Promise<"done" | "tool-gone"> {
  switch (args.backend) {
    case "nvidia":
      return watchNvidia(sink, args, signal);
    case "amd":
      return watchAmd(sink, args, signal);
    case "cpu":
      return watchCpu(sink, { ...args, root: "/" }, signal);
  }
}

async function readFrom(args: SidecarArguments, sink: ProbeSink): Promise<"recording-ended"> {
  const path = args.fromFile as string;
  if (args.backend === "cpu") {
    await watchCpu(sink, { ...args, root: path, once: true }, new AbortController().signal);
    return "recording-ended";
  }
  let text: string | undefined;
  try {
    if (statSync(path).size <= MAX_RECORDING) text = readFileSync(path, "utf8");
    else sink.problem("OUTPUT_UNREADABLE", `${path} is too large for a recording.`);
  } catch (error) {
    sink.problem("OUTPUT_UNREADABLE", `${path} could not be read: ${error instanceof Error ? error.message : error}.`);
  }
  if (text === undefined) sink.sample([unreadGpu("gpu0", "unreadable")]);
  else if (args.backend === "nvidia") readNvidiaRecording(text, sink, args.columns);
  else readAmdRecording(text, sink);
  return "recording-ended";
}
