import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import type { ObjectiveId } from "../explore/frontier-objectives.ts";
import { timeSeriesSvg } from "../report/time-series-svg.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { explorersOf } from "./frontier.ts";
import type { OnProgress } from "./progress.ts";
import { report } from "./report.ts";
import { runSeries } from "./run-series.ts";

/**
 * What is made of a decided run for people to look at: frontier, scatter, report.md and report.html. All of it can be made again from
 * the summary, so that no failure here may cost the run: it is a warning.
 */
export async function writeReports(
  folder: RunFolder,
  { plan, summary, tell }: { readonly plan: Plan; readonly summary: Summary; readonly tell: OnProgress },
): Promise<void> {
  const asked = (plan.config as { frontier?: { objectives: ObjectiveId[]; allow_polluted: boolean } }).frontier;
  const attempt = async (what: string, make: () => Promise<void>) => {
    try {
      await make();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      tell({ kind: "warning", message: `${what} could not be made, nothing else is lost: ${why}` });
    }
  };
  await attempt("the frontier", async () => {
    const { frontier, scatter } = explorersOf(summary, {
      objectives: asked?.objectives,
      allowPolluted: asked?.allow_polluted,
    });
    await folder.write("frontier.json", frontier);
    await folder.write("scatter.json", scatter);
  });
  await attempt("the plot of the machine", async () => {
    const series = await runSeries(folder, summary);
    if (series !== undefined) await folder.writeText("telemetry/time-series.svg", timeSeriesSvg(series));
  });
  await attempt("the report", async () => {
    const { warnings } = await report({
      summary: folder.path,
      outMd: folder.file("report.md"),
      outHtml: folder.file("report.html"),
    });
    for (const message of warnings) tell({ kind: "warning", message });
  });
}
