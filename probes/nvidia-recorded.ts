import { stateOf } from "./cell.ts";
import { appOfRow, type ComputeApp, memoryByOwner } from "./nvidia-apps.ts";
import { csvReader, rowGrouper } from "./nvidia-csv.ts";
import { gpuOfRow } from "./nvidia-fields.ts";
import { parseNvidiaXml } from "./nvidia-xml.ts";
import type { ProbeSink } from "./probe-output.ts";
import { unreadGpu } from "./protocol.ts";

type Row = ReadonlyMap<string, string>;

/** Lines of a failing tool or card; the card itself says nothing more. */
const LOST_DEVICE = /unable to determine the device handle|gpu is lost|couldn't communicate with the nvidia driver/i;

/** Reports what a tool prints beside its rows. */
export function reportNoise(sink: ProbeSink, text: string): void {
  sink.problem(LOST_DEVICE.test(text) ? "DEVICE_LOST" : "TOOL_WARNING", text);
}

/**
 * Reads a recorded output of nvidia-smi: XML, CSV of `--query-gpu` or `--query-compute-apps` with their headings, or the table for
 * people, of which only the number of cards and the warnings are taken. Without a heading `columns` names the cells.
 */
export function readNvidiaRecording(text: string, sink: ProbeSink, columns: readonly string[] = []): void {
  if (/<nvidia_smi_log\b/.test(text)) {
    const document = parseNvidiaXml(text);
    if (document === undefined || document.devices.length === 0) {
      sink.problem("OUTPUT_UNREADABLE", "The recorded XML names no GPU.");
    } else sink.sample(document.devices, { toolTime: document.time });
    return;
  }
  if (/^\+[-=+]{20,}\+\s*$/m.test(text)) readTable(text, sink);
  else readCsv(text, sink, columns);
}

function readTable(text: string, sink: ProbeSink): void {
  const cards = [...text.matchAll(/^\|\s+(\d+)\s+\S.*\|\s*[0-9A-F]{8}:[0-9A-F]{2}:[0-9A-F]{2}\.\d/gim)];
  for (const [warning] of text.matchAll(/^(WARNING|ERROR):.*$/gim)) reportNoise(sink, warning.trim());
  sink.problem(
    "OUTPUT_UNREADABLE",
    "The recording is a table for people; record --query-gpu=... --format=csv or -q -x.",
  );
  const ids = cards.length > 0 ? cards.map(([, index]) => `gpu${index}`) : ["gpu0"];
  sink.sample(ids.map((id) => unreadGpu(id, "not-machine-readable")));
}

function readCsv(text: string, sink: ProbeSink, columns: readonly string[]): void {
  const read = csvReader(columns);
  const apps: ComputeApp[] = [];
  let samples = 0;
  const emit = (rows: readonly Row[]): void => {
    samples++;
    const devices = rows.map((cells, i) => gpuOfRow(cells, { fallbackIndex: i }));
    sink.sample(devices, { toolTime: rows[0]?.get("timestamp") ?? null });
  };
  const group = rowGrouper(emit);
  for (const line of text.split("\n")) {
    const parsed = read(line);
    if (parsed.kind === "noise") reportNoise(sink, parsed.text);
    if (parsed.kind !== "row") continue;
    if (parsed.cells.has("pid")) apps.push(...[appOfRow(parsed.cells)].filter((app) => app !== undefined));
    else group.add(parsed.cells);
  }
  group.flush();
  if (apps.length > 0) sampleOfApps(apps, sink);
  else if (samples === 0) {
    const state = stateOf(text.trim());
    sink.problem("OUTPUT_UNREADABLE", "The recording has no row of a GPU.");
    sink.sample([unreadGpu("gpu0", state ?? "not-reported")]);
  }
}

/** A list of processes alone: the cards it names, with their memory by process and nothing else. */
function sampleOfApps(apps: readonly ComputeApp[], sink: ProbeSink): void {
  const cards = [...new Set(apps.map((app) => app.gpu))];
  const devices = cards.map((uuid, i) => {
    const extra = memoryByOwner(apps, { gpu: uuid, usedBytes: { missing: "not-reported" }, isOurs: undefined });
    return gpuOfRow(new Map([["uuid", uuid]]), { fallbackIndex: i, extra });
  });
  sink.sample(devices);
}
