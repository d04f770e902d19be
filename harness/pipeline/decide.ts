import { canonicalJson } from "../domain/canonical-json.ts";
import type { GateArtifact } from "../domain/generated/gate-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { renderMarkdown } from "../report/markdown.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { readRun } from "./read-run.ts";
import { summarize } from "./summarize.ts";

/** Decides a stored run again from its journal; nothing is run. `gates` replaces the plan's. */
export async function decide(
  folder: RunFolder,
  options: { readonly gates?: readonly GateSpecDoc[]; readonly ref?: string | undefined } = {},
): Promise<{ summary: Summary; gate: GateArtifact }> {
  const { record, journal } = await readRun(folder);
  const gates = options.gates ?? record.plan.gates;
  return summarize(record, journal, { gates, policyDigest: sha256(canonicalJson(gates)), ref: options.ref });
}

/** Decides and writes the artifacts that follow from plan and journal alone: equal journals give equal bytes. */
export async function writeDecision(
  folder: RunFolder,
  options: { readonly ref?: string | undefined } = {},
): Promise<Summary> {
  const { summary, gate } = await decide(folder, options);
  await folder.write("summary.json", summary);
  await folder.write("gate.json", gate);
  await folder.writeText("summary.md", renderMarkdown(summary));
  return summary;
}
