import { relative } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { compareReports, type ReportTargets, report } from "../../pipeline/report.ts";
import { renderCompare } from "../../report/compare-text.ts";
import { renderFrontier } from "../../report/frontier-text.ts";
import { renderTerminal } from "../../report/terminal.ts";
import { textOptions } from "../terminal.ts";

export interface ReportFlags extends ReportTargets {
  readonly summary?: string;
  readonly compare?: string[];
  readonly includeInvalid?: boolean;
  readonly theme: "light" | "dark";
  readonly outDir: string;
  readonly json?: boolean;
}

/** Writes the reports that were asked for and says where; without a target it prints the report. Exit code 0: a report decides nothing. */
export async function runReport(run: string | undefined, flags: ReportFlags): Promise<number> {
  const text = textOptions(process.stdout, process.env);
  if (flags.compare !== undefined) {
    const [a, b, ...more] = flags.compare;
    if (a === undefined || b === undefined || more.length > 0 || run !== undefined || flags.summary !== undefined)
      throw usage("--compare takes two runs, and no other");
    const compared = await compareReports({ ...flags, runs: [a, b] });
    if (flags.json) process.stdout.write(artifactJson({ written: compared.written }));
    else {
      const shown =
        compared.written.length > 0 ? writtenText(compared.written) : renderCompare(compared.a, compared.b, text);
      process.stdout.write(`${shown}\n`);
    }
    return 0;
  }
  const given = run ?? flags.summary;
  if (given === undefined) throw usage("No run was given");
  if (run !== undefined && flags.summary !== undefined && run !== flags.summary) throw usage("Two runs are given");
  const result = await report({ ...flags, summary: given });
  for (const message of result.warnings) process.stderr.write(`warning: ${message}\n`);
  if (flags.json) process.stdout.write(artifactJson({ written: result.written }));
  else if (result.written.length > 0) process.stdout.write(`${writtenText(result.written)}\n`);
  else process.stdout.write(`${renderTerminal(result.summary, text)}\n\n${renderFrontier(result.frontier, text)}\n`);
  return 0;
}

function writtenText(paths: readonly string[]): string {
  return paths.map((path) => `written ${relative(process.cwd(), path) || path}`).join("\n");
}

function usage(message: string): HarnessError {
  return new HarnessError("CONFIG_USAGE", message, {
    hint: "quantgate report results/latest --out-html report.html, or --compare RUN_A RUN_B.",
  });
}
