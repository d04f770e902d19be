import { artifactJson } from "../../domain/canonical-json.ts";
import { ERROR_CODES } from "../../domain/errors.ts";
import { inspect } from "../../pipeline/inspect.ts";
import { renderInspect } from "../../report/inspect-text.ts";
import { textOptions } from "../terminal.ts";

/** Prints a model's structure; exit code 2 when it is not valid. */
export async function runInspect(
  model: string,
  flags: { readonly dataDir?: string; readonly json?: boolean },
): Promise<number> {
  const report = await inspect({ model, dataDir: flags.dataDir });
  const text = flags.json
    ? artifactJson(report)
    : `${renderInspect(report, textOptions(process.stdout, process.env))}\n`;
  process.stdout.write(text);
  return report.problems.some((problem) => problem.severity === "error") ? ERROR_CODES.CONFIG_MODEL_INVALID : 0;
}
