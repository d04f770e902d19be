import type { EstimateDoc, ThermalStability } from "../domain/generated/thermal-stability-v1.ts";
import { ABSENT, decimal, isNumber, percent } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** Thermal stability for a terminal: a line a run, what holds over all of them, and what to do. */
export function renderThermal(artifact: ThermalStability, { width }: TextOptions): string {
  const { model_id, quant_tag, points, recommendation, verdict } = artifact;
  const heading = `thermal · ${visible(model_id)}/${visible(quant_tag)} · ${points.length} ${points.length === 1 ? "run" : "runs"}`;
  const columns: Column[] = [
    column(
      "run",
      points.map(({ run_index }) => String(run_index + 1)),
    ),
    column(
      "time, s",
      points.map(({ total_latency }) => decimal(total_latency, { digits: 1 })),
    ),
    column(
      "start, °C",
      points.map(({ thermal_start_c }) => decimal(thermal_start_c, { digits: 0 })),
    ),
    column(
      "end, °C",
      points.map(({ thermal_end_c }) => decimal(thermal_end_c, { digits: 0 })),
    ),
    column(
      "within",
      points.map(({ trace }) => trace?.verdict ?? ABSENT),
      "left",
    ),
    column(
      "reasons",
      points.map(({ reasons }) => reasons.join(", ") || "none"),
      "left",
    ),
  ];
  const rates = points.flatMap(({ trace }) => trace ?? []);
  const facts = [
    `start temperature a run: ${slope(artifact.estimates?.start_temperature_slope, "°C")}`,
    `time a run: ${slope(artifact.estimates?.latency_slope, "of the first")}`,
    ...(rates.length === 0
      ? []
      : [
          `burst ${rate(rates[0]?.burst_rate)}, sustained ${rate(rates.at(-1)?.sustained_rate)} items/s${lossOf(rates.at(-1)?.loss)}`,
        ]),
    `not cool at the start: ${percent(artifact.cooldown_failure_rate)}, polluted: ${percent(artifact.polluted_run_rate)}`,
  ];
  return [
    heading,
    "",
    ...tableLines(columns, (text) => text),
    "",
    ...facts,
    "",
    ...wrap(`${(verdict ?? "inconclusive").toUpperCase()}: ${visible(recommendation)}`, width),
  ].join("\n");
}

function column(header: string, texts: readonly string[], align: Column["align"] = "right"): Column {
  return { header, align, cells: texts.map((text) => ({ text })) };
}

function slope(estimate: EstimateDoc | null | undefined, unit: string): string {
  if (!isNumber(estimate?.value)) return `${ABSENT} (too few runs)`;
  const text = (value: number | null) => decimal(value, { digits: 2 });
  const hasLimits = isNumber(estimate.low) && isNumber(estimate.high);
  const limits = hasLimits ? ` [${text(estimate.low)}, ${text(estimate.high)}]` : "";
  return `${text(estimate.value)}${limits} ${unit}${hasLimits ? "" : " (too few runs for limits)"}`;
}

function rate(estimate: EstimateDoc | null | undefined): string {
  return decimal(estimate?.value, { digits: 0 });
}

function lossOf(estimate: EstimateDoc | null | undefined): string {
  return isNumber(estimate?.value) ? ` (${percent(estimate.value, { digits: 1 })} lost)` : "";
}
