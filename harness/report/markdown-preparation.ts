import type { StepDoc, Summary } from "../domain/generated/summary-v1.ts";
import { seconds } from "./durations.ts";
import { code, escapeMarkdown, escapeMarkdownLine, markdownTable } from "./markdown-text.ts";
import { ABSENT, bytes, count } from "./numbers.ts";

/** How the models came to be: steps with their results, logs and digests, calibration items, settings of the evaluation. */
export function preparationSection({ preparation, dataset }: Summary): string[] {
  if (preparation === undefined) return [];
  const { calibration, evaluation, steps } = preparation;
  const settings = [
    `${count(evaluation.runs)} full evaluations at batch ${evaluation.batch_size}`,
    `latency at batch ${evaluation.latency_batch_sizes.join(", ")} on ${evaluation.threads.join(", ")} threads`,
    `${count(evaluation.warmup_iterations)} calls of warm-up`,
    `seed ${evaluation.seed}`,
  ];
  const items =
    calibration === null
      ? "none"
      : `${count(calibration.count)} items of ${escapeMarkdown(calibration.id)}, ${calibration.method}, listed in ${code(calibration.list)}, digest ${code(calibration.indices_digest)}`;
  const headers = ["step", "result", "why", "tool", "took", "log"];
  const rows = steps.map((step) => [
    escapeMarkdown(step.step_id),
    step.state + (step.cached ? " (cached)" : ""),
    escapeMarkdown(step.reason ?? ""),
    escapeMarkdown(step.tool_version ?? ABSENT),
    step.made_s === null ? ABSENT : seconds(step.made_s),
    step.log === null ? ABSENT : code(step.log.file),
  ]);
  return [
    "## Preparation",
    "",
    `- Calibration: ${items}`,
    `- Evaluation: ${settings.join(", ")}, on ${escapeMarkdown(dataset.id)}`,
    "",
    ...markdownTable(headers, rows),
    ...filesOf(steps),
    ...warningsOf(steps),
  ];
}

function filesOf(steps: readonly StepDoc[]): string[] {
  const size = (value: number | null | undefined) => (value === null || value === undefined ? ABSENT : count(value));
  const rows = steps.flatMap((step) => [
    ...step.inputs.map(({ name, sha256, structure }) => [
      escapeMarkdown(`${step.step_id} reads ${name}`),
      ABSENT,
      size(structure?.layers),
      size(structure?.parameters),
      "",
      code(sha256),
    ]),
    ...step.outputs.map(({ name, file, sha256, bytes: length, structure, smoke }) => [
      `${escapeMarkdown(`${step.step_id} writes ${name}`)} ${code(file)}`,
      bytes(length),
      size(structure?.layers),
      size(structure?.parameters),
      escapeMarkdown(smoke ?? ""),
      code(sha256),
    ]),
  ]);
  const table = markdownTable(["file", "size", "layers", "parameters", "random input gives", "sha256"], rows, [
    "left",
    "right",
    "right",
    "right",
    "left",
    "left",
  ]);
  return table.length === 0 ? [] : ["", ...table];
}

function warningsOf(steps: readonly StepDoc[]): string[] {
  const lines = steps.flatMap(({ step_id, warnings }) =>
    warnings.map((text) => `- ${escapeMarkdownLine(`${step_id}: ${text}`)}`),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}
