import picocolors from "picocolors";
import type { Frontier, FrontierSession, ObjectiveValue, QuantRow } from "../domain/generated/frontier-v1.ts";
import { seconds } from "./durations.ts";
import { ABSENT, bytes, counted, decimal, isNumber, percent } from "./numbers.ts";
import { type Cell, type Column, tableLines, tableWidth } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

export interface FrontierTextOptions extends TextOptions {
  /** The last comparable frontier, where there is a history. */
  readonly earlier?: Frontier | undefined;
}

/** A frontier in the terminal: one table a session, the four choices with their reasons, and what changed since the last one. */
export function renderFrontier(frontier: Frontier, options: FrontierTextOptions): string {
  const colors = picocolors.createColors(options.color);
  const blocks = frontier.sessions.flatMap((session) => [
    [colors.bold(sessionTitle(session)), ...tableLines(fittedColumns(frontier, session, options), colors.dim)],
    choicesOf(session).flatMap(({ name, tag, reason }) =>
      wrap(`${name}: ${tag === null ? "none" : visible(tag)} (${visible(reason)})`, options.width),
    ),
  ]);
  const notes = [
    ...frontier.dropped_objectives.map(({ metric, reason }) => `${metric} is left out: ${reason}.`),
    ...(frontier.simulated ? ["Simulated: no real model ran, so this frontier is about invented numbers."] : []),
    ...changes(frontier, options.earlier),
  ];
  const all = [...blocks, notes.flatMap((text) => wrap(text, options.width))];
  return all
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

export function sessionTitle({ model_id, threads, batch_size }: FrontierSession): string {
  return `${visible(model_id)} · ${counted(threads, "threads")}, batch ${batch_size}`;
}

/** A choice of a session: the quantization, if there is one, and why. */
export interface Choice {
  readonly name: string;
  readonly tag: string | null;
  readonly reason: string;
}

export function choicesOf(session: FrontierSession): readonly Choice[] {
  return [
    { name: "recommendation", tag: session.recommendation, reason: session.recommendation_reason },
    { name: "minimum viable", tag: session.minimum_viable_quant, reason: session.minimum_viable_reason },
    { name: "best value", tag: session.best_value_quant, reason: session.best_value_reason },
    { name: "baseline", tag: session.baseline_quant, reason: session.baseline_reason },
  ];
}

/** Marks of a row, most important first. */
export function rowMarks(session: FrontierSession, row: QuantRow): string[] {
  const tag = row.quant_tag;
  return [
    ...(session.recommendation === tag ? ["recommended"] : []),
    ...(session.minimum_viable_quant === tag ? ["minimum viable"] : []),
    ...(session.best_value_quant === tag ? ["best value"] : []),
    ...(session.baseline_quant === tag ? ["baseline"] : []),
  ];
}

/** `yes (98 %)`, `no (2 %)`, or why a row takes no part. */
export function frontText(row: QuantRow): string {
  if (!row.eligible) return visible(row.reasons.join(", ").toLowerCase().replaceAll("_", " "));
  const chance = row.on_front_probability === null ? "" : ` (${percent(row.on_front_probability)})`;
  return `${row.on_front ? "yes" : "no"}${chance}`;
}

/** A price as `0.012 points/MiB` would read: points of quality a GiB, or a MiB where models are small. */
export function vibeText({ vibe_delta: price, gib_saved: saved }: QuantRow): string {
  if (!isNumber(price) || !isNumber(saved)) return ABSENT;
  const isSmall = saved < 0.1;
  return `${decimal(price * 100 * (isSmall ? 1 / 1024 : 1), { digits: 2, significant: 2 })} pt/${isSmall ? "MiB" : "GiB"}`;
}

export function objectiveText(value: ObjectiveValue | undefined): string {
  if (value === undefined || value.value === null) return ABSENT;
  switch (value.metric) {
    case "quality.accuracy":
      return decimal(value.value * 100, { digits: 2 });
    case "latency.call":
    case "latency.ttft":
      return seconds(value.value);
    case "memory.peak_rss":
    case "size.bytes_on_disk":
      return bytes(value.value);
    case "energy.item":
      return `${decimal(value.value, { digits: 0, significant: 3 })} J`;
    default:
      return `${decimal(value.value, { digits: 0, significant: 3 })} /s`;
  }
}

/** A column's title without its area: `latency.call` → `latency`. */
export function objectiveTitle(metric: string): string {
  const names: { readonly [metric: string]: string } = {
    "quality.accuracy": "accuracy",
    "latency.call": "latency",
    "latency.ttft": "TTFT",
    "throughput.items": "items",
    "throughput.decode": "decode",
    "memory.peak_rss": "peak memory",
    "size.bytes_on_disk": "size",
    "energy.item": "energy",
  };
  return names[metric] ?? metric;
}

/** From all there is to the least that still tells the front; the first layout that fits is taken. */
function fittedColumns(frontier: Frontier, session: FrontierSession, options: TextOptions): readonly Column[] {
  const colors = picocolors.createColors(options.color);
  const rows = session.quant_rows;
  const texts = (header: string, align: Column["align"], text: (row: QuantRow) => string): Column => ({
    header,
    align,
    cells: rows.map((row): Cell => ({ text: text(row), ...(row.eligible ? {} : { paint: colors.dim }) })),
  });
  const variant = texts("variant", "left", (row) => visible(row.quant_tag));
  const bits = texts("bits", "right", (row) => String(Number(row.bits_per_weight.toFixed(2))));
  const objectives = frontier.objectives.map(({ metric }) =>
    texts(objectiveTitle(metric), "right", (row) => objectiveText(row.objectives.find((one) => one.metric === metric))),
  );
  const front = texts("on the front", "left", frontText);
  const price = texts("lost per saved", "right", vibeText);
  const marks = texts("", "left", (row) => rowMarks(session, row).join(", "));
  const layouts = [
    [variant, bits, ...objectives, price, front, marks],
    [variant, bits, ...objectives, front, marks],
    [variant, ...objectives, front],
    [variant, front],
  ];
  return layouts.find((columns) => tableWidth(columns) <= options.width) ?? [variant, front];
}

function changes(frontier: Frontier, earlier: Frontier | undefined): string[] {
  if (earlier === undefined) return [];
  return frontier.sessions.flatMap((session) => {
    const before = earlier.sessions.find(
      (one) =>
        one.model_id === session.model_id && one.threads === session.threads && one.batch_size === session.batch_size,
    );
    if (before === undefined) return [];
    const [now, then] = [session.recommendation ?? "none", before.recommendation ?? "none"].map(visible);
    const said = now === then ? `still ${now}` : `${then} before, ${now} now`;
    return [`Since ${earlier.source.run_id} (${earlier.generated_at}): recommendation ${said}.`];
  });
}
