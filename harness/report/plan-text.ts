import picocolors from "picocolors";
import type { GateSpecDoc, Plan, PlannedVariant } from "../domain/generated/plan-v1.ts";
import { roughWait } from "./durations.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { pointsText } from "./gate-words.ts";
import { ABSENT, bytes, count, counted, isNumber, percent } from "./numbers.ts";
import { powerColumns, powerFacts } from "./plan-power.ts";
import { type Column, tableLines, tableWidth } from "./table.ts";
import { headerLine } from "./terminal.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** Everything a run would do, for a person; nothing of it has been done. Ends without a line break. */
export function renderPlan(plan: Plan, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const noun = plan.dataset.item_noun ?? "items";
  const facts = { name: plan.name, simulated: plan.simulated, items: plan.dataset.count, itemNoun: noun };
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", colors.bold(title), ...lines];
  return [
    headerLine(facts, options),
    ...section("what", factLines(whatFacts(plan, noun), options)),
    ...section("quants", tableLines(variantColumns(plan), colors.dim)),
    ...section("experimental controls", factLines(controlFacts(plan), options)),
    ...section("canary", factLines(canaryFacts(plan, noun), options)),
    ...section("sidecar", factLines([["profile", plan.sidecar.profile]], options)),
    ...section("row policy", factLines(rowPolicyFacts(plan), options)),
    ...section("gates", tableLines(gateColumns(plan.gates, options.width), colors.dim)),
    ...powerSection(plan, options, section),
    ...section("stopping rule", factLines(stopFacts(plan, noun), options)),
    ...section(plan.stop === undefined ? "trials" : "trials, at most", tableLines(trialColumns(plan), colors.dim)),
    ...section(
      "artifacts, in the run's folder",
      plan.artifacts.map((path) => `  ${visible(path)}`),
    ),
    ...section("values that are not defaults", factLines(originFacts(plan), options)),
    ...section("estimate", factLines(estimateFacts(plan), options)),
    ...section(
      "notices",
      plan.notices.flatMap((notice) => wrap(`  ${visible(notice)}`, options.width, "  ")),
    ),
  ].join("\n");
}

function whatFacts(plan: Plan, noun: string): Fact[] {
  const models = plan.models.map((model) => {
    const parts = [model.id, model.path ?? "no file", bytes(model.bytes), model.sha256 ?? "no digest yet"];
    return parts.filter((part) => part !== ABSENT).join(" · ");
  });
  const calibration = plan.calibration;
  const range = calibration?.method === "percentile" ? `percentile ${calibration.percentile}` : calibration?.method;
  return [
    ["commit_sha", plan.commit_sha ?? "not a checkout"],
    ["plan digest", plan.plan_digest],
    ["config digest", plan.config_digest],
    ["models", ...models],
    [
      "dataset",
      `${plan.dataset.id} · ${count(plan.dataset.count)} ${noun} · ${plan.dataset.class_names.length} classes`,
    ],
    [
      "calibration",
      calibration === null ? "none" : `${calibration.id} · ${count(calibration.count)} ${noun} · ${range}`,
    ],
    ["lane", plan.execution_lane],
    ["vram profile", plan.vram_profile],
    ["paths", `config in ${plan.invocation.config_dir ?? "(none)"} · data: in ${plan.invocation.data_dir ?? "(none)"}`],
    ...(plan.invocation.only === null ? [] : [["only", plan.invocation.only] as const]),
  ];
}

function variantColumns(plan: Plan): Column[] {
  const text = (header: string, pick: (variant: PlannedVariant) => string): Column => ({
    header,
    align: "left",
    cells: plan.variants.map((variant) => ({ text: visible(pick(variant)) })),
  });
  return [
    text("  variant", (variant) => `  ${variant.variant_id}`),
    text("role", (variant) => variant.role),
    text("made", (variant) => variant.path ?? variant.kind),
    { header: "bits", align: "right", cells: plan.variants.map((variant) => ({ text: String(variant.quant_rank) })) },
  ];
}

function controlFacts(plan: Plan): Fact[] {
  const controls = plan.experimental_controls;
  const session = controls.session;
  const entries = Object.entries(session.session_config).map(([key, value]) => `${key}=${value}`);
  const settings = plan.cells.map((cell) => `${counted(cell.threads, "threads")}, batch ${cell.batch_size}`);
  return [
    ["seed", `${controls.seed} (${controls.rng})`],
    ["order", controls.order],
    ["settings", ...new Set(settings)],
    ["process", controls.process_per_trial ? "one for each trial" : "shared"],
    ["optimization", session.optimization_level],
    ["memory", `arena ${onOff(session.cpu_mem_arena)}, pattern ${onOff(session.mem_pattern)}`],
    ...(entries.length === 0 ? [] : [["session entries", ...entries] as Fact]),
    ["time limit", `${session.timeout_sec} s a trial`],
    ["warm-up", `${count(controls.warmup_iterations)} calls and ${controls.warmup_ms} ms, discarded`],
    [
      "latency",
      `${count(controls.min_samples)} to ${count(controls.max_samples)} samples, ${controls.time_budget_ms} ms`,
    ],
    ["evaluation", `batch ${controls.evaluate_batch_size}`],
  ];
}

