/**
 * What a probe writes: one JSON object a line (NDJSON), `hello` first, then `sample` and `problem` lines, `end` last.
 * Described by schemas/probe_reading.v1.schema.json and docs/probes.md.
 */
export const PROTOCOL = "quantgate.probe_reading.v1";

export const BACKENDS = ["nvidia", "amd", "cpu"] as const;
export type Backend = (typeof BACKENDS)[number];

/** Why a reading is null. One sentence each, for people. */
export const MISSING = {
  "not-available": "The tool answers that it has no value.",
  "not-supported": "The device or driver does not support this reading.",
  "unknown-error": "The tool answers with an error for this reading.",
  "needs-reset": "The device has to be reset before it can be read.",
  "no-permission": "Reading it needs more rights than the probe has.",
  deprecated: "The driver no longer gives this reading.",
  "not-reported": "The output has no such field.",
  unreadable: "The value is no number in a known unit.",
  implausible: "The value is impossible, so it is not believed.",
  "first-sample": "A rate or an integral needs two samples.",
  "not-asked": "It belongs to a process, and none was named.",
  "not-on-this-platform": "This operating system does not give it.",
  "device-lost": "The device could not be reached.",
  "not-machine-readable": "The recorded text is a table for people, which is not read.",
  "tool-missing": "The vendor's tool is not installed.",
  "tool-failed": "The vendor's tool ended with an error.",
  "tool-timeout": "The vendor's tool did not answer in time and was killed.",
  "tool-died": "The vendor's tool ended while it was sampling.",
  "tool-flooded": "The vendor's tool wrote far more than a sample and was killed.",
} as const;
export type Missing = keyof typeof MISSING;

/** A number in the base unit of its reading, or why there is none. */
export type Value = number | { readonly missing: Missing };

/** What one reading means: its unit, whether it only grows, and the range outside which it is not believed. */
export interface ReadingSpec {
  readonly unit: "B" | "1" | "Hz" | "C" | "W" | "J" | "s" | "B/s";
  readonly kind: "gauge" | "counter";
  readonly low: number;
  readonly high: number;
}

const gauge = (unit: ReadingSpec["unit"], low: number, high: number): ReadingSpec => ({
  unit,
  kind: "gauge",
  low,
  high,
});
const counter = (unit: ReadingSpec["unit"]): ReadingSpec => ({ unit, kind: "counter", low: 0, high: Infinity });
const bytes = gauge("B", 0, 2 ** 50);
const fraction = gauge("1", 0, 1);
// Sensors answer -273, 255 or 2^32 - 1 when they are broken.
const temperature = gauge("C", -60, 150);
const power = gauge("W", 0, 20_000);
const flag = gauge("1", 0, 1);

/** Readings of a GPU or of a partition of one. */
export const GPU_READINGS = {
  memory_total_bytes: bytes,
  memory_used_bytes: bytes,
  memory_free_bytes: bytes,
  memory_reserved_bytes: bytes,
  process_memory_bytes: bytes,
  foreign_memory_bytes: bytes,
  foreign_processes: gauge("1", 0, 1e6),
  utilization_gpu: fraction,
  utilization_memory: fraction,
  clock_sm_hz: gauge("Hz", 0, 1e11),
  clock_graphics_hz: gauge("Hz", 0, 1e11),
  clock_memory_hz: gauge("Hz", 0, 1e11),
  clock_sm_max_hz: gauge("Hz", 0, 1e11),
  temperature_gpu_c: temperature,
  temperature_memory_c: temperature,
  temperature_junction_c: temperature,
  temperature_margin_c: gauge("C", -150, 200),
  power_draw_w: power,
  power_instant_w: power,
  power_limit_w: power,
  energy_j: counter("J"),
  // Fans may turn faster than their nominal maximum.
  fan_speed: gauge("1", 0, 2),
  pcie_generation: gauge("1", 1, 10),
  pcie_width: gauge("1", 0, 64),
  pcie_tx_bytes_per_s: gauge("B/s", 0, 1e13),
  pcie_rx_bytes_per_s: gauge("B/s", 0, 1e13),
  throttle_thermal: flag,
  throttle_power: flag,
  throttle_thermal_s: counter("s"),
  throttle_power_s: counter("s"),
  ecc_corrected: counter("1"),
  ecc_uncorrected: counter("1"),
  remapped_rows_uncorrectable: counter("1"),
  xid_events: counter("1"),
} as const satisfies Readonly<Record<string, ReadingSpec>>;

/** Readings of the machine's processors and memory. */
export const CPU_READINGS = {
  cpu_utilization: fraction,
  cpu_frequency_hz: gauge("Hz", 0, 1e11),
  cpu_busy_s: counter("s"),
  cpu_steal_s: counter("s"),
  load_1m: gauge("1", 0, 1e6),
  processes_running: gauge("1", 0, 1e7),
  context_switches: counter("1"),
  temperature_cpu_c: temperature,
  power_draw_w: power,
  energy_j: counter("J"),
  throttle_events: counter("1"),
  pressure_cpu_s: counter("s"),
  pressure_memory_s: counter("s"),
  pressure_io_s: counter("s"),
  memory_total_bytes: bytes,
  memory_available_bytes: bytes,
  memory_used_bytes: bytes,
  swap_used_bytes: bytes,
  cgroup_cpu_limit: gauge("1", 0, 1e6),
  cgroup_throttled_s: counter("s"),
  cgroup_memory_limit_bytes: bytes,
  cgroup_memory_used_bytes: bytes,
  process_cpu_s: counter("s"),
  process_rss_bytes: bytes,
  process_involuntary_switches: counter("1"),
} as const satisfies Readonly<Record<string, ReadingSpec>>;

