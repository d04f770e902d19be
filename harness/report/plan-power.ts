import type { GatePower, GateSpecDoc, Plan, PlanPower } from "../domain/generated/plan-v1.ts";
import { wait } from "./durations.ts";
import type { Fact } from "./fact-lines.ts";
import { pointsText } from "./gate-words.ts";
import { ABSENT, bytes, count, percent } from "./numbers.ts";
import type { Column } from "./table.ts";
import { tableWidth } from "./table.ts";
import { visible } from "./visible-text.ts";

/** What each gate can show with the planned numbers, and what would reach 80 and 90 %. */
export function powerColumns(plan: Plan, power: PlanPower, width: number): Column[] {
  const text = (header: string, align: Column["align"], pick: (gate: GatePower) => string): Column => ({
    header,
    align,
    cells: power.gates.map((gate) => ({ text: pick(gate) })),
  });
  const specOf = (gate: GatePower) => plan.gates.find((spec) => spec.id === gate.gate_id);
  const need = (value: GatePower["for_80"]) =>
    value === null ? ABSENT : `${count(value.n)}${value.seconds === null ? "" : ` (${wait(value.seconds)})`}`;
  const forNinety = text("for 90 %", "right", (gate) => need(gate.for_90));
  const forEighty = text("for 80 %", "right", (gate) => need(gate.for_80));
  const all = [
    text("  gate", "left", (gate) => `  ${visible(gate.gate_id)}`),
    text("planned", "right", (gate) => (gate.n === 0 ? ABSENT : `${count(gate.n)} ${gate.unit}`)),
    text("passes if identical", "right", (gate) => chance(gate.p_pass_identical)),
    text("finds", "right", (gate) => worsening(gate.detectable, specOf(gate))),
    forEighty,
    forNinety,
  ];
  const fewer = all.filter((column) => column !== forNinety);
  if (tableWidth(all) <= width) return all;
  return tableWidth(fewer) <= width ? fewer : fewer.filter((column) => column !== forEighty);
}

/** Suite, assumptions and notes. */
export function powerFacts(power: PlanPower): Fact[] {
  const spread = `${percent(power.discordance, { digits: 1 })} of the items differ, log ratios of blocks vary by ${percent(power.log_ratio_sd, { digits: 1 })}`;
  const missing = power.gates.flatMap((gate) => (gate.reason === null ? [] : [`${gate.gate_id}: ${gate.reason}`]));
  return [
    ["suite", `${chance(power.suite_p_pass)} that an identical variant passes all primary gates`],
    ["finds", "the smallest true worsening that fails with a probability of 80 %"],
    ["assumes", `${spread} (${power.basis})`],
    ...(missing.length === 0 ? [] : [["unknown", ...missing] as Fact]),
    ...(power.notes.length === 0 ? [] : [["notes", ...power.notes] as Fact]),
  ];
}

/** Never rounded onto certainty. */
function chance(p: number | null): string {
  if (p === null) return ABSENT;
  if (p > 0.999) return "> 99.9 %";
  return percent(p, { digits: 1, limits: [0, 1] });
}

function worsening(effect: number | null, spec: GateSpecDoc | undefined): string {
  if (effect === null || spec === undefined) return ABSENT;
  const rough = Number(effect.toPrecision(2));
  if (spec.metric.startsWith("quality.")) {
    return spec.margin_kind === "relative" && spec.limit === null ? percent(rough) : pointsText(rough);
  }
  return spec.margin_kind === "relative" ? percent(rough) : bytes(rough);
}
