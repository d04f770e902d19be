import type { SidecarLine } from "../domain/generated/journal-v1.ts";
import type { SidecarComparisonDoc } from "../domain/generated/summary-v1.ts";

/** What the harness itself measured of a cell; undefined = not measured. */
export interface HarnessFigures {
  /** Loading the model, s. */
  readonly loadS?: number | undefined;
  readonly ttftS?: number | undefined;
  /** `token_metrics.throughput`. */
  readonly prefillTokensPerS?: number | undefined;
  readonly generationTokensPerS?: number | undefined;
  /** What the parts of a trial took together by the runtime's account, and its wall time. */
  readonly totalS?: number | undefined;
  readonly wallS?: number | undefined;
}

/** Both measure a machine at different moments; a unit, a cached prompt or another model is further off. */
const TOLERANCE = 0.1;
/** Rounding of times that were written down. */
const ROUNDING = 0.01;

/**
 * Quantities that sidecar and harness both know, side by side, and the runtime's own total against the wall clock. A divergence is a reason
 * to look and decides nothing. `parse` undefined: the harness's own totals alone.
 */
export function compareSidecar(
  parse: SidecarLine["parse"] | undefined,
  harness: HarnessFigures,
): SidecarComparisonDoc[] {
  const pairs = [
    pair("decode rate", "tokens/s", parse?.decode_tps, harness.generationTokensPerS),
    pair("prefill rate", "tokens/s", parse?.prefill_tps, harness.prefillTokensPerS),
    pair("time to first token", "ms", parse?.ttft_ms, scaled(harness.ttftS, 1000)),
    pair("model load", "ms", parse?.model_load_ms, scaled(harness.loadS, 1000)),
  ];
  return [...pairs.filter((one) => one !== undefined), ...total(harness)];
}

/** undefined where neither side knows it. */
function pair(
  quantity: string,
  unit: string,
  told: number | null | undefined,
  own: number | undefined,
): SidecarComparisonDoc | undefined {
  const sidecar = told ?? null;
  const measured = own ?? null;
  if (sidecar === null && measured === null) return undefined;
  const base = { quantity, unit, sidecar, harness: measured };
  if (sidecar === null || measured === null || !(measured > 0)) {
    const who =
      sidecar === null
        ? "the sidecar does not tell it"
        : measured === null
          ? "the harness did not measure it"
          : "the harness measured 0";
    return { ...base, ratio: null, status: "NOT_COMPARABLE", reason: who };
  }
  const ratio = sidecar / measured;
  if (Math.abs(ratio - 1) <= TOLERANCE) return { ...base, ratio, status: "AGREES", reason: null };
  return { ...base, ratio, status: "DIVERGES", reason: reasonOf(ratio) };
}

/** The usual suspects, by the size of the factor. */
function reasonOf(ratio: number): string {
  const far = Math.max(ratio, 1 / ratio);
  if (Math.abs(far - 1000) < 100 || Math.abs(far - 1e6) < 1e5)
    return "a factor of a power of a thousand: one of them is in another unit";
  if (far > 2) return "more than a factor of two: another model, a cached prompt, or another device";
  return `${Math.round(Math.abs(ratio - 1) * 100)} % apart: measured at another moment, load or temperature`;
}

/** Parts never take longer than the whole. */
function total({ totalS, wallS }: HarnessFigures): SidecarComparisonDoc[] {
  if (totalS === undefined || wallS === undefined || !(wallS > 0)) return [];
  const ratio = totalS / wallS;
  const isOver = ratio > 1 + ROUNDING;
  return [
    {
      quantity: "total against wall clock",
      unit: "s",
      sidecar: totalS,
      harness: wallS,
      ratio,
      status: isOver ? "DIVERGES" : "AGREES",
      reason: isOver ? "the parts take longer than the whole: a unit or a clock is wrong" : null,
    },
  ];
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
