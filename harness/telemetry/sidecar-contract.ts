/** Keys that every parsed sidecar has, in the order they are written. A `_mb` is 2^20 bytes, `gbps` are 10^9 bits a second. */
export const REQUIRED_KEYS = [
  "vram_total_mb",
  "vram_used_mb",
  "ttft_ms",
  "prefill_tps",
  "decode_tps",
  "thermal_start_c",
  "thermal_end_c",
  "kernel_launch_ms",
  "model_load_ms",
] as const;

export const OPTIONAL_KEYS = [
  "pcie_throughput_gbps",
  "cuda_graph_warmup_ms",
  "gpu_clock_mhz",
  "power_draw_watts",
  "fan_speed_percent",
] as const;

export const SIDECAR_KEYS = [...REQUIRED_KEYS, ...OPTIONAL_KEYS] as const;
export type SidecarKey = (typeof SIDECAR_KEYS)[number];

/** What a profile asks for. A key in neither list does not apply to it. */
export interface SidecarProfile {
  readonly required: readonly SidecarKey[];
  readonly optional: readonly SidecarKey[];
}

export const SIDECAR_PROFILES = {
  nvidia: { required: REQUIRED_KEYS, optional: OPTIONAL_KEYS },
  // There is no CUDA graph to warm up.
  amd: { required: REQUIRED_KEYS, optional: OPTIONAL_KEYS.filter((key) => key !== "cuda_graph_warmup_ms") },
  // A processor has no memory and no kernels of its own, and a virtual machine often no thermometer.
  cpu_only: {
    required: ["ttft_ms", "prefill_tps", "decode_tps", "model_load_ms"],
    optional: ["thermal_start_c", "thermal_end_c", "power_draw_watts"],
  },
} as const satisfies Readonly<Record<string, SidecarProfile>>;

export type SidecarProfileName = keyof typeof SIDECAR_PROFILES;

/** How a key is measured: the unit endings its aliases may have, with the factor to its own, and the range that is believed. */
export interface Measure {
  readonly units: Readonly<Record<string, number>>;
  readonly low: number;
  readonly high: number;
}

const MEMORY: Measure = {
  units: { mb: 1, mib: 1, bytes: 2 ** -20, b: 2 ** -20, kb: 2 ** -10, kib: 2 ** -10, gb: 2 ** 10, gib: 2 ** 10 },
  low: 0,
  high: 2 ** 30,
};
const TIME: Measure = {
  units: { ms: 1, milliseconds: 1, s: 1e3, sec: 1e3, seconds: 1e3, us: 1e-3, ns: 1e-6 },
  low: 0,
  high: 1e9,
};
const RATE: Measure = {
  units: { tps: 1, tokens_per_second: 1, tokens_per_sec: 1, tokens_per_s: 1, tok_s: 1, toks: 1 },
  low: 0,
  high: 1e9,
};
const HEAT: Measure = { units: { c: 1, celsius: 1, degc: 1 }, low: -60, high: 150 };
const LINK: Measure = {
  units: { gbps: 1, gbit_per_s: 1, bytes_per_s: 8e-9, mb_per_s: 8e-3, gb_per_s: 8 },
  low: 0,
  high: 1e5,
};
const CLOCK: Measure = { units: { mhz: 1, hz: 1e-6, khz: 1e-3, ghz: 1e3 }, low: 0, high: 1e5 };
const POWER: Measure = { units: { watts: 1, w: 1, mw: 1e-3, milliwatts: 1e-3 }, low: 0, high: 2e4 };
const SHARE: Measure = { units: { percent: 1, pct: 1, fraction: 100 }, low: 0, high: 200 };

/** Each key's measure and the words that may stand before the unit, its own first. */
export const ALIASES: Readonly<Record<SidecarKey, { readonly measure: Measure; readonly stems: readonly string[] }>> = {
  vram_total_mb: { measure: MEMORY, stems: ["vram_total", "total_vram", "gpu_memory_total", "memory_total"] },
  vram_used_mb: { measure: MEMORY, stems: ["vram_used", "used_vram", "vram_peak", "gpu_memory_used", "memory_used"] },
  ttft_ms: { measure: TIME, stems: ["ttft", "time_to_first_token", "first_token"] },
  prefill_tps: { measure: RATE, stems: ["prefill", "prompt", "prompt_eval", "pp"] },
  decode_tps: { measure: RATE, stems: ["decode", "generation", "eval", "tg"] },
  thermal_start_c: { measure: HEAT, stems: ["thermal_start", "temp_start", "temperature_start", "start_temp"] },
  thermal_end_c: { measure: HEAT, stems: ["thermal_end", "temp_end", "temperature_end", "end_temp"] },
  kernel_launch_ms: { measure: TIME, stems: ["kernel_launch", "launch_overhead"] },
  model_load_ms: { measure: TIME, stems: ["model_load", "load", "load_duration"] },
  pcie_throughput_gbps: { measure: LINK, stems: ["pcie_throughput", "pcie"] },
  cuda_graph_warmup_ms: { measure: TIME, stems: ["cuda_graph_warmup", "graph_warmup"] },
  gpu_clock_mhz: { measure: CLOCK, stems: ["gpu_clock", "sm_clock", "clock_sm"] },
  power_draw_watts: { measure: POWER, stems: ["power_draw", "power", "gpu_power"] },
  fan_speed_percent: { measure: SHARE, stems: ["fan_speed", "fan"] },
};
