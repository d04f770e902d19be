import type { ThermalStability } from "../domain/generated/thermal-stability-v1.ts";
import type { ThermalSample } from "../explore/thermal-bins.ts";
import type { PlotPoint } from "../report/plot-points.ts";
import type { TimeSeriesPlot } from "../report/time-series-svg.ts";
import type { LoadStretch } from "../runtimes/onnxruntime/load-loop.ts";
import type { ProbeClient } from "../telemetry/probe-client.ts";
import type { StoredSample } from "../telemetry/summarize-window.ts";

/** One stretch of constant load with what the machine read meanwhile. */
export type BlockSample = ThermalSample & { readonly powerW?: number };

/** One block of equal work. */
export interface LoadBlock {
  readonly startNs: bigint;
  readonly calls: number;
  readonly seconds: number;
  readonly samples: readonly BlockSample[];
  readonly startC: number | undefined;
  readonly endC: number | undefined;
}

/** Each stretch with the readings of the last sample before its end: of a card where one is read, else of the processors. */
export function blockSamples(
  stretches: readonly LoadStretch[],
  clients: readonly ProbeClient[],
  { startNs, batchSize }: { readonly startNs: bigint; readonly batchSize: number },
): BlockSample[] {
  const watcher = clients.find(({ backend }) => backend !== "cpu") ?? clients[0];
  return stretches.map(({ endS, calls, seconds }) => {
    const endNs = startNs + BigInt(Math.round(endS * 1e9));
    const beginNs = endNs - BigInt(Math.round(seconds * 1e9));
    const sample = watcher?.samples(beginNs, endNs).at(-1);
    return { atS: endS, rate: (calls * batchSize) / seconds, ...readingsOf(sample) };
  });
}

function readingsOf(sample: StoredSample | undefined): Omit<BlockSample, "atS" | "rate"> {
  const readings = sample?.devices[0]?.readings ?? {};
  const value = (...ids: string[]): number | undefined => {
    const all = readings as Readonly<Record<string, number | null | undefined>>;
    return ids.map((id) => all[id]).find((one) => typeof one === "number") ?? undefined;
  };
  const temperatureC = value("temperature_gpu_c", "temperature_cpu_c");
  const clockHz = value("clock_sm_hz", "cpu_frequency_hz");
  const flag = value("throttle_thermal");
  const powerW = value("power_draw_w");
  return {
    ...(temperatureC === undefined ? {} : { temperatureC }),
    ...(clockHz === undefined ? {} : { clockHz }),
    ...(flag === undefined ? {} : { throttled: flag > 0 }),
    ...(powerW === undefined ? {} : { powerW }),
  };
}

/** Temperature, clock, power and rate of all blocks on one axis; waits are gaps, polluted blocks are shaded. */
export function seriesPlot(
  { model_id, quant_tag, points }: ThermalStability,
  blocks: readonly LoadBlock[],
  startNs: bigint,
): TimeSeriesPlot {
  const offset = (block: LoadBlock): number => Number(block.startNs - startNs) / 1e9;
  const line = (name: string, pick: (sample: BlockSample) => number | undefined) => ({
    name,
    points: blocks.flatMap((block): PlotPoint[] => [
      ...block.samples.map((sample): PlotPoint => [offset(block) + sample.atS, pick(sample) ?? null]),
      [offset(block) + block.seconds, null],
    ]),
  });
  const panel = (label: string, unit: string, pick: (sample: BlockSample) => number | undefined) => ({
    label,
    unit,
    lines: [line(label, pick)],
  });
  return {
    title: `${model_id}/${quant_tag}: constant load`,
    panels: [
      panel("temperature", "°C", ({ temperatureC }) => temperatureC),
      panel("clock", "GHz", ({ clockHz }) => (clockHz === undefined ? undefined : clockHz / 1e9)),
      panel("power", "W", ({ powerW }) => powerW),
      panel("rate", "items/s", ({ rate }) => rate),
    ],
    bands: blocks.flatMap((block, i) => {
      const point = points[i];
      if (point === undefined || !point.polluted) return [];
      return [{ fromS: offset(block), toS: offset(block) + block.seconds, label: point.reasons.join(", ") }];
    }),
  };
}
