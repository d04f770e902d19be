import type { CiLine, CiReport } from "../domain/ci-report.ts";

/** GitHub shows ten annotations of a kind for each step and drops the others. */
const MOST = 10;

/**
 * Workflow commands that GitHub Actions turns into annotations: one for the run, an error for each deciding question that failed, a
 * warning for each that is not decided and for each advising one that failed. What would be dropped is counted in the last of its kind.
 */
export function renderAnnotations({ summary, verdict, exitCode, headline, lines }: CiReport): string[] {
  const run = `quantgate ${summary.name}${summary.simulated ? " (simulated)" : ""}`;
  const level = exitCode === 0 ? "notice" : "error";
  const questions = lines.filter((line) => line.scope !== "suite" && line.verdict !== "pass");
  const failed = questions.filter((line) => line.decides && line.verdict === "fail");
  const doubtful = questions.filter((line) =>
    line.decides ? line.verdict === "inconclusive" : line.verdict === "fail",
  );
  const say = (line: CiLine) => ({ title: `${line.cell ?? run}: ${line.gate}`, text: `${line.scope}: ${line.text}` });
  return [
    command(level, `${run}: ${verdict.toUpperCase()}`, `${headline} (exit code ${exitCode})`),
    ...limited(failed.map(say), MOST - (level === "error" ? 1 : 0)).map(({ title, text }) =>
      command("error", title, text),
    ),
    ...limited(doubtful.map(say), MOST).map(({ title, text }) => command("warning", title, text)),
  ];
}

function limited<T extends { readonly title: string; readonly text: string }>(all: readonly T[], most: number) {
  if (all.length <= most) return all;
  const rest = all.length - most + 1;
  return [...all.slice(0, most - 1), { title: `${rest} more`, text: "See the step summary." }];
}

function command(level: "notice" | "warning" | "error", title: string, message: string): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(message)}`;
}

/** A text of unknown origin must not end the command and begin another. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
