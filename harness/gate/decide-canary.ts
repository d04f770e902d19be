import type { CanaryCheckDoc, CanaryReport } from "../domain/generated/canary-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { PlannedCanary } from "../domain/generated/plan-v1.ts";
import * as stats from "../stats/index.ts";
import { effectDoc } from "./effect.ts";

type Verdict = CanaryCheckDoc["verdict"];
type Measured = NonNullable<TrialLine["measured"]>;

/** A trial's samples are cut into this many runs of neighbors; the CV is that of their medians, so one outlier cannot decide. */
const CHUNKS = 10;

/**
 * Checks of one task (one baseline cell) over its canary trials, or over the single sentinel trial of a block.
 * `reference` is the subset digest that the canary found; undefined for the canary itself.
 */
export function checkTask(options: {
  readonly task: string;
  readonly trials: readonly TrialLine[];
  readonly canary: PlannedCanary;
  readonly reference: string | undefined;
}): CanaryCheckDoc[] {
  const { task, trials, canary, reference } = options;
  const check = (
    name: CanaryCheckDoc["check"],
    verdict: Verdict,
    detail: string,
    more: Partial<Pick<CanaryCheckDoc, "measured" | "threshold">> = {},
  ): CanaryCheckDoc => ({ task, check: name, verdict, measured: null, threshold: null, detail, ...more });

  const broken = trials.filter((trial) => trial.measured === null);
  if (broken.length > 0 || trials.length === 0) {
    const why = broken[0]?.failure?.message ?? "no trial ran";
    return [check("completed", "failed", `${broken.length} of ${trials.length} runs did not complete: ${why}`)];
  }
  const measured = trials.map((trial) => trial.measured as Measured);
  return [
    check("completed", "ok", `${trials.length} of ${trials.length} runs completed`),
    identityCheck(measured, reference, check),
    accuracyCheck(measured, canary, check),
    cvCheck(measured, canary, check),
    telemetryCheck(measured, check),
    samplesCheck(measured, canary, check),
  ];
}

type MakeCheck = (
  name: CanaryCheckDoc["check"],
  verdict: Verdict,
  detail: string,
  more?: Partial<Pick<CanaryCheckDoc, "measured" | "threshold">>,
) => CanaryCheckDoc;

function identityCheck(measured: readonly Measured[], reference: string | undefined, check: MakeCheck): CanaryCheckDoc {
  const digests = new Set(measured.map((m) => m.subset.outputs_sha256));
  if (reference !== undefined) digests.add(reference);
  return digests.size === 1
    ? check("output-identity", "ok", "identical outputs on the subset")
    : check("output-identity", "failed", `${digests.size} different outputs of the same weights on the same items`);
}

function accuracyCheck(measured: readonly Measured[], canary: PlannedCanary, check: MakeCheck): CanaryCheckDoc {
  const worst = measured.reduce((x, y) => (y.subset.correct < x.subset.correct ? y : x));
  const { correct, n } = worst.subset;
  const estimate = stats.clopperPearson({ successes: correct, n }, { level: 0.99 });
  const isLow = n === 0 || estimate.high < canary.min_accuracy;
  return check(
    "accuracy",
    isLow ? "failed" : "ok",
    `${correct} of ${n} right; ${isLow ? "below" : "not below"} ${canary.min_accuracy}`,
    { measured: effectDoc(estimate), threshold: canary.min_accuracy },
  );
}

function cvCheck(measured: readonly Measured[], canary: PlannedCanary, check: MakeCheck): CanaryCheckDoc {
  const medians = Float64Array.from(measured.flatMap((m) => chunkMedians(steadySamples(m))));
  const estimate = stats.coefficientOfVariation(medians, { level: 0.9 });
  const threshold = canary.latency_cv_threshold;
  const isNoisy = estimate.value === undefined || estimate.low > threshold;
  const percent = estimate.value === undefined ? "unknown" : `${(estimate.value * 100).toFixed(1)} %`;
  return check("latency-cv", isNoisy ? "noisy" : "ok", `latency CV ${percent}, threshold ${threshold * 100} %`, {
    measured: effectDoc(estimate),
    threshold,
  });
}

function telemetryCheck(measured: readonly Measured[], check: MakeCheck): CanaryCheckDoc {
  const missing = new Set<string>();
  for (const m of measured) {
    // A server that had loaded its model before, or does not tell its memory, withholds nothing that it declared.
    if (!(m.language !== undefined && m.load_s === null) && !((m.load_s ?? -1) >= 0)) missing.add("load time");
    if (!(m.language !== undefined && m.memory.peak_rss_bytes === null) && !((m.memory.peak_rss_bytes ?? 0) > 0)) {
      missing.add("peak memory");
    }
    if (!(m.throughput.items_per_second > 0)) missing.add("items per second");
    if (m.latency_ns.length === 0 || m.latency_ns.every((ns) => ns === 0)) missing.add("latency samples");
  }
  return missing.size === 0
    ? check("telemetry", "ok", "complete")
    : check("telemetry", "failed", `missing: ${[...missing].join(", ")}`);
}

function samplesCheck(measured: readonly Measured[], canary: PlannedCanary, check: MakeCheck): CanaryCheckDoc {
  const fewest = Math.min(...measured.map((m) => m.latency_ns.length));
  const verdict = fewest >= canary.min_samples ? "ok" : "failed";
  return check("samples", verdict, `${fewest} latency samples after warm-up in the shortest run`, {
    threshold: canary.min_samples,
  });
}

/** Overall: failed beats noisy beats ok. */
export function worstCheck(checks: readonly CanaryCheckDoc[]): CanaryReport["verdict"] {
  if (checks.length === 0 || checks.some((check) => check.verdict === "failed")) return "failed";
  return checks.some((check) => check.verdict === "noisy") ? "noisy" : "ok";
}

/** Replies differ in length, so that their times say nothing about noise: the time a token takes does; to the first where no reply has two. */
function steadySamples({ latency_ns, language }: Measured): readonly number[] {
  if (language === undefined) return latency_ns;
  const perToken = language.requests.flatMap(({ tpot_s }) => (tpot_s === null ? [] : tpot_s * 1e9));
  return perToken.length > 0
    ? perToken
    : language.requests.flatMap(({ ttft_s }) => (ttft_s === null ? [] : ttft_s * 1e9));
}

function chunkMedians(samples: readonly number[]): number[] {
  const chunks = Math.min(CHUNKS, samples.length);
  return Array.from({ length: chunks }, (_, i) => {
    const from = Math.floor((i * samples.length) / chunks);
    const to = Math.floor(((i + 1) * samples.length) / chunks);
    const sorted = samples.slice(from, to).sort((x, y) => x - y);
    return sorted[sorted.length >> 1] as number;
  });
}
