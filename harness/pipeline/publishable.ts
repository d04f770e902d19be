import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import type { ModelFile } from "../domain/registry-port.ts";
import { sha256 } from "../platform/digest.ts";
import type { InspectReport } from "../quantize/inspect.ts";
import { RunFolder } from "../store/run-folder.ts";
import { decide } from "./decide.ts";
import { variantFile } from "./variant-file.ts";

/** A measured variant as it could be published: its verdict made again from the journal, its file the one that was measured. */
export interface Publishable {
  readonly folder: RunFolder;
  readonly summary: Summary;
  readonly row: SummaryRow;
  readonly file: ModelFile;
  readonly report: InspectReport;
  /** Of the artifact of the gates. */
  readonly gateDigest: string;
}

/** Decides a run again and finds the variant in it. `admit` may refuse its row before the file is read. */
export async function readPublishable(
  { run, variant, outDir }: { readonly run: string; readonly variant: string; readonly outDir: string },
  admit: (row: SummaryRow) => void = () => {},
): Promise<Publishable> {
  const folder = await RunFolder.open(run, outDir);
  const { summary, gate } = await decide(folder);
  const row = variantRow(summary.rows, variant, summary.run_id);
  admit(row);
  const { file, report } = await variantFile(folder, row);
  return { folder, summary, row, file, report, gateDigest: sha256(artifactJson(gate)) };
}

/** The row of a variant, by its id, its quant or its cell. One that was measured in several settings must pass in all of them. */
function variantRow(rows: readonly SummaryRow[], variant: string, runId: string): SummaryRow {
  const found = rows.filter(
    (row) => row.variant_id === variant || row.cell_id === variant || row.variant_id.endsWith(`/${variant}`),
  );
  const [first] = found;
  if (first === undefined || found.some((row) => row.variant_id !== first.variant_id)) {
    const problem = first === undefined ? "has no variant" : "has several variants";
    throw new HarnessError("CONFIG_USAGE", `The run ${runId} ${problem} ${variant}`, {
      hint: `There are: ${[...new Set(rows.map((row) => row.variant_id))].join(", ")}.`,
    });
  }
  return found.find((row) => row.verdict !== "pass") ?? first;
}
