import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import * as stats from "../stats/index.ts";
import { effectDoc, relativeChange } from "./effect.ts";

export interface SessionNoise {
  /** CV of the baseline's block medians; the worst baseline where there are several. */
  readonly latencyCv: EstimateDoc | null;
  /** In-session A/A: odd against even blocks of the baseline, as relative change. */
  readonly splitHalf: EstimateDoc | null;
  /** True when the A/A shows a difference beyond the margin: times of this session decide nothing. */
  readonly isNoisy: boolean;
}

/**
 * In-session A/A test (statistics: noise). The baseline's neighboring blocks are paired, odd against even: the same code in both
 * arms. When even the near end of that interval lies beyond the latency margin, the session is noisy.
 */
export function assessNoise(
  baselines: readonly (readonly (number | undefined)[])[],
  margin: number,
  alpha: number,
): SessionNoise {
  const level = 1 - 2 * alpha;
  let result: SessionNoise = { latencyCv: null, splitHalf: null, isNoisy: false };
  for (const blocks of baselines) {
    const medians = Float64Array.from(blocks.filter((value) => value !== undefined));
    if (medians.length < 2) continue;
    const cv = effectDoc(stats.coefficientOfVariation(medians, { level }));
    const logRatios: number[] = [];
    for (let block = 0; block + 1 < blocks.length; block += 2) {
      const [even, odd] = [blocks[block], blocks[block + 1]];
      if (even !== undefined && odd !== undefined) logRatios.push(Math.log(odd / even));
    }
    const halves = relativeChange(Float64Array.from(logRatios), level);
    const isNoisy = halves.low > margin || halves.high < -margin / (1 + margin);
    const isWorse = result.latencyCv === null || (cv.value ?? 0) > (result.latencyCv.value ?? 0);
    if (isWorse || (isNoisy && !result.isNoisy)) {
      result = { latencyCv: cv, splitHalf: effectDoc(halves), isNoisy: isNoisy || result.isNoisy };
    }
  }
  return result;
}
