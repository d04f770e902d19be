import type { CanaryReport } from "../../domain/generated/canary-v1.ts";
import type { Summary } from "../../domain/generated/summary-v1.ts";
import { estimateText, levelText, PERCENT } from "../estimates.ts";
import { count, counted } from "../numbers.ts";
import { esc, VERDICT_MARKS } from "./markup.ts";
import type { PageInput } from "./page-input.ts";

type Kind = "pass" | "fail" | "inconclusive";

/** Can the numbers be trusted: canary, noise, pollution, trials, determinism. One box each, the doubtful ones marked. */
export function qualityStrip({ summary, canary }: PageInput): string {
  const boxes = [
    canaryBox(summary, canary),
    ...noiseBoxes(summary),
    pollutionBox(summary),
    trialBox(summary),
    determinismBox(summary),
  ];
  return `<section aria-labelledby="quality"><h2 id="quality">Can the numbers be trusted?</h2><ul class="strip">${boxes.join("")}</ul></section>`;
}

function box(kind: Kind, name: string, value: string, note: string): string {
  const mark = `<span class="mark-sign ${kind}" aria-hidden="true">${VERDICT_MARKS[kind]}</span>`;
  const said = { pass: "", fail: "not fit: ", inconclusive: "doubtful: " }[kind];
  return `<li class="${kind}">${mark}<div><strong>${esc(name)}</strong><p>${said === "" ? "" : `<span class="sr">${said}</span>`}${esc(value)}</p>${note === "" ? "" : `<p class="dim small">${esc(note)}</p>`}</div></li>`;
}

function canaryBox({ state }: Summary, canary: CanaryReport | undefined): string {
  if (canary === undefined) return box("inconclusive", "canary", "not beside this summary", "");
  const kind = ({ ok: "pass", noisy: "inconclusive", failed: "fail" } as const)[canary.verdict];
  const worst = canary.checks.filter((check) => check.verdict !== "ok");
  const note = worst.map(({ check, detail }) => (detail === "" ? check : `${check}: ${detail}`)).join("; ");
  const stopped = state === "canary-abort" ? ", stopped the run" : "";
  return box(kind, "canary", `${canary.verdict}${stopped}`, note || `${counted(canary.checks.length, "checks")}`);
}

function noiseBoxes({ noise, findings }: Summary): string[] {
  const has = (code: string) => findings.some((finding) => finding.code === code);
  const cv = noise.latency_cv;
  const split = noise.split_half;
  return [
    ...(cv === null
      ? []
      : [
          box(
            has("CANARY_NOISY") ? "inconclusive" : "pass",
            "noise",
            `CV ${estimateText(cv, PERCENT).replace(" [–, –]", "")}`,
            `baseline's block medians, ${levelText(cv.level)}`,
          ),
        ]),
    ...(split === null
      ? []
      : [
          box(
            has("SPLIT_HALF_DISAGREES") ? "inconclusive" : "pass",
            "same code twice",
            estimateText(split, PERCENT).replace(" [–, –]", ""),
            "odd against even blocks of the baseline",
          ),
        ]),
  ];
}

function pollutionBox({ rows }: Summary): string {
  const polluted = rows.filter((row) => row.run_quality_status === "polluted").length;
  const noisy = rows.filter((row) => row.run_quality_status === "noisy").length;
  const text = polluted === 0 ? "none polluted" : `${polluted} of ${rows.length} polluted`;
  const kind = polluted > 0 || noisy > 0 ? "inconclusive" : "pass";
  const said = [
    ...(polluted > 0 ? ["something else used the machine, or it was hot"] : []),
    ...(noisy > 0 ? [`${counted(noisy, "rows")} too noisy for times`] : []),
  ];
  return box(kind, "rows", text, said.length === 0 ? "nothing else used the machine" : said.join("; "));
}

function trialBox({ rows }: Summary): string {
  const sum = (of: "planned" | "completed" | "failed" | "missing") =>
    rows.reduce((total, row) => total + row.trials[of], 0);
  const [planned, completed, failed, missing] = [sum("planned"), sum("completed"), sum("failed"), sum("missing")];
  const kind = failed > 0 || missing > 0 ? "fail" : "pass";
  const lost = [failed > 0 ? `${count(failed)} failed` : "", missing > 0 ? `${count(missing)} missing` : ""];
  return box(
    kind,
    "trials",
    `${count(completed)} of ${count(planned)}`,
    lost.filter((text) => text !== "").join(", ") || "randomised blocks",
  );
}

function determinismBox({ rows }: Summary): string {
  const known = rows.filter((row) => row.determinism_rate !== null);
  const varying = known.filter((row) => (row.determinism_rate as number) < 1).length;
  if (known.length === 0) return box("inconclusive", "determinism", "not measured", "fewer than two trials a row");
  const text = varying === 0 ? "same outputs every time" : `${varying} of ${known.length} rows vary`;
  return box(varying === 0 ? "pass" : "inconclusive", "determinism", text, "");
}
