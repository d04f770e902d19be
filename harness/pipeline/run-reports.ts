import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { ObjectiveId } from "../explore/frontier-objectives.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { explorersOf } from "./frontier.ts";
import type { OnProgress } from "./progress.ts";

/**
 * What is made of a decided run for people to look at: frontier and scatter. All of it can be made again from
 * the summary, so that no failure here may cost the run: it is a warning.
 */
export async function writeReports(
  folder: RunFolder,
  { plan, summary, tell }: { readonly plan: Plan; readonly summary: Summary; readonly tell: OnProgress },
): Promise<void> {
  const asked = (plan.config as { frontier?: { objectives: ObjectiveId[]; allow_polluted: boolean } }).frontier;
  try {
    const { frontier, scatter } = explorersOf(summary, {
      objectives: asked?.objectives,
      allowPolluted: asked?.allow_polluted,
    });
    await folder.write("frontier.json", frontier);
    await folder.write("scatter.json", scatter);
  } catch (error) {
    tell({ kind: "warning", message: `a report could not be made: ${error instanceof Error ? error.message : error}` });
  }
}
