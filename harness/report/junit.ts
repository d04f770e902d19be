import type { CiLine, CiReport } from "../domain/ci-report.ts";

/**
 * JUnit XML of a judged run, red exactly where the run is: a deciding question that failed is a <failure>, one that is not decided an
 * <error> (what was not measured is never a pass), and one that only advises and did not pass is <skipped> with its words. One test
 * case a question, its class the cell.
 */
export function renderJunit({ summary, verdict, exitCode, headline, lines }: CiReport): string {
  const cases = [
    verdictCase({ verdict, exitCode, headline }),
    ...lines.filter((line) => line.scope !== "suite").map(testCase),
  ];
  const count = (tag: string) => String(cases.filter((one) => one.tag === tag).length);
  const totals = { tests: String(cases.length), failures: count("failure"), errors: count("error") };
  const name = `quantgate.${summary.name}`;
  const suite = {
    name,
    ...totals,
    skipped: count("skipped"),
    time: "0",
    // Without a zone, as the schema of the format's makers has it; UTC.
    timestamp: summary.generated_at.slice(0, 19),
  };
  const properties = {
    run_id: summary.run_id,
    verdict,
    exit_code: String(exitCode),
    execution_lane: summary.execution_lane,
    hardware_fingerprint: summary.hardware_fingerprint,
    commit_sha: summary.provenance.commit_sha ?? "",
    simulated: String(summary.simulated),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...totals, time: "0" })}>`,
    `  <testsuite${attributes(suite)}>`,
    "    <properties>",
    ...Object.entries(properties).map(([key, value]) => `      <property${attributes({ name: key, value })}/>`),
    "    </properties>",
    ...cases.map((one) => one.text),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

interface Case {
  readonly tag: "failure" | "error" | "skipped" | undefined;
  readonly text: string;
}

function verdictCase({ verdict, exitCode, headline }: Pick<CiReport, "verdict" | "exitCode" | "headline">): Case {
  const tag = exitCode === 0 ? undefined : verdict === "fail" ? "failure" : "error";
  return {
    tag,
    text: caseText({ classname: "run", name: "verdict" }, tag, { type: `exit-code-${exitCode}`, message: headline }),
  };
}

function testCase({ scope, cell, gate, decides, verdict, text }: CiLine): Case {
  const tag = verdict === "pass" ? undefined : !decides ? "skipped" : verdict === "fail" ? "failure" : "error";
  const where = { classname: `${scope}.${cell ?? "run"}`, name: gate };
  const message = tag === "skipped" ? `does not decide; ${verdict}: ${text}` : text;
  return { tag, text: caseText(where, tag, { type: verdict, message }) };
}

function caseText(
  where: Readonly<Record<string, string>>,
  tag: Case["tag"],
  { type, message }: { readonly type: string; readonly message: string },
): string {
  const start = `    <testcase${attributes({ ...where, time: "0" })}`;
  if (tag === undefined) return `${start}>\n      <system-out>${escapeXml(message)}</system-out>\n    </testcase>`;
  return `${start}>\n      <${tag}${attributes({ type, message })}/>\n    </testcase>`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join("");
}

/** What XML 1.0 cannot hold at all becomes U+FFFD: a reader must not fail on a name that a person chose. */
function escapeXml(text: string): string {
  return (
    text
      .replaceAll(/\p{Surrogate}/gu, "\ufffd")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these may not be in a document.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\n", "&#10;")
      .replaceAll("\r", "&#13;")
      .replaceAll("\t", "&#9;")
  );
}
