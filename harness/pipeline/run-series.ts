import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { ProbeDevice, ProbeLine } from "../domain/generated/probe-reading-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import type { PlotPoint } from "../report/plot-points.ts";
import type { PlotPanel, TimeSeriesPlot } from "../report/time-series-svg.ts";
import { readJournal } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";

interface Sampled {
  readonly atS: number;
  readonly devices: readonly ProbeDevice[];
}

const MOST_SAMPLES = 10_000;

/** Quantity, its unit, the readings it may come from, and the factor from their base unit. */
const QUANTITIES = [
  { label: "temperature", unit: "°C", ids: ["temperature_gpu_c", "temperature_cpu_c"], factor: 1 },
  { label: "clock", unit: "GHz", ids: ["clock_sm_hz", "cpu_frequency_hz"], factor: 1e-9 },
  { label: "power", unit: "W", ids: ["power_draw_w"], factor: 1 },
  { label: "use of the processors", unit: "%", ids: ["cpu_utilization"], factor: 100 },
] as const;

/**
 * Temperature, clock, power and use of each device over a run, with the rate of each trial, disturbed trials shaded. undefined where the
 * run was not watched. STORE_MISSING and STORE_CORRUPT as the readings are stored by digest.
 */
export async function runSeries(folder: RunFolder, summary: Summary): Promise<TimeSeriesPlot | undefined> {
  const { trials } = await readJournal(folder.file("journal.ndjson"));
  const watched = trials.filter(({ telemetry }) => telemetry !== undefined);
  const [first] = watched;
  if (first === undefined) return undefined;
  const zeroNs = BigInt(first.telemetry?.start_ns ?? 0);
  const at = (ns: string): number => Number(BigInt(ns) - zeroNs) / 1e9;
  const samples: Sampled[] = [];
  const files = watched.flatMap(({ telemetry }) => telemetry?.probes.flatMap(({ file }) => file ?? []) ?? []);
  // A plot shows no more than that; hours of readings are read at intervals.
  const stride = Math.ceil(files.reduce((sum, { lines }) => sum + lines, 0) / MOST_SAMPLES);
  for (const file of files) {
    const lines = await folder.getLines(file);
    samples.push(...lines.filter((_, i) => i % stride === 0).flatMap((text) => readSample(text, at)));
  }
  samples.sort((x, y) => x.atS - y.atS);
  const marks = new Map(
    summary.rows.flatMap(({ trial_marks = [] }) => trial_marks.map((mark) => [mark.trial_id, mark])),
  );
  const bands = watched.flatMap(({ trial_id, telemetry }) => {
    const mark = marks.get(trial_id);
    if (telemetry === undefined || mark === undefined || !mark.polluted) return [];
    return [
      { fromS: at(telemetry.start_ns), toS: at(telemetry.end_ns), label: `${trial_id}: ${mark.reasons.join(", ")}` },
    ];
  });
  return {
    title: `${summary.name}: the machine during ${summary.run_id}`,
    panels: [...QUANTITIES.flatMap((quantity) => panelOf(quantity, samples)), ratePanel(watched, at)],
    bands,
  };
}

function readSample(text: string, at: (ns: string) => number): Sampled[] {
  const as = { what: "a stored reading", code: "STORE_CORRUPT" } as const;
  const line = validator.validate<ProbeLine>("probe_reading.v1", parseJson(text, as), as);
  return line.kind === "sample" ? [{ atS: at(line.monotonic_ns), devices: line.devices }] : [];
}

/** One line a device; no panel where no device tells. */
function panelOf({ label, unit, ids, factor }: (typeof QUANTITIES)[number], samples: readonly Sampled[]): PlotPanel[] {
  const lines = new Map<string, PlotPoint[]>();
  for (const { atS, devices } of samples) {
    for (const { id, readings } of devices) {
      const all = readings as Readonly<Record<string, number | null | undefined>>;
      const value = ids.map((one) => all[one]).find((one) => typeof one === "number");
      if (value === undefined || value === null) continue;
      const points = lines.get(id) ?? [];
      lines.set(id, points);
      // Neighboring windows share a sample.
      if (points.at(-1)?.[0] !== atS) points.push([atS, value * factor]);
    }
  }
  return lines.size === 0 ? [] : [{ label, unit, lines: [...lines].map(([name, points]) => ({ name, points })) }];
}

/** Each trial's own rate, level over its window; trials of one cell are not joined with those of another. */
function ratePanel(trials: readonly TrialLine[], at: (ns: string) => number): PlotPanel {
  const lines = new Map<string, PlotPoint[]>();
  for (const { variant_id, measured, telemetry } of trials) {
    if (measured === null || telemetry === undefined) continue;
    const points = lines.get(variant_id) ?? [];
    lines.set(variant_id, points);
    const [from, to] = [at(telemetry.start_ns), at(telemetry.end_ns)];
    points.push([from, measured.throughput.items_per_second], [to, measured.throughput.items_per_second], [to, null]);
  }
  return { label: "rate", unit: "items/s", lines: [...lines].map(([name, points]) => ({ name, points })) };
}
