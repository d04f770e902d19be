import { firstNumber, parseCell, parseWord, sumOf } from "./cell.ts";
import { reasonsOfFlags, reasonsOfMask, throttleFlags } from "./clock-reasons.ts";
import { type DeviceSample, deviceSample, type Reading, type ReadingSpec, type Value } from "./protocol.ts";

/** Columns asked of nvidia-smi. Where a driver does not know one, the names after it are tried, then it is left out. */
export const QUERY_FIELDS: readonly (readonly string[])[] = [
  ["timestamp"],
  ["count"],
  ["index"],
  ["uuid", "gpu_uuid"],
  ["name", "gpu_name"],
  ["pci.bus_id", "gpu_bus_id"],
  ["mig.mode.current"],
  ["memory.total"],
  ["memory.used"],
  ["memory.free"],
  ["memory.reserved"],
  ["utilization.gpu"],
  ["utilization.memory"],
  ["clocks.current.sm", "clocks.sm"],
  ["clocks.current.graphics", "clocks.gr"],
  ["clocks.current.memory", "clocks.mem"],
  ["clocks.max.sm"],
  ["temperature.gpu"],
  ["temperature.gpu.tlimit"],
  ["temperature.memory"],
  ["power.draw"],
  ["power.draw.instant"],
  ["enforced.power.limit", "power.limit"],
  ["fan.speed"],
  ["pcie.link.gen.current"],
  ["pcie.link.width.current"],
  ["clocks_event_reasons.active", "clocks_throttle_reasons.active"],
  ["clocks_event_reasons_counters.sw_thermal_slowdown"],
  ["clocks_event_reasons_counters.hw_thermal_slowdown"],
  ["clocks_event_reasons_counters.sw_power_cap"],
  ["clocks_event_reasons_counters.hw_power_brake_slowdown"],
  ["ecc.errors.corrected.volatile.total"],
  ["ecc.errors.uncorrected.volatile.total"],
  ["remapped_rows.uncorrectable"],
];

/** Names that older and newer drivers give to the columns we read, old or short form to ours. */
const ALIASES: Readonly<Record<string, string>> = {
  gpu_name: "name",
  gpu_uuid: "uuid",
  gpu_bus_id: "pci.bus_id",
  "clocks.gr": "clocks.current.graphics",
  "clocks.sm": "clocks.current.sm",
  "clocks.mem": "clocks.current.memory",
};

/** Our name of a column heading: without its unit, and by the newest driver's word. */
export function canonicalColumn(heading: string): string {
  const plain = heading
    .trim()
    .replace(/\s*\[[^\]]*\]$/, "")
    .replace(/^clocks_throttle_reasons\b/, "clocks_event_reasons");
  return ALIASES[plain] ?? plain;
}

/** Columns that are read as they are: column, unit, and the unit as printed where the cell names none. */
const DIRECT: Readonly<
  Partial<Record<Reading, readonly [column: string, unit: ReadingSpec["unit"], printed: string]>>
> = {
  memory_total_bytes: ["memory.total", "B", "MiB"],
  memory_used_bytes: ["memory.used", "B", "MiB"],
  memory_free_bytes: ["memory.free", "B", "MiB"],
  memory_reserved_bytes: ["memory.reserved", "B", "MiB"],
  utilization_gpu: ["utilization.gpu", "1", "%"],
  utilization_memory: ["utilization.memory", "1", "%"],
  clock_sm_hz: ["clocks.current.sm", "Hz", "MHz"],
  clock_graphics_hz: ["clocks.current.graphics", "Hz", "MHz"],
  clock_memory_hz: ["clocks.current.memory", "Hz", "MHz"],
  clock_sm_max_hz: ["clocks.max.sm", "Hz", "MHz"],
  temperature_gpu_c: ["temperature.gpu", "C", "C"],
  temperature_memory_c: ["temperature.memory", "C", "C"],
  temperature_margin_c: ["temperature.gpu.tlimit", "C", "C"],
  power_instant_w: ["power.draw.instant", "W", "W"],
  fan_speed: ["fan.speed", "1", "%"],
  pcie_generation: ["pcie.link.gen.current", "1", ""],
  pcie_width: ["pcie.link.width.current", "1", ""],
  ecc_corrected: ["ecc.errors.corrected.volatile.total", "1", ""],
  ecc_uncorrected: ["ecc.errors.uncorrected.volatile.total", "1", ""],
  remapped_rows_uncorrectable: ["remapped_rows.uncorrectable", "1", ""],
};

const REASON = "clocks_event_reasons.";
const COUNTER = "clocks_event_reasons_counters.";

/** One GPU out of one row, given as canonical column to printed text. `extra` are readings from elsewhere. */
export function gpuOfRow(
  row: ReadonlyMap<string, string>,
  { fallbackIndex, extra = {} }: { fallbackIndex: number; extra?: Partial<Record<Reading, Value>> },
): DeviceSample {
  const cell = (column: string, unit: ReadingSpec["unit"], printed: string): Value | undefined => {
    const text = row.get(column);
    return text === undefined ? undefined : parseCell(text, unit, printed);
  };
  const read: Partial<Record<Reading, Value>> = {};
  for (const [id, [column, unit, printed]] of Object.entries(DIRECT)) {
    const value = cell(column, unit, printed);
    if (value !== undefined) read[id as Reading] = value;
  }
  // power.draw averages over a second on newer GPUs, so its integral misses nothing between two samples.
  read.power_draw_w = firstNumber(
    cell("power.draw", "W", "W"),
    cell("power.draw.average", "W", "W"),
    cell("power.draw.instant", "W", "W"),
  );
  read.power_limit_w = firstNumber(cell("enforced.power.limit", "W", "W"), cell("power.limit", "W", "W"));
  const counted = (...names: string[]): Value =>
    sumOf(names.map((name) => cell(COUNTER + name, "s", "us") ?? { missing: "not-reported" as const }));
  read.throttle_thermal_s = counted("sw_thermal_slowdown", "hw_thermal_slowdown");
  read.throttle_power_s = counted("sw_power_cap", "hw_power_brake_slowdown");
  const reasons = clockReasons(row);
  const flags = throttleFlags(reasons);
  const index = parseWord(row.get("index")) ?? String(fallbackIndex);
  return deviceSample(
    {
      id: `gpu${/^\d+$/.test(index) ? index : fallbackIndex}`,
      kind: "gpu",
      uuid: parseWord(row.get("uuid")),
      name: parseWord(row.get("name")),
      clock_reasons: reasons ?? null,
    },
    { ...read, throttle_thermal: flags.thermal, throttle_power: flags.power, ...extra },
  );
}

function clockReasons(row: ReadonlyMap<string, string>): string[] | undefined {
  const ofMask = reasonsOfMask(row.get(`${REASON}active`) ?? "");
  if (ofMask !== undefined) return ofMask;
  const flags = [...row].filter(([name]) => name.startsWith(REASON) && !/\.(active|supported)$/.test(name));
  return reasonsOfFlags(new Map(flags.map(([name, text]) => [name.slice(REASON.length), text])));
}
