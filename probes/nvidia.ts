import { setTimeout as sleep } from "node:timers/promises";
import { NvidiaBeside } from "./nvidia-beside.ts";
import { csvReader, rowGrouper } from "./nvidia-csv.ts";
import { gpuOfRow, QUERY_FIELDS } from "./nvidia-fields.ts";
import { reportNoise } from "./nvidia-recorded.ts";
import type { ProbeSink } from "./probe-output.ts";
import { type Missing, now, type ProblemCode, unreadGpu } from "./protocol.ts";
import { problemOf, runTool, type ToolEnding } from "./tool-process.ts";
import type { VendorOptions } from "./vendor-options.ts";

type Row = ReadonlyMap<string, string>;

/** A row is about a kilobyte; this is that of a hundred cards at 20 Hz. */
const FLOOD_BYTES = 2 << 20;
/** Restarts of a tool that broke, with growing pauses, before the probe gives up. */
const MAX_RESTARTS = 5;
const EARNED_SAMPLES = 50;
const LAST_ROW_MS = 250;
const REFUSED = /Field "([^"]+)" is not a valid field to query/i;

const MISSING_OF: Readonly<Partial<Record<ProblemCode, Missing>>> = {
  TOOL_MISSING: "tool-missing",
  TOOL_FAILED: "tool-failed",
  TOOL_TIMEOUT: "tool-timeout",
  TOOL_DIED: "tool-died",
  TOOL_FLOODED: "tool-flooded",
  DEVICE_LOST: "device-lost",
};

/**
 * Samples NVIDIA GPUs by one nvidia-smi that runs in its own loop, restarted when it breaks. Resolves when it was told to stop, or
 * `once` is done ("done"), or the tool cannot be kept running ("tool-gone").
 */
export async function watchNvidia(
  sink: ProbeSink,
  options: VendorOptions,
  signal: AbortSignal,
): Promise<"done" | "tool-gone"> {
  const command = options.tool ?? "nvidia-smi";
  const device = options.device === undefined ? [] : ["-i", options.device];
  const beside = new NvidiaBeside(sink, { command, device, pids: options.pids, timeoutMs: options.timeoutMs, signal });
  if (options.once) await beside.readAppsOnce();
  else beside.watch();
  const loop = options.once ? [] : ["-lms", String(options.intervalMs)];
  const fields = QUERY_FIELDS.map((names) => [...names]);
  let restarts = 0;
  while (!signal.aborted) {
    const asked = fields.flatMap(([name]) => name ?? []).join(",");
    const args = [`--query-gpu=${asked}`, "--format=csv", ...loop, ...device];
    const { ending, samples, said } = await stream({ command, args, options, beside, sink, signal });
    if (signal.aborted || (options.once && samples > 0)) break;
    if (dropRefusedField(fields, said)) continue;
    const problem = describeEnding(command, ending, samples > 0);
    sink.problem(problem.code, problem.message);
    const index = /^\d+$/.test(options.device ?? "") ? options.device : "0";
    sink.sample([unreadGpu(`gpu${index}`, MISSING_OF[problem.code] ?? "tool-failed")]);
    if (options.once || problem.code === "TOOL_MISSING" || problem.code === "TOOL_FLOODED") return "tool-gone";
    // A tool that worked for a while has earned its restarts anew.
    restarts = samples > EARNED_SAMPLES ? 1 : restarts + 1;
    if (restarts > MAX_RESTARTS) return "tool-gone";
    await sleep(Math.min(options.intervalMs * 2 ** restarts, 10_000), undefined, { signal }).catch(() => undefined);
  }
  return "done";
}

function describeEnding(
  command: string,
  ending: ToolEnding,
  hadSampled: boolean,
): { code: ProblemCode; message: string } {
  const problem = problemOf(command, ending);
  if (problem === undefined || (problem.code === "TOOL_FAILED" && hadSampled)) {
    return { code: "TOOL_DIED", message: problem?.message ?? `${command} ended although it was to go on.` };
  }
  return problem;
}

/** Takes out, or replaces by its older name, a field that this driver refuses. False: it refused none. */
function dropRefusedField(fields: string[][], said: string): boolean {
  const refused = REFUSED.exec(said)?.[1];
  const names = fields.find(([name]) => name !== undefined && name === refused);
  if (names === undefined) return false;
  names.shift();
  return true;
}

interface Stream {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: VendorOptions;
  readonly beside: NvidiaBeside;
  readonly sink: ProbeSink;
  readonly signal: AbortSignal;
}

/** Runs the tool's loop to its end. `said`: the end of all it printed that was no row. */
async function stream({ command, args, options, beside, sink, signal }: Stream) {
  const { once, intervalMs, timeoutMs } = options;
  const read = csvReader();
  let said = "";
  let samples = 0;
  let cameAt = now();
  const pending: Promise<void>[] = [];
  const emit = (rows: readonly Row[]): void => {
    if (signal.aborted || (once && samples > 0)) return;
    samples++;
    beside.noteRows(rows);
    const devices = rows.map((cells, i) => gpuOfRow(cells, { fallbackIndex: i, extra: beside.extra(cells) }));
    const whole = devices.map((device) => beside.withEnergy(device));
    const about = { toolTime: rows[0]?.get("timestamp") ?? null, at: cameAt };
    const write = (): void => sink.sample([...whole, ...beside.migs], about);
    if (once) pending.push(beside.readMigs().then(write));
    else write();
  };
  const group = rowGrouper(emit);
  // A card that vanished leaves a sample incomplete: it is let go when the next one begins, or nothing more comes.
  let flushTimer: NodeJS.Timeout | undefined;
  const onLine = (line: string): void => {
    const parsed = read(line);
    if (parsed.kind === "row") {
      if (group.isEmpty() || group.isComplete(parsed.cells)) {
        group.flush();
        cameAt = now();
      }
      group.add(parsed.cells);
      clearTimeout(flushTimer);
      flushTimer = setTimeout(group.flush, Math.max(LAST_ROW_MS, 2 * intervalMs));
    } else if (parsed.kind === "noise") {
      said = `${said}\n${parsed.text}`.slice(-4096);
      if (!REFUSED.test(parsed.text)) reportNoise(sink, parsed.text);
    }
  };
  const tool = runTool(command, args, { silenceMs: timeoutMs, bytesPerSecond: FLOOD_BYTES, onLine });
  signal.addEventListener("abort", tool.stop, { once: true });
  const ending = await tool.done;
  signal.removeEventListener("abort", tool.stop);
  clearTimeout(flushTimer);
  group.flush();
  await Promise.all(pending);
  return { ending, samples, said: ending.status === "exited" ? `${said}\n${ending.stderr}` : said };
}
