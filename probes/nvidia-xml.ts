import { firstNumber, parseCell, parseWord, sumOf } from "./cell.ts";
import { reasonsOfFlags, throttleFlags } from "./clock-reasons.ts";
import type { ComputeApp } from "./nvidia-apps.ts";
import { memoryByOwner } from "./nvidia-apps.ts";
import { type DeviceSample, deviceSample, type Reading, type ReadingSpec, type Value } from "./protocol.ts";
import { elementsAt, parseXml, textAt, type XmlElement } from "./xml.ts";

export interface NvidiaXml {
  readonly time: string | null;
  readonly devices: readonly DeviceSample[];
}

/** Paths read as they are, in the words of schema versions 10 to 13; several paths: the first that holds a number. */
const DIRECT: Readonly<
  Partial<Record<Reading, readonly [unit: ReadingSpec["unit"], printed: string, ...paths: string[]]>>
> = {
  memory_total_bytes: ["B", "MiB", "fb_memory_usage/total"],
  memory_used_bytes: ["B", "MiB", "fb_memory_usage/used"],
  memory_free_bytes: ["B", "MiB", "fb_memory_usage/free"],
  memory_reserved_bytes: ["B", "MiB", "fb_memory_usage/reserved"],
  utilization_gpu: ["1", "%", "utilization/gpu_util"],
  utilization_memory: ["1", "%", "utilization/memory_util"],
  clock_sm_hz: ["Hz", "MHz", "clocks/sm_clock"],
  clock_graphics_hz: ["Hz", "MHz", "clocks/graphics_clock"],
  clock_memory_hz: ["Hz", "MHz", "clocks/mem_clock"],
  clock_sm_max_hz: ["Hz", "MHz", "max_clocks/sm_clock"],
  temperature_gpu_c: ["C", "C", "temperature/gpu_temp"],
  temperature_memory_c: ["C", "C", "temperature/memory_temp"],
  temperature_margin_c: ["C", "C", "temperature/gpu_temp_tlimit"],
  power_draw_w: [
    "W",
    "W",
    "gpu_power_readings/power_draw",
    "gpu_power_readings/average_power_draw",
    "gpu_power_readings/instant_power_draw",
    "power_readings/power_draw",
  ],
  power_instant_w: ["W", "W", "gpu_power_readings/instant_power_draw"],
  power_limit_w: [
    "W",
    "W",
    "gpu_power_readings/current_power_limit",
    "power_readings/enforced_power_limit",
    "power_readings/power_limit",
  ],
  fan_speed: ["1", "%", "fan_speed"],
  pcie_generation: ["1", "", "pci/pci_gpu_link_info/pcie_gen/current_link_gen"],
  pcie_width: ["1", "x", "pci/pci_gpu_link_info/link_widths/current_link_width"],
  pcie_tx_bytes_per_s: ["B/s", "KB/s", "pci/tx_util"],
  pcie_rx_bytes_per_s: ["B/s", "KB/s", "pci/rx_util"],
  remapped_rows_uncorrectable: ["1", "", "remapped_rows/remapped_row_unc"],
};

/** Reads `nvidia-smi -q -x`: every GPU, and the MIG devices of each as `gpuN/migM`. undefined where the text is no such document. */
export function parseNvidiaXml(source: string, isOurs?: (pid: number) => boolean): NvidiaXml | undefined {
  const root = parseXml(source);
  if (root?.name !== "nvidia_smi_log") return undefined;
  const devices = elementsAt(root, "gpu").flatMap((gpu, index) => {
    const id = `gpu${index}`;
    const migs = elementsAt(gpu, "mig_devices/mig_device");
    return [gpuOf(gpu, id, isOurs), ...migs.map((mig, i) => migOf(mig, id, i))];
  });
  return { time: parseWord(textAt(root, "timestamp")), devices };
}

function read(element: XmlElement, paths: typeof DIRECT): Partial<Record<Reading, Value>> {
  const values: Partial<Record<Reading, Value>> = {};
  for (const [id, [unit, printed, ...at]] of Object.entries(paths)) {
    const found = at.map((path) => textAt(element, path)).filter((text) => text !== undefined);
    if (found.length > 0) {
      values[id as Reading] = firstNumber(...found.map((text) => parseCell(text, unit, printed)));
    }
  }
  return values;
}

