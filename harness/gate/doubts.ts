import type { Reason } from "../domain/codes.ts";
import type { Comparison } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { METRICS } from "../domain/metric.ts";
import { logRatiosOf } from "./effect.ts";

/** No quantization makes a model a hundred times faster or smaller; a change of unit (ms as ns, kB as B) does. */
const MOST_PLAUSIBLE_FACTOR = 100;

/** Why a gate cannot pass on what was measured, whatever its interval says. */
export function doubtsAbout(spec: GateSpecDoc, comparison: Comparison): Reason[] {
  const doubts: Reason[] = [];
  const { isTime } = METRICS[spec.metric];
  const { completed, failed, missing } = comparison.trials;
  const { baselineTrials = { failed: 0, missing: 0 }, role } = comparison;
  const ratios = logRatiosOf(comparison, spec.metric);
  if (completed === 0) doubts.push("missing-metric");
  if (missing > 0) doubts.push("missing-trials");
  if (role !== "baseline" && baselineTrials.missing > 0) doubts.push("missing-baseline");
  // Scores and determinism count a failed trial; a time or a peak of the trials that survived says nothing about it.
  if (ratios !== undefined && failed + baselineTrials.failed > 0) doubts.push("failed-trials");
  if (isScore(spec) && comparison.invalidRows + comparison.baselineInvalidRows > 0) doubts.push("invalid-values");
  if (isTime && comparison.isNoisy) doubts.push("noisy");
  if (isTime && comparison.certificateDoubt !== undefined) doubts.push("uncertified");
  if (isTime && comparison.pollution?.isPolluted) doubts.push("polluted");
  if (isTime && comparison.isClockStepped === true) doubts.push("clock-step");
  // A baseline's ratio to itself is 1 in every block: only its clock can be in doubt.
  const isCopied = role !== "baseline" && isConstant(ratios);
  if (isTime && (comparison.isLatencyConstant || isCopied)) doubts.push("constant-where-it-cannot-be");
  if (role !== "baseline" && isImplausible(spec, comparison)) doubts.push("implausible-ratio");
  return doubts;
}

/** Times of two arms never have one ratio in all blocks: such figures were copied, or a clock is too coarse for them. */
function isConstant(logRatios: Float64Array | undefined): boolean {
  return logRatios !== undefined && logRatios.length > 1 && logRatios.every((ratio) => ratio === logRatios[0]);
}

/** One block is enough: where a unit changed, it may have changed in the middle. */
function isImplausible(spec: GateSpecDoc, comparison: Comparison): boolean {
  const { bytesOnDisk, baselineBytesOnDisk } = comparison;
  const isFar = (logRatio: number) => Math.abs(logRatio) > Math.log(MOST_PLAUSIBLE_FACTOR);
  if (spec.metric !== "size.bytes_on_disk") return logRatiosOf(comparison, spec.metric)?.some(isFar) ?? false;
  return (
    bytesOnDisk !== undefined && baselineBytesOnDisk !== undefined && isFar(Math.log(bytesOnDisk / baselineBytesOnDisk))
  );
}

export function isScore({ metric }: GateSpecDoc): boolean {
  return metric.startsWith("quality.");
}
