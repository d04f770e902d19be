// Generated from schemas/probe_reading.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One line of a probe: hello first, then samples and problems, end last.
 */
export type ProbeLine = ProbeHello | ProbeSample | ProbeProblem | ProbeEnd;
/**
 * Why a reading is null.
 */
export type MissingReason =
  | "not-available"
  | "not-supported"
  | "unknown-error"
  | "needs-reset"
  | "no-permission"
  | "deprecated"
  | "not-reported"
  | "unreadable"
  | "implausible"
  | "first-sample"
  | "not-asked"
  | "not-on-this-platform"
  | "device-lost"
  | "not-machine-readable"
  | "tool-missing"
  | "tool-failed"
  | "tool-timeout"
  | "tool-died"
  | "tool-flooded";

/**
 * First line.
 */
export interface ProbeHello {
  kind: "hello";
  /**
   * Kind and version of this protocol.
   */
  schema_version: "quantgate.probe_reading.v1";
  /**
   * What is read.
   */
  backend: "nvidia" | "amd" | "cpu";
  /**
   * Hardware, or a recording.
   */
  source: "live" | "recorded";
  /**
   * Time between samples that was asked for.
   */
  interval_ms: number;
  /**
   * Process of the probe.
   */
  pid: number;
  /**
   * Nanoseconds of the machine's monotonic clock, the same in all its processes.
   */
  monotonic_ns: string;
  /**
   * Unix time.
   */
  wall_ms: number;
}
/**
 * All devices at one moment.
 */
export interface ProbeSample {
  kind: "sample";
  /**
   * Number of the sample, from 0.
   */
  seq: number;
  /**
   * How long reading took; null where the tool runs beside the probe.
   */
  read_ms: number | null;
  /**
   * Time the tool printed, as it stands.
   */
  tool_time: string | null;
  /**
   * Devices.
   */
  devices: ProbeDevice[];
  /**
   * Nanoseconds of the machine's monotonic clock, the same in all its processes.
   */
  monotonic_ns: string;
  /**
   * Unix time.
   */
  wall_ms: number;
}
/**
 * One device at one moment. A reading of its kind that is null has its reason in `missing`.
 */
export interface ProbeDevice {
  /**
   * gpu0, gpu0/mig1 or cpu.
   */
  id: string;
  /**
   * What it is.
   */
  kind: "gpu" | "mig" | "cpu";
  /**
   * The maker's identifier.
   */
  uuid: string | null;
  /**
   * Product.
   */
  name: string | null;
  readings: ProbeReadings;
  missing: ProbeMissing;
  /**
   * What holds the clocks down now; null: not told.
   */
  clock_reasons: string[] | null;
  /**
   * Processors of a CPU.
   */
  cores?: ProbeCore[];
  sensors?: ProbeSensors;
}
/**
 * Numbers in base units.
 */
