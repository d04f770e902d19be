import type { EstimateDoc } from "../domain/generated/context-ceiling-v1.ts";
import type { ClusteredShare, Estimate, Unjudged } from "../stats/index.ts";

/** An estimate as artifacts hold it: what is infinite or missing is null, with the reason. */
export function estimateDoc(found: Estimate | Unjudged | ClusteredShare): EstimateDoc {
  const { value, low, high, level, n, method } = found;
  const reason = "reason" in found ? found.reason : value === undefined ? "no-data" : undefined;
  const finite = (x: number | undefined) => (x !== undefined && Number.isFinite(x) ? x : null);
  return {
    value: finite(value),
    low: finite(low),
    high: finite(high),
    level,
    n,
    method,
    ...(reason === undefined ? {} : { reason }),
  };
}
