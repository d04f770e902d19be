import { firstNumber, parseCell, parseWord, sumOf } from "./cell.ts";
import { type DeviceSample, deviceSample, type Reading, type ReadingSpec, type Value } from "./protocol.ts";

/** What is asked of amd-smi. */
export const AMD_SMI_ARGS = ["metric", "--json"];

/** Where each reading stands in a GPU's object, by AMD's documentation of amd-smi; not tried on hardware. */
const PATHS: Readonly<
  Partial<Record<Reading, readonly [unit: ReadingSpec["unit"], printed: string, ...paths: string[]]>>
> = {
  memory_total_bytes: ["B", "MB", "mem_usage/total_vram"],
  memory_used_bytes: ["B", "MB", "mem_usage/used_vram"],
  memory_free_bytes: ["B", "MB", "mem_usage/free_vram"],
  utilization_gpu: ["1", "%", "usage/gfx_activity"],
  utilization_memory: ["1", "%", "usage/umc_activity"],
  clock_sm_hz: ["Hz", "MHz", "clock/gfx_0/clk"],
  clock_graphics_hz: ["Hz", "MHz", "clock/gfx_0/clk"],
  clock_sm_max_hz: ["Hz", "MHz", "clock/gfx_0/max_clk"],
  clock_memory_hz: ["Hz", "MHz", "clock/mem_0/clk"],
  temperature_gpu_c: ["C", "C", "temperature/edge"],
  temperature_junction_c: ["C", "C", "temperature/hotspot"],
  temperature_memory_c: ["C", "C", "temperature/mem"],
  power_draw_w: ["W", "W", "power/socket_power", "power/average_socket_power", "power/current_socket_power"],
  power_limit_w: ["W", "W", "power/power_limit"],
  energy_j: ["J", "J", "energy/total_energy_consumption"],
  fan_speed: ["1", "%", "fan/usage"],
  pcie_width: ["1", "", "pcie/width"],
  ecc_corrected: ["1", "", "ecc/total_correctable_count"],
  ecc_uncorrected: ["1", "", "ecc/total_uncorrectable_count"],
};

/** Violations that mean heat, and those that mean power, in the `throttle` group. */
const THERMAL = ["prochot", "socket_thermal", "vr_thermal", "hbm_thermal"];
const POWER = ["ppt"];

/** GPUs in an output of `amd-smi metric --json`, a list or (ROCm 7) an object with `gpu_data`; undefined where it is neither. */
export function readAmdSmi(document: unknown): DeviceSample[] | undefined {
  const list = Array.isArray(document) ? document : at(document, "gpu_data");
  if (!Array.isArray(list)) return undefined;
  const gpus = list.filter((entry) => typeof at(entry, "gpu") === "number");
  return gpus.length === 0 ? undefined : gpus.map(deviceOf);
}

function deviceOf(gpu: unknown): DeviceSample {
  const read: Partial<Record<Reading, Value>> = {};
  for (const [reading, [unit, printed, ...paths]] of Object.entries(PATHS)) {
    const found = paths.map((path) => at(gpu, path)).filter((value) => value !== undefined);
    if (found.length > 0) read[reading as Reading] = firstNumber(...found.map((one) => quantity(one, unit, printed)));
  }
  const thermal = violation(gpu, THERMAL);
  const power = violation(gpu, POWER);
  const rate = /([\d.]+)\s*GT\/s/i.exec(printedOf(at(gpu, "pcie/speed")) ?? "");
  if (rate !== null) read.pcie_generation = generationOf(Number(rate[1]));
  // power/throttle_status is left alone: it says THROTTLED for any bit, and some cards hold one for ever (rocm-systems#11781).
  return deviceSample(
    {
      id: `gpu${String(at(gpu, "gpu"))}`,
      kind: "gpu",
      clock_reasons: reasonsOf([...THERMAL, ...POWER], gpu),
    },
    { ...read, throttle_thermal: thermal, throttle_power: power },
  );
}

/** A number, or `{value, unit}`, or text. */
function quantity(value: unknown, unit: ReadingSpec["unit"], printed: string): Value {
  const text = printedOf(value);
  return text === undefined ? { missing: "unreadable" } : parseCell(text, unit, printed);
}

function printedOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "string") return String(value);
  const inner = at(value, "value");
  if (typeof inner !== "number" && typeof inner !== "string") return undefined;
  const unit = at(value, "unit");
  return typeof unit === "string" ? `${inner} ${unit}` : String(inner);
}

function statusOf(gpu: unknown, name: string): string | null {
  const told = at(gpu, `throttle/${name}_violation_status`);
  return typeof told === "string" ? parseWord(told) : null;
}

function violation(gpu: unknown, names: readonly string[]): Value {
  const told = names.map((name) => statusOf(gpu, name)).filter((status) => status !== null);
  if (told.length === 0) return { missing: at(gpu, "throttle") === undefined ? "not-reported" : "not-available" };
  const active: Value[] = told.map((status) => Number(/^active$/i.test(status)));
  return Math.min(1, sumOf(active) as number);
}

function reasonsOf(names: readonly string[], gpu: unknown): string[] | null {
  const told = names.filter((name) => statusOf(gpu, name) !== null);
  return told.length === 0 ? null : told.filter((name) => /^active$/i.test(statusOf(gpu, name) ?? ""));
}

function generationOf(rate: number): Value {
  const generation = [2.5, 5, 8, 16, 32, 64].indexOf(rate) + 1;
  return generation > 0 ? generation : { missing: "unreadable" };
}

function at(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const key of path.split("/")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}