function canaryFacts({ canary }: Plan, noun: string): Fact[] {
  return [
    ["runs", `${canary.runs} of each baseline cell before the sweep, and one sentinel a block`],
    ["subset", `${count(canary.subset.length)} ${noun}, fixed`],
    [
      "stops when",
      `the interval of the latency CV lies above ${percent(canary.latency_cv_threshold, { limits: [canary.latency_cv_threshold] })}`,
    ],
    ["", `a run has fewer than ${canary.min_samples} samples`],
    ["", `the interval of the accuracy lies below ${percent(canary.min_accuracy, { limits: [canary.min_accuracy] })}`],
    ["", "outputs differ between runs, or a reading is missing"],
  ];
}

function rowPolicyFacts({ row_policy }: Plan): Fact[] {
  return [
    ["failed trial", row_policy.failed_trial],
    ["missing metric", row_policy.missing_metric],
    ["polluted row", row_policy.polluted_row],
  ];
}

/** The metric gives way on a narrow terminal: the gate's id says it too. */
function gateColumns(gates: readonly GateSpecDoc[], width: number): Column[] {
  const text = (header: string, pick: (gate: GateSpecDoc) => string): Column => ({
    header,
    align: "left",
    cells: gates.map((gate) => ({ text: visible(pick(gate)) })),
  });
  const metric = text("metric", (gate) => gate.metric);
  const all = [
    text("  gate", (gate) => `  ${gate.id}`),
    text("tier", (gate) => gate.tier),
    metric,
    text("policy", (gate) => gate.policy),
    text("bound", gateBound),
    text("alpha", (gate) => String(gate.alpha)),
  ];
  return tableWidth(all) <= width ? all : all.filter((column) => column !== metric);
}

/** Margin or limit in the unit a person reads. */
function gateBound(gate: GateSpecDoc): string {
  const bound = gate.margin ?? gate.limit;
  if (bound === null) return ABSENT;
  if (gate.margin !== null && gate.margin_kind === "relative") return percent(bound, { limits: [bound] });
  if (gate.metric.startsWith("quality.")) return pointsText(bound);
  if (gate.metric === "size.bytes_on_disk" || gate.metric === "memory.peak_rss") return bytes(bound);
  if (gate.metric.startsWith("throughput.")) return `${bound}/s`;
  if (gate.metric.startsWith("latency.")) {
    const quantile = isNumber(gate.quantile) ? `p${Number((gate.quantile * 100).toPrecision(6))} ` : "";
    return `${quantile}${Number((bound * 1000).toPrecision(9))} ms`;
  }
  return percent(bound, { limits: [bound] });
}

function powerSection(
  plan: Plan,
  options: TextOptions,
  section: (title: string, lines: readonly string[]) => string[],
): string[] {
  if (plan.power === undefined || plan.power.gates.length === 0) return [];
  const colors = picocolors.createColors(options.color);
  const table = tableLines(powerColumns(plan, plan.power, options.width), colors.dim);
  return section("power", [...table, ...factLines(powerFacts(plan.power), options)]);
}

function stopFacts({ stop }: Plan, noun: string): Fact[] {
  if (stop === undefined) return [];
  const ends = stop.chunk_ends.slice(0, 3).map(count).join(", ");
  return [
    [
      "claim",
      stop.claim === "finite-set" ? `these ${noun} only (finite set)` : `more ${noun} like these (super-population)`,
    ],
    ["order", stop.order],
    ["looks", `after ${ends}, ... ${count(stop.max_items)} ${noun}, a block each`],
    ["blocks", `${stop.min_blocks} to ${stop.max_blocks}`],
    ["rule", stop.rule],
  ];
}

/** Planned trials of each cell, by what they evaluate, and all of them. */
function trialColumns(plan: Plan): Column[] {
  const rows = plan.cells.map((cell) => {
    const own = plan.trials.filter((trial) => trial.cell_id === cell.cell_id);
    const of = (kind: string, evaluates?: string) =>
      own.filter((trial) => trial.kind === kind && (evaluates === undefined || trial.evaluates === evaluates)).length;
    // A stretch of items and all of them never occur in one plan.
    const full = of("trial", "all") + of("trial", "items");
    return [cell.cell_id, of("canary"), full, of("trial", "subset"), own.length] as const;
  });
  const sum = (index: 1 | 2 | 3 | 4) => rows.reduce((total, row) => total + row[index], 0);
  const all = [...rows, ["total", sum(1), sum(2), sum(3), sum(4)] as const];
  const numbers = (header: string, index: 1 | 2 | 3 | 4): Column => ({
    header,
    align: "right",
    cells: all.map((row) => ({ text: count(row[index]) })),
  });
  return [
    { header: "  cell", align: "left", cells: all.map((row) => ({ text: `  ${visible(row[0])}` })) },
    numbers("canary", 1),
    numbers(plan.stop === undefined ? "all items" : "next items", 2),
    numbers("subset", 3),
    numbers("trials", 4),
  ];
}

function originFacts(plan: Plan): Fact[] {
  return Object.entries(plan.origins)
    .filter(([, origin]) => origin !== "default")
    .map(([path, origin]) => [path, `${valueText(plan.config, path)} (${origin})`] as const);
}

function estimateFacts({ estimate }: Plan): Fact[] {
  return [
    ["time", roughWait(estimate.seconds)],
    ["disk", `about ${bytes(estimate.disk_bytes)}`],
    ["basis", estimate.basis],
  ];
}

/** A value of the resolved config by its dotted path; long ones are left to plan.json. */
function valueText(config: object, path: string): string {
  let value: unknown = config;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | undefined)?.[key];
  const text = JSON.stringify(value) ?? "set";
  return text.length <= 60
    ? text
    : `${Array.isArray(value) ? counted(value.length, "entries") : "an object"}, see plan.json`;
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}