export interface ProbeReadings {
  /**
   * Memory there is: of the card or partition, or of the machine.
   */
  memory_total_bytes?: number | null;
  /**
   * Memory in use.
   */
  memory_used_bytes?: number | null;
  /**
   * Memory that is free.
   */
  memory_free_bytes?: number | null;
  /**
   * Memory the driver keeps for itself.
   */
  memory_reserved_bytes?: number | null;
  /**
   * Device memory of the processes named and of their descendants.
   */
  process_memory_bytes?: number | null;
  /**
   * Device memory of all other processes.
   */
  foreign_memory_bytes?: number | null;
  /**
   * Number of other processes on the device.
   */
  foreign_processes?: number | null;
  /**
   * Share of time in which a kernel ran.
   */
  utilization_gpu?: number | null;
  /**
   * Share of time in which memory was read or written.
   */
  utilization_memory?: number | null;
  /**
   * Clock of the shader processors now.
   */
  clock_sm_hz?: number | null;
  /**
   * Clock of the graphics engine now.
   */
  clock_graphics_hz?: number | null;
  /**
   * Clock of the memory now.
   */
  clock_memory_hz?: number | null;
  /**
   * Highest clock of the shader processors.
   */
  clock_sm_max_hz?: number | null;
  /**
   * Temperature of the chip; for AMD that of its edge.
   */
  temperature_gpu_c?: number | null;
  /**
   * Temperature of the memory.
   */
  temperature_memory_c?: number | null;
  /**
   * Hottest spot of the chip.
   */
  temperature_junction_c?: number | null;
  /**
   * Distance to the temperature at which the clocks are cut.
   */
  temperature_margin_c?: number | null;
  /**
   * Power; averaged over a second where the device does so.
   */
  power_draw_w?: number | null;
  /**
   * Power at the moment.
   */
  power_instant_w?: number | null;
  /**
   * Power limit in force.
   */
  power_limit_w?: number | null;
  /**
   * Energy: a counter of the hardware, or power integrated since the probe began. A counter.
   */
  energy_j?: number | null;
  /**
   * Share of the fan's nominal maximum.
   */
  fan_speed?: number | null;
  /**
   * Generation of the PCI Express link now.
   */
  pcie_generation?: number | null;
  /**
   * Lanes of the PCI Express link now.
   */
  pcie_width?: number | null;
  /**
   * Sent over PCI Express.
   */
  pcie_tx_bytes_per_s?: number | null;
  /**
   * Received over PCI Express.
   */
  pcie_rx_bytes_per_s?: number | null;
  /**
   * 1: heat holds the clocks down now.
   */
  throttle_thermal?: number | null;
  /**
   * 1: a limit of power holds the clocks down now.
   */
  throttle_power?: number | null;
  /**
   * Time in which heat held the clocks down. A counter.
   */
  throttle_thermal_s?: number | null;
  /**
   * Time in which a limit of power held the clocks down. A counter.
   */
  throttle_power_s?: number | null;
  /**
   * Memory errors corrected since the driver was loaded. A counter.
   */
  ecc_corrected?: number | null;
  /**
   * Memory errors that could not be corrected since the driver was loaded. A counter.
   */
  ecc_uncorrected?: number | null;
  /**
   * Memory rows replaced after an error that could not be corrected. A counter.
   */
  remapped_rows_uncorrectable?: number | null;
  /**
   * Faults the driver reported since the probe began. A counter.
   */
  xid_events?: number | null;
  /**
   * Share of all processors' time spent at work since the last sample.
   */
  cpu_utilization?: number | null;
  /**
   * Mean clock of the processors.
   */
  cpu_frequency_hz?: number | null;
  /**
   * Time at work since boot, summed over processors. A counter.
   */
  cpu_busy_s?: number | null;
  /**
   * Time a hypervisor kept from us since boot, summed over processors. A counter.
   */
  cpu_steal_s?: number | null;
  /**
   * Runnable processes, averaged over a minute.
   */
  load_1m?: number | null;
  /**
   * Runnable processes now.
   */
  processes_running?: number | null;
  /**
   * Context switches since boot. A counter.
   */
  context_switches?: number | null;
  /**
   * Hottest sensor of the processor.
   */
  temperature_cpu_c?: number | null;
  /**
   * Times that heat slowed a core or package down, since boot. A counter.
   */
  throttle_events?: number | null;
  /**
   * Time in which some task waited for a processor, since boot. A counter.
   */
  pressure_cpu_s?: number | null;
  /**
   * Time in which some task waited for memory, since boot. A counter.
   */
  pressure_memory_s?: number | null;
  /**
   * Time in which some task waited for input or output, since boot. A counter.
   */
  pressure_io_s?: number | null;
  /**
   * Memory that could be had without swapping.
   */
  memory_available_bytes?: number | null;
  /**
   * Swap in use.
   */
  swap_used_bytes?: number | null;
  /**
   * Processors' worth of time the control group may use.
   */
  cgroup_cpu_limit?: number | null;
  /**
   * Time in which the control group was held back. A counter.
   */
  cgroup_throttled_s?: number | null;
  /**
   * Memory the control group may use.
   */
  cgroup_memory_limit_bytes?: number | null;
  /**
   * Memory the control group uses.
   */
  cgroup_memory_used_bytes?: number | null;
  /**
   * Processor time of the processes named. A counter.
   */
  process_cpu_s?: number | null;
  /**
   * Resident memory of the processes named.
   */
  process_rss_bytes?: number | null;
  /**
   * Times the processes named were interrupted. A counter.
   */
  process_involuntary_switches?: number | null;
}
/**
 * Why a reading is null, by its name.
 */
export interface ProbeMissing {
  [k: string]: MissingReason;
}
/**
 * One processor.
 */
export interface ProbeCore {
  /**
   * Share of its time spent at work since the last sample.
   */
  utilization: number | null;
  /**
   * Its clock.
   */
  frequency_hz: number | null;
}
/**
 * Further temperatures, °C, by chip and label.
 */
export interface ProbeSensors {
  [k: string]: number;
}
/**
 * Something that made readings missing or doubtful.
 */
export interface ProbeProblem {
  kind: "problem";
  /**
   * What kind.
   */
  code:
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
  /**
   * One sentence, or the tool's own words.
   */
  message: string;
  /**
   * Nanoseconds of the machine's monotonic clock, the same in all its processes.
   */
  monotonic_ns: string;
  /**
   * Unix time.
   */
  wall_ms: number;
}
/**
 * Last line; absent when the probe was killed.
 */
export interface ProbeEnd {
  kind: "end";
  /**
   * Why it ended.
   */
  reason: "once" | "enough" | "asked" | "owner-gone" | "recording-ended" | "tool-gone";
  /**
   * Samples written.
   */
  samples: number;
  /**
   * Nanoseconds of the machine's monotonic clock, the same in all its processes.
   */
  monotonic_ns: string;
  /**
   * Unix time.
   */
  wall_ms: number;
}
