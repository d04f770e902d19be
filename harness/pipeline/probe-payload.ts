import { rowMachine } from "../aggregate/row-machine.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";

/** What only a benchmark can measure; the sidecar contract takes such keys out instead of calling them missing. */
const OF_THE_BENCHMARK = [
  "ttft_ms",
  "prefill_tps",
  "decode_tps",
  "kernel_launch_ms",
  "model_load_ms",
  "cuda_graph_warmup_ms",
];

/** The probes' own readings over a cell's trials in the words of the sidecar contract, where no program was named. */
export function probePayload(trials: readonly TrialLine[]): Readonly<Record<string, unknown>> {
  const machine = rowMachine(trials);
  const devices = trials.flatMap(({ telemetry }) => telemetry?.probes ?? []);
  const card = devices.find(({ backend, samples }) => backend !== "cpu" && samples > 0);
  const mebibytes = (bytes: number | null | undefined) => (bytes == null ? null : bytes / 2 ** 20);
  const peaks = (id: string) =>
    devices.flatMap((probe) =>
      probe.devices.flatMap(({ readings }) => {
        const reading = readings[id];
        return reading?.kind === "gauge" ? [reading.peak] : [];
      }),
    );
  const peak = (id: string) => peaks(id).reduce<number | null>((best, value) => Math.max(best ?? value, value), null);
  const fan = peak("fan_speed");
  const rates = [peak("pcie_rx_bytes_per_s"), peak("pcie_tx_bytes_per_s")];
  const [received, sent] = rates;
  return {
    backend: card?.backend ?? "cpu",
    ...(card === undefined
      ? {}
      : {
          vram_total_mb: mebibytes(machine?.memory_total_bytes),
          vram_used_mb: mebibytes(machine?.memory_peak_bytes),
          gpu_clock_mhz: machine?.clock_hz == null ? null : machine.clock_hz / 1e6,
          fan_speed_percent: fan === null ? null : 100 * fan,
          pcie_throughput_gbps: received == null || sent == null ? null : (8 * (received + sent)) / 1e9,
        }),
    thermal_start_c: machine?.thermal_start_c ?? null,
    thermal_end_c: machine?.thermal_end_c ?? null,
    power_draw_watts: peak("power_draw_w"),
    missing: Object.fromEntries(OF_THE_BENCHMARK.map((key) => [key, "measured-by-the-benchmark"])),
  };
}
