import { firstNumber, parseCell, parseWord } from "./cell.ts";
import { type DeviceSample, deviceSample, type Reading, type ReadingSpec, type Value } from "./protocol.ts";

/** What is asked of rocm-smi. */
export const ROCM_SMI_ARGS = [
  ..."--showtemp --showuse --showmemuse --showpower --showmaxpower --showclocks --showfan --showbus".split(" "),
  ..."--showenergycounter --showuniqueid --showproductname --showmeminfo vram --json".split(" "),
];

type Card = Readonly<Record<string, unknown>>;

/** Keys as several generations of ROCm spell them, by reading; the first with a number counts. */
const KEYS: Readonly<
  Partial<Record<Reading, readonly [unit: ReadingSpec["unit"], printed: string, ...keys: RegExp[]]>>
> = {
  memory_total_bytes: ["B", "B", /^VRAM Total Memory \(B\)$/i],
  memory_used_bytes: ["B", "B", /^VRAM Total Used Memory \(B\)$/i],
  utilization_gpu: ["1", "%", /^GPU use \(%\)$/i],
  // ROCm up to 6.0 calls activity of the memory its "use"; later ones give that name's place to the share that is allocated.
  utilization_memory: ["1", "%", /^GPU Memory Read\/Write Activity \(%\)$/i, /^GPU memory use \(%\)$/i],
  temperature_gpu_c: ["C", "C", /^Temperature \(Sensor edge\) \(C\)$/i],
  temperature_junction_c: ["C", "C", /^Temperature \(Sensor junction\) \(C\)$/i],
  temperature_memory_c: ["C", "C", /^Temperature \(Sensor mem(ory)?\) \(C\)$/i],
  power_draw_w: [
    "W",
    "W",
    /^Average Graphics Package Power \(W\)$/i,
    /^Current Socket Graphics Package Power \(W\)$/i,
    /^(Current )?Graphics Package Power \(W\)$/i,
  ],
  power_limit_w: ["W", "W", /^Max Graphics Package Power \(W\)$/i],
  energy_j: ["J", "uJ", /^Accumulated Energy \(uJ\)$/i],
  fan_speed: ["1", "%", /^Fan speed \(%\)$/i],
};

/** Transfer rate a lane of each PCI Express generation, GT/s. */
const GENERATION_BY_RATE: Readonly<Record<string, number>> = { "2.5": 1, "5": 2, "8": 3, "16": 4, "32": 5, "64": 6 };

/** The cards in an output of `rocm-smi --json`; undefined where the value is none. */
export function readRocmSmi(document: unknown): DeviceSample[] | undefined {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return undefined;
  const cards = Object.entries(document).filter(([key]) => /^card\d+$/.test(key));
  if (cards.length === 0) return undefined;
  return cards.flatMap(([key, card]) =>
    typeof card === "object" && card !== null ? [deviceOf(`gpu${key.slice(4)}`, card as Card)] : [],
  );
}

function deviceOf(id: string, card: Card): DeviceSample {
  const text = (pattern: RegExp): string | undefined => {
    const key = Object.keys(card).find((name) => pattern.test(name));
    return key === undefined ? undefined : String(card[key]);
  };
  const read: Partial<Record<Reading, Value>> = {};
  for (const [reading, [unit, printed, ...keys]] of Object.entries(KEYS)) {
    const found = keys.map(text).filter((value) => value !== undefined);
    if (found.length > 0) read[reading as Reading] = firstNumber(...found.map((one) => parseCell(one, unit, printed)));
  }
  const clock = (name: string): Value => {
    // "(500Mhz)"; older ROCm has no key for the speed alone but "0 (500Mhz)" beside the level.
    const told = text(new RegExp(`^${name} clock speed:?$`, "i")) ?? text(new RegExp(`^${name} clock level$`, "i"));
    return told === undefined ? { missing: "not-reported" } : parseCell(told.replace(/^.*\(|\).*$/g, ""), "Hz", "MHz");
  };
  read.clock_sm_hz = clock("sclk");
  read.clock_graphics_hz = read.clock_sm_hz;
  read.clock_memory_hz = clock("mclk");
  const link = /([\d.]+)\s*GT\/s x(\d+)/i.exec(text(/^pcie clock level$/i) ?? "");
  if (link !== null) {
    read.pcie_generation = GENERATION_BY_RATE[String(Number(link[1]))] ?? { missing: "unreadable" };
    read.pcie_width = Number(link[2]);
  }
  const names = [text(/^Card series$/i), text(/^Device Name$/i)].map(parseWord);
  return deviceSample(
    {
      id,
      kind: "gpu",
      uuid: parseWord(text(/^Unique ID$/i)),
      // Where the library does not know a card it prints the vendor's number for a name.
      name: names.find((name) => name !== null && !name.startsWith("0x")) ?? null,
    },
    read,
  );
}