export type GpuReading = keyof typeof GPU_READINGS;
export type CpuReading = keyof typeof CPU_READINGS;
export type Reading = GpuReading | CpuReading;

/** One device at one moment. Every reading of its kind is there; each null one has its reason in `missing`. */
export interface DeviceSample {
  /** "gpu0", "gpu0/mig1" or "cpu". */
  readonly id: string;
  readonly kind: "gpu" | "mig" | "cpu";
  readonly uuid: string | null;
  readonly name: string | null;
  readonly readings: Readonly<Partial<Record<Reading, number | null>>>;
  readonly missing: Readonly<Partial<Record<Reading, Missing>>>;
  /** Names of what holds the clocks down now; null: not told. */
  readonly clock_reasons: readonly string[] | null;
  /** CPU only, by core: share of time it was busy since the last sample, and its clock. */
  readonly cores?: readonly { readonly utilization: number | null; readonly frequency_hz: number | null }[];
  /** CPU only: further temperatures by chip and label, °C. */
  readonly sensors?: Readonly<Record<string, number>>;
}

/** When a line was made: nanoseconds of the machine's monotonic clock, the same in all its processes, and Unix milliseconds. */
export interface Moment {
  readonly monotonic_ns: string;
  readonly wall_ms: number;
}

export type ProblemCode =
  | "TOOL_MISSING"
  | "TOOL_FAILED"
  | "TOOL_TIMEOUT"
  | "TOOL_DIED"
  | "TOOL_FLOODED"
  | "TOOL_WARNING"
  | "OUTPUT_UNREADABLE"
  | "OUTPUT_DROPPED"
  | "DEVICE_LOST"
  | "XID";

export type ProbeLine =
  | ({
      readonly kind: "hello";
      readonly schema_version: typeof PROTOCOL;
      readonly backend: Backend;
      readonly source: "live" | "recorded";
      readonly interval_ms: number;
      readonly pid: number;
    } & Moment)
  | ({
      readonly kind: "sample";
      readonly seq: number;
      /** How long reading took, ms; null where the tool runs beside us. */
      readonly read_ms: number | null;
      /** Time the tool itself printed, as it stands. */
      readonly tool_time: string | null;
      readonly devices: readonly DeviceSample[];
    } & Moment)
  | ({ readonly kind: "problem"; readonly code: ProblemCode; readonly message: string } & Moment)
  | ({
      readonly kind: "end";
      readonly reason: "once" | "enough" | "asked" | "owner-gone" | "recording-ended" | "tool-gone";
      readonly samples: number;
    } & Moment);

/** The moment now. */
export function now(): Moment {
  return { monotonic_ns: process.hrtime.bigint().toString(), wall_ms: Date.now() };
}

/**
 * A device with every reading of its kind: what was read, if it is believable, and a reason for all else. `otherwise` is the
 * reason of readings that were not even tried.
 */
export function deviceSample(
  identity: Pick<DeviceSample, "id" | "kind"> & Partial<Pick<DeviceSample, "uuid" | "name" | "clock_reasons">>,
  read: Partial<Record<Reading, Value>>,
  otherwise: Missing = "not-reported",
): DeviceSample {
  const specs: Readonly<Record<string, ReadingSpec>> = identity.kind === "cpu" ? CPU_READINGS : GPU_READINGS;
  const readings: Record<string, number | null> = {};
  const missing: Record<string, Missing> = {};
  for (const [id, spec] of Object.entries(specs)) {
    const value = believe(read[id as Reading] ?? { missing: otherwise }, spec);
    readings[id] = typeof value === "number" ? value : null;
    if (typeof value !== "number") missing[id] = value.missing;
  }
  distrustMemory(readings, missing);
  const { uuid = null, name = null, clock_reasons = null } = identity;
  return { id: identity.id, kind: identity.kind, uuid, name, readings, missing, clock_reasons };
}

/** A GPU of which nothing could be read, with the reason on every reading. */
export function unreadGpu(id: string, reason: Missing): DeviceSample {
  return deviceSample({ id, kind: "gpu" }, {}, reason);
}

function believe(value: Value, { low, high }: ReadingSpec): Value {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) return { missing: "unreadable" };
  return value < low || value > high ? { missing: "implausible" } : value;
}

/** More memory in use than there is: one of the two is wrong, and nobody knows which. */
function distrustMemory(readings: Record<string, number | null>, missing: Record<string, Missing>): void {
  const total = readings["memory_total_bytes"] ?? undefined;
  const used = readings["memory_used_bytes"] ?? undefined;
  if (total === undefined || used === undefined || used <= total) return;
  readings["memory_used_bytes"] = null;
  missing["memory_used_bytes"] = "implausible";
}
