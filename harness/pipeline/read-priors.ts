import { join } from "node:path";
import { logRatios } from "../aggregate/cell-samples.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import type { TrialPriors } from "../plan/estimate.ts";
import type { PowerPriors } from "../plan/power.ts";
import * as stats from "../stats/index.ts";
import { readJournal } from "../store/journal.ts";
import { RunFolder } from "../store/run-folder.ts";
import { decide } from "./decide.ts";

/** What the newest run of this matrix measured: times of trials, and the spreads that power rests on. */
export interface RunPriors {
  readonly trials: TrialPriors;
  readonly power: PowerPriors;
}

/** Undefined when there is no earlier run of this name that can be read. */
export async function readPriors(outDir: string, name: string): Promise<RunPriors | undefined> {
  try {
    const folder = await RunFolder.open(join(outDir, "latest"), outDir);
    const plan = await folder.read<Plan>("plan.json");
    if (plan.name !== name) return undefined;
    const { trials } = await readJournal(folder.file("journal.ndjson"));
    // Recomputed from the journal: a stored summary is never trusted.
    const { summary } = await decide(folder);
    return { trials: trialTimes(trials), power: powerPriors(summary) };
  } catch {
    // An estimate may rest on the defaults: a missing or damaged earlier run is no error here.
    return undefined;
  }
}

/** Mean trial times by cell. */
export function trialTimes(trials: readonly TrialLine[]): TrialPriors {
  const sums = new Map<string, { all: number[]; subset: number[] }>();
  for (const trial of trials) {
    const entry = sums.get(trial.cell_id) ?? { all: [], subset: [] };
    if (trial.state === "completed" && trial.evaluates !== "items") entry[trial.evaluates].push(trial.wall_s);
    sums.set(trial.cell_id, entry);
  }
  return Object.fromEntries(
    [...sums].map(([cell, { all, subset }]) => [cell, { ...mean("all", all), ...mean("subset", subset) }]),
  );
}

/**
 * Spreads of a run. The discordance is the median over the variants that did not fail on accuracy: broken ones differ for a reason
 * that identical ones do not have. Undefined where a run has none.
 */
export function powerPriors({ rows }: Summary): PowerPriors {
  const fair = rows.filter(
    (row) =>
      row.role !== "baseline" &&
      row.n > 0 &&
      row.b !== null &&
      row.c !== null &&
      !row.gates.some((gate) => gate.metric.startsWith("quality.") && gate.verdict === "fail"),
  );
  const baselineOf = (row: SummaryRow) =>
    rows.find(
      (other) =>
        other.role === "baseline" &&
        other.model_id === row.model_id &&
        other.threads === row.threads &&
        other.batch_size === row.batch_size,
    );
  const spreads = rows.flatMap((row) => {
    const baseline = row.role === "baseline" ? undefined : baselineOf(row);
    if (baseline === undefined) return [];
    const blocks = ({ latency }: SummaryRow) => latency.block_medians.map((value) => value ?? undefined);
    const ratios = logRatios(blocks(row), blocks(baseline)).filter(Number.isFinite);
    return ratios.length < 3 ? [] : [stats.standardDeviation(ratios)];
  });
  const baselines = rows.flatMap((row) => (row.role === "baseline" ? (row.accuracy?.value ?? []) : []));
  return {
    discordance: middle(fair.map((row) => ((row.b as number) + (row.c as number)) / row.n)),
    logRatioSd: middle(spreads),
    baselineAccuracy: baselines.length === 0 ? undefined : Math.min(...baselines),
  };
}

function middle(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.toSorted((x, y) => x - y)[values.length >> 1];
}

function mean(key: "all" | "subset", values: readonly number[]): Partial<Record<"all" | "subset", number>> {
  if (values.length === 0) return {};
  return { [key]: values.reduce((sum, value) => sum + value, 0) / values.length };
}
