import picocolors from "picocolors";
import type { ContextCeiling, ContextPoint, EstimateDoc } from "../domain/generated/context-ceiling-v1.ts";
import { ABSENT, bytes, count, decimal, percent } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** A ceiling in the terminal: a line a length, what is recommended and why, and what memory did. */
export function renderContextCeiling(
  ceiling: ContextCeiling,
  { color, width, earlier }: TextOptions & { readonly earlier?: ContextCeiling | undefined },
): string {
  const colors = picocolors.createColors(color);
  const title = `${visible(ceiling.model_id)} · ${visible(ceiling.quant_tag)} · ${visible(ceiling.runtime)} · profile ${ceiling.vram_profile}`;
  const table = tableLines(columns(ceiling, colors), colors.dim);
  const notes = [
    ceiling.recommendation,
    ...reasonNotes(ceiling),
    ...memoryNote(ceiling),
    ...(earlier === undefined ? [] : [change(ceiling, earlier)]),
    ...(ceiling.simulated ? ["Simulated: no real model ran, so this ceiling is about invented numbers."] : []),
  ];
  return [[colors.bold(title), ...table].join("\n"), notes.flatMap((text) => wrap(text, width)).join("\n")].join(
    "\n\n",
  );
}

function columns({ points }: ContextCeiling, colors: ReturnType<typeof picocolors.createColors>): Column[] {
  const column = (header: string, text: (point: ContextPoint) => string): Column => ({
    header,
    align: "right",
    cells: points.map((point) => ({ text: text(point) })),
  });
  return [
    column("context", ({ context }) => count(context)),
    column("prompt", ({ prompt_tokens, acceptance }) =>
      acceptance === "whole" || acceptance === "unknown" ? count(prompt_tokens) : acceptance,
    ),
    column("recall [90 %]", ({ recall }) => share(recall)),
    column("form", ({ adherence_score }) => percent(adherence_score)),
    column("first token", ({ ttft_ms }) =>
      ttft_ms === null ? ABSENT : `${decimal(ttft_ms, { digits: 0, significant: 3 })} ms`,
    ),
    column("tokens/s", ({ decode_tps }) => decimal(decode_tps, { digits: 0, significant: 3 })),
    {
      header: "verdict",
      align: "left",
      cells: points.map((point) => ({
        text: verdictOf(point),
        paint: point.undecided ? colors.yellow : point.passed ? colors.green : colors.red,
      })),
    },
  ];
}

function verdictOf({ passed, undecided, reasons }: ContextPoint): string {
  const why = reasons.length === 0 ? "" : ` (${reasons.join(", ").toLowerCase().replaceAll("_", " ")})`;
  return `${passed ? "PASS" : undecided ? "INCONCLUSIVE" : "FAIL"}${passed && undecided ? ", narrowly" : ""}${why}`;
}

function share(estimate: EstimateDoc | null): string {
  if (estimate === null) return ABSENT;
  return `${percent(estimate.value)} [${percent(estimate.low)}, ${percent(estimate.high)}]`;
}

/** Where in the text a failing length forgets. */
function reasonNotes({ points }: ContextCeiling): string[] {
  const forgetful = points.find(({ reasons }) => reasons.includes("RECALL_BELOW_MIN"));
  if (forgetful === undefined) return [];
  const places = forgetful.recall_by_depth.map(
    ({ depth, recalled, asked }) => `${percent(depth)}: ${recalled} of ${asked}`,
  );
  return [`Recall at ${count(forgetful.context)} tokens by place in the text, ${places.join(", ")}.`];
}

function memoryNote({
  kv_memory: { predicted_bytes_per_token: predicted, measured_bytes_per_token: measured, ratio },
}: ContextCeiling): string[] {
  const found = measured?.value ?? null;
  if (predicted === null && found === null) return [];
  const said = predicted === null ? "" : `${bytes(predicted)} a token predicted, `;
  const grown = found === null ? "not measured" : `${bytes(found)} a token measured`;
  return [
    `Memory of keys and values: ${said}${grown}${ratio === null ? "" : ` (${decimal(ratio, { digits: 2 })} times)`}.`,
  ];
}

function change(now: ContextCeiling, before: ContextCeiling): string {
  const said = (value: number | null) => (value === null ? "none" : count(value));
  return now.safe_context_ceiling === before.safe_context_ceiling
    ? `As before (${before.generated_at.slice(0, 10)}).`
    : `Before (${before.generated_at.slice(0, 10)}) the ceiling was ${said(before.safe_context_ceiling)}.`;
}
