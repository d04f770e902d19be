import type { ValueCounts } from "../domain/value-counts.ts";
import type { CalibrationJob } from "./calibration-job.ts";
import { countValues } from "./count-values.ts";
import { entropyRange } from "./entropy-range.ts";
import { findExtremes } from "./find-extremes.ts";
import type { Range } from "./grid.ts";
import { leastSquaresRange } from "./least-squares-range.ts";
import { percentileRange } from "./percentile-range.ts";
import type { ActivationSpec } from "./recipe.ts";

/**
 * Finds the range of each value over the calibration items.
 * @throws HarnessError QUANTIZE_CALIBRATION for no items, items of the wrong shape, or a value that is NaN or infinite.
 */
export async function calibrate(job: CalibrationJob, spec: ActivationSpec): Promise<Map<string, Range>> {
  const choose = rangeChooser(spec);
  if (choose === undefined) return findExtremes(job, { average: spec.calibration === "moving_average" });
  return countValues(job, choose);
}

/** How the methods that look at a value's whole distribution choose; undefined for those that need its extremes alone. */
function rangeChooser(spec: ActivationSpec): ((counts: ValueCounts) => Range) | undefined {
  const options = { signed: spec.type === "int8", symmetric: spec.symmetric };
  switch (spec.calibration) {
    case "percentile":
      return (counts) => percentileRange(counts, spec.percentile ?? 1);
    case "mse":
      return (counts) => leastSquaresRange(counts, options);
    case "entropy":
      return (counts) => entropyRange(counts, options);
    default:
      return undefined;
  }
}
