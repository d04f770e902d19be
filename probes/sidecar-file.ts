import { renameSync, writeFileSync } from "node:fs";
import type { Backend, DeviceSample, Missing, Reading } from "./protocol.ts";

/** Keys of the sidecar contract that a benchmark knows and a probe of the hardware does not. */
const OF_THE_BENCHMARK = [
  "ttft_ms",
  "prefill_tps",
  "decode_tps",
  "kernel_launch_ms",
  "model_load_ms",
  "cuda_graph_warmup_ms",
];

interface Seen {
  first: number | undefined;
  last: number | undefined;
  peak: number | undefined;
  n: number;
  missing: Missing | undefined;
}

/** Keeps what a hardware sidecar's file tells, over all samples of one device: `gpu0`, or the one chosen, or `cpu`. */
export function sidecarFile(about: { backend: Backend; model: string | undefined; quant: string | undefined }): {
  add(devices: readonly DeviceSample[]): void;
  write(path: string): void;
} {
  const seen = new Map<Reading, Seen>();
  let device: DeviceSample | undefined;
  const add = (devices: readonly DeviceSample[]): void => {
    const chosen = devices.find(({ id }) => id === device?.id) ?? devices[0];
    if (chosen === undefined) return;
    // A device that could not be read at first gives way to one that can.
    device = chosen;
    for (const [id, value] of Object.entries(chosen.readings))
      note(id as Reading, value, chosen.missing[id as Reading]);
  };
  const note = (id: Reading, value: number | null, missing: Missing | undefined): void => {
    const entry = seen.get(id) ?? { first: undefined, last: undefined, peak: undefined, n: 0, missing: undefined };
    seen.set(id, entry);
    if (typeof value !== "number") {
      entry.missing = missing;
      return;
    }
    entry.first ??= value;
    entry.last = value;
    entry.peak = Math.max(entry.peak ?? value, value);
    entry.n++;
  };
  return { add, write: (path) => writeWhole(path, document(about, device, seen)) };
}

function document(
  { backend, model, quant }: { backend: Backend; model: string | undefined; quant: string | undefined },
  device: DeviceSample | undefined,
  seen: ReadonlyMap<Reading, Seen>,
): Readonly<Record<string, unknown>> {
  const reasons: Record<string, string> = {};
  const values: Record<string, number | null> = {};
  const put = (key: string, id: Reading, pick: (entry: Seen) => number | undefined, factor = 1): void => {
    const entry = seen.get(id);
    const value = entry === undefined || entry.n === 0 ? undefined : pick(entry);
    values[key] = value === undefined ? null : value * factor;
    if (value === undefined) reasons[key] = entry?.n === 1 ? "one-sample-only" : (entry?.missing ?? "not-reported");
  };
  const heat: Reading = backend === "cpu" ? "temperature_cpu_c" : "temperature_gpu_c";
  const mib = 2 ** -20;
  put("vram_total_mb", "memory_total_bytes", (entry) => entry.last, mib);
  put("vram_used_mb", "memory_used_bytes", (entry) => entry.peak, mib);
  put("thermal_start_c", heat, (entry) => entry.first);
  // Start and end are different samples: one alone has no end.
  put("thermal_end_c", heat, (entry) => (entry.n > 1 ? entry.last : undefined));
  put("gpu_clock_mhz", "clock_sm_hz", (entry) => entry.last, 1e-6);
  put("power_draw_watts", "power_draw_w", (entry) => entry.peak);
  put("fan_speed_percent", "fan_speed", (entry) => entry.peak, 100);
  const received = seen.get("pcie_rx_bytes_per_s")?.peak;
  const sent = seen.get("pcie_tx_bytes_per_s")?.peak;
  values["pcie_throughput_gbps"] = received === undefined || sent === undefined ? null : (8 * (received + sent)) / 1e9;
  if (values["pcie_throughput_gbps"] === null) {
    reasons["pcie_throughput_gbps"] = seen.get("pcie_rx_bytes_per_s")?.missing ?? "not-reported";
  }
  if (backend === "cpu") {
    // A machine's memory is not a graphics card's, whatever the reading's name.
    for (const key of ["vram_total_mb", "vram_used_mb"]) {
      values[key] = null;
      reasons[key] = "not-applicable";
    }
  }
  for (const key of OF_THE_BENCHMARK) {
    values[key] = null;
    reasons[key] = "measured-by-the-benchmark";
  }
  const identity = { backend, model_id: model ?? null, quant_tag: quant ?? null, device: device?.name ?? null };
  return { ...identity, ...values, missing: reasons };
}

/** A reader never sees half a file. */
function writeWhole(path: string, content: unknown): void {
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, `${JSON.stringify(content, undefined, 2)}\n`);
  renameSync(part, path);
}
