import { decimal, percent } from "./numbers.ts";

interface ShownKpi {
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly reason: string | null;
  readonly estimate: { readonly low: number | null; readonly high: number | null; readonly level: number } | null;
}

interface ShownGate {
  readonly kpi: string;
  readonly policy: string;
  readonly limit: number;
  readonly passed: boolean;
  readonly reason: string | null;
}

/** One line a KPI: rate, counts, interval, and the policy's word where it has one. */
export function renderKpis(kpis: Readonly<Record<string, ShownKpi>>, gates: readonly ShownGate[]): string {
  const names = Object.keys(kpis);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const kpi = kpis[name] as ShownKpi;
    const gate = gates.find((one) => one.kpi === name);
    const limits = gate === undefined ? [] : [gate.limit];
    const value = percent(kpi.value, { digits: 1, limits });
    const counts = kpi.value === null ? (kpi.reason ?? "not measured") : `${kpi.numerator} of ${kpi.denominator}`;
    const { low, high, level } = kpi.estimate ?? { low: null, high: null, level: null };
    const interval =
      level === null
        ? ""
        : `  [${decimal((low ?? 0) * 100, { digits: 1 })}, ${decimal((high ?? 0) * 100, { digits: 1 })}] at ${percent(level)}`;
    const verdict =
      gate === undefined
        ? ""
        : `  ${gate.passed ? "ok" : "FAIL"}, ${gate.policy} ${percent(gate.limit, { digits: 0, limits })}`;
    return `${name.padEnd(width)}  ${value.padStart(8)}  ${counts}${interval}${verdict}`;
  });
  const failed = gates.filter((gate) => !gate.passed);
  const end =
    failed.length === 0 ? "KPI policy: pass" : `KPI policy: FAIL (${failed.map((gate) => gate.kpi).join(", ")})`;
  return [...lines, end].join("\n");
}
