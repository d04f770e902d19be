import { quantileOfSorted } from "../stats/index.ts";
import type { RunRecord } from "./run-record.ts";

/** Latencies of the calls of one block, seconds. */
export interface BlockQuantiles {
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  /** Calls. */
  readonly n: number;
}

/** Quantiles of every call by cell and block, for plots; null for a block whose trial timed nothing. Decides nothing. */
export function latencyBlocks(record: RunRecord): Map<string, (BlockQuantiles | null)[]> {
  const byCell = new Map<string, (BlockQuantiles | null)[]>(
    record.plan.cells.map((cell) => [cell.cell_id, new Array(record.plan.trial_counts.per_cell).fill(null)]),
  );
  for (const trial of record.trials) {
    const samples = trial.measured?.latency_ns ?? [];
    const blocks = byCell.get(trial.cell_id);
    if (trial.trial_kind !== "trial" || blocks === undefined || samples.length === 0) continue;
    const sorted = Float64Array.from(samples, (ns) => ns * 1e-9).sort();
    const at = (p: number) => quantileOfSorted(sorted, p);
    blocks[trial.block] = { p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95), n: sorted.length };
  }
  return byCell;
}
