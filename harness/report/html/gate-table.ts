import { REASONS, type Reason } from "../../domain/codes.ts";
import type { GateResultDoc } from "../../domain/generated/summary-v1.ts";
import { wait } from "../durations.ts";
import { estimateText, levelText } from "../estimates.ts";
import { boundText, gateLimits, gateStyle } from "../gate-words.ts";
import { ABSENT, count } from "../numbers.ts";
import { badge, esc, htmlTable, shortName } from "./markup.ts";

/** Gates of a row: the effect with its interval, the bound it was held against, the verdict and why. */
export function gateTable(gates: readonly GateResultDoc[]): string {
  return htmlTable(
    "Gates",
    [{ header: "gate" }, { header: "measured" }, { header: "bound" }, { header: "verdict" }],
    gates.map((gate) => [
      `${shortName(gate.gate_id)}${gate.tier === "advisory" ? ' <span class="small dim">advisory</span>' : ""}`,
      `${effect(gate)}${gate.detail === null ? "" : ` <span class="small dim">${shortName(gate.detail, 24)}</span>`}`,
      esc(boundText(gate) ?? ABSENT),
      `${badge(gate.verdict)}${why(gate)}`,
    ]),
  );
}

function effect(gate: GateResultDoc): string {
  if (gate.effect === null) return ABSENT;
  const text = estimateText(gate.effect, gateStyle(gate), gateLimits(gate));
  // What is exact has no interval.
  return gate.effect.level === 1
    ? esc(text.replace(/ \[.*\]$/, ""))
    : `${esc(text)} <span class="small dim">${levelText(gate.effect.level)}</span>`;
}

function why({ reasons, needed }: GateResultDoc): string {
  const texts = [
    ...reasons.map((reason) => REASONS[reason as Reason] ?? reason),
    ...(needed === null
      ? []
      : [
          `${count(needed.quantity)} more ${needed.unit} would decide${needed.seconds === null ? "" : ` (${wait(needed.seconds)})`}.`,
        ]),
  ];
  return texts.length === 0 ? "" : `<br><span class="small dim">${esc(texts.join(" "))}</span>`;
}
