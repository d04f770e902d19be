import { ALIASES, SIDECAR_KEYS, type SidecarKey } from "./sidecar-contract.ts";

/** What a payload says of one key. */
export type SidecarValue =
  | { readonly kind: "value"; readonly value: number; readonly isDoubtful: boolean }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid" }
  /** Named without its unit, so nobody knows how much it is. */
  | { readonly kind: "unit" }
  | { readonly kind: "not-applicable" };

/** Reasons in a payload's `missing` object that take a key out of the contract instead of leaving it missing. */
const NOT_APPLICABLE = new Set(["not-applicable", "measured-by-the-benchmark"]);
/** Aliases may differ by rounding. */
const AGREEMENT = 1e-3;

type Payload = Readonly<Record<string, unknown>>;

/** Every key of the contract out of a payload with canonical keys or aliases, at its top level. */
export function readPayload(payload: Payload): Readonly<Record<SidecarKey, SidecarValue>> {
  const named = new Map(Object.entries(payload).map(([key, value]) => [snakeCase(key), value]));
  const entries = SIDECAR_KEYS.map((key) => [key, readKey(key, named)] as const);
  const values = Object.fromEntries(entries) as Record<SidecarKey, SidecarValue>;
  fillHeat(values, named);
  const { vram_total_mb: total, vram_used_mb: used } = values;
  if (total.kind === "value" && used.kind === "value" && used.value > total.value)
    values.vram_used_mb = { kind: "invalid" };
  return values;
}

function readKey(key: SidecarKey, named: ReadonlyMap<string, unknown>): SidecarValue {
  const reasons = named.get("missing");
  if (typeof reasons === "object" && reasons !== null) {
    const reason = (reasons as Payload)[key];
    if (typeof reason === "string" && NOT_APPLICABLE.has(reason)) return { kind: "not-applicable" };
  }
  const { measure, stems } = ALIASES[key];
  const found: SidecarValue[] = [];
  // The key itself first, so that it wins over an alias.
  for (const stem of stems) {
    for (const [unit, factor] of Object.entries(measure.units)) {
      const name = `${stem}_${unit}`;
      if (named.has(name)) found.push(readValue(named.get(name), factor, measure));
    }
    // llama.cpp and others write "12.5 ms" under the bare word.
    if (named.has(stem)) found.push(readWithUnit(named.get(stem), key));
  }
  const values = found.filter((one) => one.kind === "value");
  const [first] = values;
  if (first !== undefined) {
    const isDoubtful = values.some(({ value }) => Math.abs(value - first.value) > AGREEMENT * Math.abs(first.value));
    return { ...first, isDoubtful };
  }
  return (
    found.find(({ kind }) => kind === "not-applicable") ??
    found.find(({ kind }) => kind === "invalid") ??
    found.find(({ kind }) => kind === "unit") ?? { kind: "missing" }
  );
}

function readValue(raw: unknown, factor: number, { low, high }: { low: number; high: number }): SidecarValue {
  if (raw === null || raw === undefined || raw === "") return { kind: "missing" };
  if (typeof raw === "string") {
    const word = raw
      .trim()
      .replace(/^\[|\]$/g, "")
      .toUpperCase();
    if (word === "NOT_APPLICABLE") return { kind: "not-applicable" };
    if (word === "N/A" || word === "NOT SUPPORTED" || word === "UNKNOWN") return { kind: "missing" };
  }
  const number = typeof raw === "string" && /^\s*[-+]?[\d.]+(e[-+]?\d+)?\s*$/i.test(raw) ? Number(raw) : raw;
  if (typeof number !== "number" || !Number.isFinite(number)) return { kind: "invalid" };
  const value = number * factor;
  return value >= low && value <= high ? { kind: "value", value, isDoubtful: false } : { kind: "invalid" };
}

function readWithUnit(raw: unknown, key: SidecarKey): SidecarValue {
  const { measure } = ALIASES[key];
  if (typeof raw === "object" && raw !== null) return { kind: "missing" };
  const match = typeof raw === "string" ? /^\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(\S+)\s*$/i.exec(raw) : null;
  if (match === null) return typeof raw === "number" ? { kind: "unit" } : readValue(raw, 1, measure);
  const unit = (match[2] as string).toLowerCase().replace("%", "percent").replaceAll("/", "_per_").replace("°", "");
  const factor = measure.units[unit];
  return factor === undefined ? { kind: "unit" } : readValue(match[1], factor, measure);
}

/** Start and end out of a series of temperatures: the first and the last sample of at least two, never one for both. */
function fillHeat(values: Record<SidecarKey, SidecarValue>, named: ReadonlyMap<string, unknown>): void {
  const series = named.get("thermal_samples_c") ?? named.get("temperatures_c");
  if (!Array.isArray(series) || series.length < 2) return;
  const { measure } = ALIASES.thermal_start_c;
  const ends = { thermal_start_c: series[0], thermal_end_c: series.at(-1) } as const;
  for (const [key, raw] of Object.entries(ends) as [keyof typeof ends, unknown][]) {
    if (values[key].kind === "missing") values[key] = readValue(raw, 1, measure);
  }
}

function snakeCase(key: string): string {
  return key
    .replace(/([KMG])iB/g, "_$1ib")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}
