import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { validateXML } from "xmllint-wasm";
import type { CiLine, CiReport } from "../../harness/domain/ci-report.ts";
import { ciLines } from "../../harness/report/ci-lines.ts";
import { renderComment, renderStepSummary } from "../../harness/report/ci-markdown.ts";
import { renderAnnotations } from "../../harness/report/github-annotations.ts";
import { renderJunit } from "../../harness/report/junit.ts";
import { canaryAbort, everythingFails, firstRun, hostile, manyCells, undecided } from "../fixtures/summary-cases.ts";

const schema = readFileSync(fileURLToPath(new URL("../../../tests/fixtures/junit.xsd", import.meta.url)), "utf8");

function reportOf(summary: CiReport["summary"], more: Partial<CiReport> = {}): CiReport {
  const matters = (row: { readonly cell_id: string; readonly role: string }) =>
    row.role === "required" || row.cell_id === summary.suite.ship;
  return {
    summary,
    verdict: summary.suite.verdict,
    exitCode: summary.suite.exit_code,
    headline: "Nothing can ship.",
    lines: ciLines({ summary, comparison: undefined, history: undefined, matters, mismatch: null }),
    reproduce: "quantgate gate --run results/r",
    ...more,
  };
}

const line = (more: Partial<CiLine>): CiLine => ({
  scope: "session",
  cell: "m/int8",
  gate: "latency_ratio",
  decides: true,
  verdict: "fail",
  text: "0.90x [0.88, 0.92] the speed of fp32, margin 5 %",
  ...more,
});

async function junitProblems(text: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: { fileName: "junit.xml", contents: text },
    schema: { fileName: "junit.xsd", contents: schema },
  });
  return errors.map((error) => error.message);
}

const NASTY = "a<b>&\"'\u0000\u001b[31m]]>\n\ud800 %0A::error::\u202e|`<!--";

for (const [title, make] of Object.entries({ firstRun, everythingFails, undecided, manyCells, hostile, canaryAbort })) {
  test(`JUnit of ${title} is valid and is red exactly when the run is`, async () => {
    const summary = make();
    const exitCode = summary.state === "canary-abort" ? 5 : summary.suite.exit_code;
    const text = renderJunit(reportOf(summary, { exitCode }));
    assert.deepEqual(await junitProblems(text), []);
    const red = (text.match(/<(failure|error) /g) ?? []).length;
    assert.equal(red > 0, exitCode !== 0, text);
    assert.equal(Number(/failures="(\d+)"/.exec(text)?.[1]) + Number(/errors="(\d+)"/.exec(text)?.[1]), red);
  });
}

test("names that a person chose break no report: XML, annotations and Markdown stay what they are", async () => {
  const report = reportOf(
    { ...firstRun(), name: NASTY },
    { headline: NASTY, verdict: "fail", exitCode: 3, lines: [line({ cell: NASTY, gate: NASTY, text: NASTY })] },
  );
  assert.deepEqual(await junitProblems(renderJunit(report)), []);
  const annotations = renderAnnotations(report);
  assert.equal(annotations.length, 2);
  for (const text of annotations) {
    assert.match(text, /^::error title=[^:,\n]*::[^\n\r]*$/);
    assert.equal(text.split("\n").length, 1);
  }
  const comment = renderComment(report);
  assert.equal(comment.match(/<!--/g)?.length, 1, "only the mark itself is a comment");
  assert.doesNotMatch(comment, /<b>/);
});

test("the schema refuses what no reader takes, so that its word means something", async () => {
  const good = renderJunit(reportOf(firstRun()));
  for (const bad of [
    good.replace('tests="', 'tests="x'),
    good.replace("</testsuite>", ""),
    good.replace("<testcase ", "<testcase color='red' "),
    good.replace(/classname="run" /, ""),
  ]) {
    assert.notDeepEqual(await junitProblems(bad), []);
  }
});

test("JUnit tells a fail from an undecided from one that only advises", () => {
  const lines = [
    line({}),
    line({ gate: "accuracy_drop", verdict: "inconclusive" }),
    line({ gate: "peak_memory", decides: false }),
    line({ gate: "bytes", verdict: "pass" }),
  ];
  const text = renderJunit(reportOf(firstRun(), { lines, verdict: "fail", exitCode: 3 }));
  assert.match(text, /name="latency_ratio" time="0">\n {6}<failure type="fail" message="0\.90x /);
  assert.match(text, /name="accuracy_drop" time="0">\n {6}<error type="inconclusive"/);
  assert.match(text, /name="peak_memory" time="0">\n {6}<skipped type="fail" message="does not decide; fail: /);
  assert.match(text, /<testsuite name="quantgate\.[^"]+" tests="5" failures="2" errors="1" skipped="1"/);
});

test("annotations stay under what GitHub shows, and say how many more there are", () => {
  const lines = Array.from({ length: 40 }, (_, i) => line({ gate: `gate-${i}` }));
  const annotations = renderAnnotations(reportOf(firstRun(), { lines, verdict: "fail", exitCode: 3 }));
  assert.equal(annotations.length, 10);
  assert.match(annotations.at(-1) ?? "", /title=32 more::/);
});

test("a comment has one verdict, the interval it rests on and the command, and begins with its mark", () => {
  const report = reportOf(firstRun(), {
    lines: [line({}), line({ gate: "accuracy_drop", text: "drop 2.0 points [1.5, 2.5], margin 1 point" })],
    verdict: "fail",
    exitCode: 3,
  });
  const comment = renderComment(report);
  assert.match(comment, /^<!-- quantgate:digits-cnn -->\n\*\*FAIL\*\* · digits-cnn · exit code 3\n/);
  assert.match(comment, /\nRests on m\/int8, latency_ratio: 0\.90x \[0\.88, 0\.92\] /);
  assert.equal(comment.match(/\*\*(PASS|FAIL|INCONCLUSIVE)\*\*/g)?.length, 1);
  assert.match(comment, /\n\| FAIL \| m\/int8 \| session: accuracy_drop \| drop 2\.0 points/);
  assert.match(comment, /\nAgain: `quantgate gate --run results\/r`\n$/);
});

test("a comment of ten thousand red questions is cut at a whole line under what a host takes", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => line({ gate: `gate-${i}` }));
  const comment = renderComment(reportOf(firstRun(), { lines, verdict: "fail", exitCode: 3 }));
  assert.ok(comment.length < 65_536);
  assert.match(comment, /\|\n\nShortened; /);
});

test("the step summary adds what only advises, folded away, and counts the questions", () => {
  const lines = [line({ verdict: "pass" }), line({ gate: "peak_memory", decides: false })];
  const text = renderStepSummary(reportOf(firstRun(), { lines, verdict: "pass", exitCode: 0 }));
  assert.match(text, /<details>[\s\S]*peak_memory[\s\S]*<\/details>/);
  assert.match(text, /\n1 of 2 questions pass\.\n$/);
});
