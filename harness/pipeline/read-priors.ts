import { join } from "node:path";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { TrialPriors } from "../plan/estimate.ts";
import { readJournal } from "../store/journal.ts";
import { RunFolder } from "../store/run-folder.ts";

/** Mean trial times of the newest run of this matrix, for estimates; undefined when there is none that can be read. */
export async function readPriors(outDir: string, name: string): Promise<TrialPriors | undefined> {
  try {
    const folder = await RunFolder.open(join(outDir, "latest"), outDir);
    const plan = await folder.read<Plan>("plan.json");
    if (plan.name !== name) return undefined;
    const { trials } = await readJournal(folder.file("journal.ndjson"));
    const sums = new Map<string, { all: number[]; subset: number[] }>();
    for (const trial of trials) {
      const entry = sums.get(trial.cell_id) ?? { all: [], subset: [] };
      if (trial.state === "completed" && trial.evaluates !== "items") entry[trial.evaluates].push(trial.wall_s);
      sums.set(trial.cell_id, entry);
    }
    return Object.fromEntries(
      [...sums].map(([cell, { all, subset }]) => [cell, { ...mean("all", all), ...mean("subset", subset) }]),
    );
  } catch {
    // An estimate may rest on the defaults: a missing or damaged earlier run is no error here.
    return undefined;
  }
}

function mean(key: "all" | "subset", values: readonly number[]): Partial<Record<"all" | "subset", number>> {
  if (values.length === 0) return {};
  return { [key]: values.reduce((sum, value) => sum + value, 0) / values.length };
}