function gpuOf(gpu: XmlElement, id: string, isOurs: ((pid: number) => boolean) | undefined): DeviceSample {
  const uuid = parseWord(textAt(gpu, "uuid"));
  const reasons = clockReasons(gpu);
  const flags = throttleFlags(reasons);
  const counted = (...names: string[]): Value => {
    const group = "clocks_event_reasons_counters";
    return sumOf(names.map((name) => cellAt(gpu, `${group}/${group}_${name}`, "s", "us")));
  };
  return deviceSample(
    { id, kind: "gpu", uuid, name: parseWord(textAt(gpu, "product_name")), clock_reasons: reasons ?? null },
    {
      ...read(gpu, DIRECT),
      throttle_thermal: flags.thermal,
      throttle_power: flags.power,
      throttle_thermal_s: counted("sw_therm_slowdown", "hw_therm_slowdown"),
      throttle_power_s: counted("sw_power_cap", "hw_power_brake"),
      ecc_corrected: eccTotal(gpu, "correctable"),
      ecc_uncorrected: eccTotal(gpu, "uncorrectable"),
      ...processMemory(gpu, id, isOurs),
    },
  );
}

function migOf(mig: XmlElement, gpu: string, fallbackIndex: number): DeviceSample {
  const index = parseWord(textAt(mig, "index")) ?? String(fallbackIndex);
  const { memory_total_bytes, memory_used_bytes, memory_free_bytes, memory_reserved_bytes } = DIRECT;
  const memory = { memory_total_bytes, memory_used_bytes, memory_free_bytes, memory_reserved_bytes } as typeof DIRECT;
  return deviceSample(
    { id: `${gpu}/mig${index}`, kind: "mig", uuid: parseWord(textAt(mig, "uuid")) },
    {
      ...read(mig, memory),
      ecc_uncorrected: cellAt(mig, "ecc_error_count/volatile_count/sram_uncorrectable", "1", ""),
    },
  );
}

function cellAt(element: XmlElement, path: string, unit: ReadingSpec["unit"], printed: string): Value {
  const text = textAt(element, path);
  return text === undefined ? { missing: "not-reported" } : parseCell(text, unit, printed);
}

/** SRAM and DRAM together; newer drivers split the SRAM's count by the code that found the error. */
function eccTotal(gpu: XmlElement, kind: "correctable" | "uncorrectable"): Value {
  const [group] = elementsAt(gpu, "ecc_errors/volatile");
  const parts = (group?.children ?? []).filter(({ name }) =>
    new RegExp(`^[sd]ram_${kind}(_(parity|secded))?$`).test(name),
  );
  return sumOf(parts.map(({ text }) => parseCell(text, "1", "")));
}

function clockReasons(gpu: XmlElement): string[] | undefined {
  const [group] = [...elementsAt(gpu, "clocks_event_reasons"), ...elementsAt(gpu, "clocks_throttle_reasons")];
  if (group === undefined) return undefined;
  const flags = group.children.map(
    ({ name, text }) => [name.replace(/^clocks_(event|throttle)_reason_/, ""), text] as const,
  );
  return reasonsOfFlags(new Map(flags));
}

function processMemory(
  gpu: XmlElement,
  id: string,
  isOurs: ((pid: number) => boolean) | undefined,
): Partial<Record<Reading, Value>> {
  const [list] = elementsAt(gpu, "processes");
  // No list is not an empty list.
  if (list === undefined) return {};
  const apps: ComputeApp[] = elementsAt(list, "process_info").flatMap((process) => {
    const pid = Number(textAt(process, "pid"));
    if (!Number.isInteger(pid) || pid <= 0) return [];
    return [{ gpu: id, pid, memory: cellAt(process, "used_memory", "B", "MiB") }];
  });
  return memoryByOwner(apps, { gpu: id, usedBytes: cellAt(gpu, "fb_memory_usage/used", "B", "MiB"), isOurs });
}
