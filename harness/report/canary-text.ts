import picocolors from "picocolors";
import type { CanaryCheckDoc, CanaryReport } from "../domain/generated/canary-v1.ts";
import { roughWait } from "./durations.ts";
import { PERCENT, styled } from "./estimates.ts";
import { ABSENT } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

export interface CanaryTextOptions extends TextOptions {
  /** Time the sweep still needs, s. */
  readonly secondsLeft?: number | undefined;
}

/** One line where the sweep may go on, else why it may not. */
export function renderCanary(report: CanaryReport, options: CanaryTextOptions): string {
  return report.verdict === "ok" ? canaryLine(report, options) : canaryAbortText(report, options);
}

/** `canary ok · noise 1.8 % · about 70 s left`: one line, shown when the sweep may go on. */
export function canaryLine(report: CanaryReport, options: CanaryTextOptions): string {
  const colors = picocolors.createColors(options.color);
  const paint = { ok: colors.green, noisy: colors.yellow, failed: colors.red }[report.verdict];
  const noise = noisiest(report);
  const parts = [
    paint(`canary ${report.verdict}`),
    ...(noise === ABSENT ? [] : [`noise ${noise} %`]),
    ...(options.secondsLeft === undefined ? [] : [`${roughWait(options.secondsLeft)} left`]),
  ];
  return parts.join(" · ");
}

/** Why the canary stopped the run, check by check, and what to do about it. Ends without a line break. */
export function canaryAbortText(report: CanaryReport, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const broken = report.checks.filter((check) => check.verdict !== "ok");
  const where = report.block < 0 ? "before the sweep" : `in block ${report.block}`;
  const lines = broken.flatMap((check) => [
    ...wrap(
      `  ${visible(check.task)}: ${check.check} ${check.verdict}: ${visible(check.detail)}`,
      options.width,
      "    ",
    ),
    ...wrap(`    ${ADVICE[check.check]}`, options.width, "    "),
  ]);
  const head = `canary ${report.verdict} ${where}: the sweep was stopped, and nothing of it is judged`;
  return [...wrap(colors.bold(colors.red(head)), options.width), ...lines].join("\n");
}

/** The next thing to try, for each check. */
const ADVICE: { readonly [check in CanaryCheckDoc["check"]]: string } = {
  completed: "Run the model alone with `quantgate inspect`; a crash or time limit shows in the run's logs.",
  "output-identity":
    "The same weights gave different outputs: look for a random operator in the model, or try one thread.",
  accuracy: "Check labels, layout and normalization of the dataset; the model should do better than guessing.",
  "latency-cv": "Close what else uses the machine, or raise canary.latency_cv_threshold and accept wider intervals.",
  telemetry: "A reading that every trial must have is missing on this platform.",
  samples: "Raise latency.time_budget_ms, so that slow calls fit often enough.",
};

function noisiest(report: CanaryReport): string {
  const values = report.checks
    .filter((check) => check.check === "latency-cv")
    .flatMap((check) => check.measured?.value ?? []);
  return values.length === 0 ? ABSENT : styled(Math.max(...values), PERCENT);
}
