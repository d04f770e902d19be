import { artifactJson } from "../../domain/canonical-json.ts";
import { frontierExitCode } from "../../explore/frontier.ts";
import { frontier } from "../../pipeline/frontier.ts";
import { renderFrontier } from "../../report/frontier-text.ts";
import { textOptions } from "../terminal.ts";

export interface FrontierFlags {
  readonly summary: string;
  readonly out?: string;
  readonly provenanceRef?: string;
  readonly storageRoot?: string;
  readonly objectives?: string[];
  readonly allowPollutedFrontier?: boolean;
  readonly includeInvalid?: boolean;
  readonly outDir: string;
  readonly json?: boolean;
}

/** The frontier of a stored summary; exit code 3 when nothing can ship, 4 when more data could change that. */
export async function runFrontier(flags: FrontierFlags): Promise<number> {
  const result = await frontier({
    summary: flags.summary,
    out: flags.out,
    ref: flags.provenanceRef,
    storageRoot: flags.storageRoot,
    objectives: flags.objectives,
    allowPolluted: flags.allowPollutedFrontier,
    includeInvalid: flags.includeInvalid,
    outDir: flags.outDir,
  });
  for (const line of result.unreadable) process.stderr.write(`warning: line ${line} of the history cannot be read\n`);
  const text = textOptions(process.stdout, process.env);
  process.stdout.write(
    flags.json
      ? artifactJson(result.frontier)
      : `${renderFrontier(result.frontier, { ...text, earlier: result.earlier })}\n`,
  );
  return frontierExitCode(result.frontier);
}
