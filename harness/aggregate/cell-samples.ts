import type { RequestDoc, TrialLine, VariantLine } from "../domain/generated/journal-v1.ts";
import type { PlannedCell, PlannedVariant } from "../domain/generated/plan-v1.ts";
import { type Determinism, determinism } from "./determinism.ts";
import { type QualitySample, qualitySample } from "./quality-samples.ts";
import type { RunRecord } from "./run-record.ts";

/** One value a block; undefined where the trial failed or is missing. */
export type ByBlock = readonly (number | undefined)[];

/** Repeated measurements of every metric in one cell. */
export interface CellSamples {
  readonly cell: PlannedCell;
  readonly variant: PlannedVariant;
  readonly made: VariantLine | undefined;
  readonly trials: {
    readonly planned: number;
    readonly completed: number;
    readonly failed: number;
    readonly missing: number;
    /** Not needed any more when their turn came, where the run may stop early. */
    readonly skipped?: number;
  };
  /** Finished trials of the cell's blocks, in block order. */
  readonly finished: readonly TrialLine[];
  readonly quality: QualitySample | undefined;
  /** Median latency of a call, s, and further figures, by block. */
  readonly latencyMedianS: ByBlock;
  /** Medians of a block's slices, s, where its trials were timed in turns; undefined where they were not. */
  readonly latencySlicesS: readonly (Float64Array | undefined)[];
  readonly peakRssBytes: ByBlock;
  readonly itemsPerSecond: ByBlock;
  readonly loadS: ByBlock;
  /** Language models: medians over a block's replies; undefined where none gives the figure. */
  readonly ttftS: ByBlock;
  readonly decodeTps: ByBlock;
  readonly prefillTps: ByBlock;
  readonly tpotS: ByBlock;
  /** Every latency sample of the blocks, s. */
  readonly latencyS: Float64Array;
  readonly determinism: Determinism;
}

/** Journal → one sample set a cell, in plan order. */
export function cellSamples(record: Pick<RunRecord, "plan" | "variants" | "trials" | "early">): CellSamples[] {
  const { plan } = record;
  const byCell = new Map<string, TrialLine[]>();
  for (const trial of record.trials) {
    if (trial.trial_kind !== "trial") continue;
    const list = byCell.get(trial.cell_id);
    if (list === undefined) byCell.set(trial.cell_id, [trial]);
    else list.push(trial);
  }
  return plan.cells.map((cell): CellSamples => {
    const finished = (byCell.get(cell.cell_id) ?? []).sort((x, y) => x.block - y.block);
    // A trial that ended well but timed nothing did not measure: it counts as failed, so that its block does not just vanish.
    const completed = finished.filter(({ state, measured }) => state === "completed" && measured?.latency_ns.length);
    const own = plan.trials.filter((trial) => trial.kind === "trial" && trial.cell_id === cell.cell_id);
    const planned = own.length;
    const skipped = own.filter((trial) => record.early?.skipped.has(trial.trial_id)).length;
    const byBlock = <T = number>(value: (measured: Measured) => T | undefined): readonly (T | undefined)[] => {
      const values = new Array<T | undefined>(plan.trial_counts.per_cell).fill(undefined);
      for (const { block, measured } of completed) if (measured !== null) values[block] = value(measured);
      return values;
    };
    const made = record.variants.find((line) => line.variant_id === cell.variant_id);
    // What was never made, for want of a tool, answered nothing wrongly and varies in nothing.
    const judged = made?.state === "unavailable" || made?.state === "unsupported" ? [] : finished;
    return {
      cell,
      variant: plan.variants.find((variant) => variant.variant_id === cell.variant_id) as PlannedVariant,
      made,
      trials: {
        planned,
        completed: completed.length,
        failed: finished.length - completed.length,
        missing: planned - finished.length - skipped,
        ...(record.early === undefined ? {} : { skipped }),
      },
      finished,
      quality: qualitySample(judged, plan.dataset.count),
      latencyMedianS: byBlock((m) => median(m.latency_ns.map((ns) => ns * 1e-9))),
      latencySlicesS: byBlock(sliceMedians),
      peakRssBytes: byBlock((m) => m.memory.peak_rss_bytes ?? undefined),
      itemsPerSecond: byBlock((m) => m.throughput.items_per_second),
      loadS: byBlock((m) => m.load_s ?? undefined),
      ttftS: byBlock(ttftOf),
      decodeTps: byBlock(requestMedian(({ decode_tps }) => decode_tps)),
      prefillTps: byBlock(requestMedian(({ prefill_tps }) => prefill_tps)),
      tpotS: byBlock(requestMedian(({ tpot_s }) => tpot_s)),
      latencyS: Float64Array.from(completed.flatMap((t) => t.measured?.latency_ns.map((ns) => ns * 1e-9) ?? [])),
      determinism: determinism(judged),
    };
  });
}

type Measured = NonNullable<TrialLine["measured"]>;

function requestMedian(figure: (request: RequestDoc) => number | null): (measured: Measured) => number | undefined {
  return ({ language }) => median((language?.requests ?? []).flatMap((request) => figure(request) ?? []));
}

/** One median a slice, s. */
function sliceMedians({ latency_ns, latency_slices }: Measured): Float64Array | undefined {
  if (latency_slices === undefined) return undefined;
  let at = 0;
  return Float64Array.from(latency_slices, (count) => {
    const slice = latency_ns.slice(at, at + count);
    at += count;
    return (median(slice) ?? Number.NaN) * 1e-9;
  });
}

/** Cached prompts answer sooner: they count only where no other reply is timed. */
function ttftOf({ language }: Measured): number | undefined {
  const timed = (language?.requests ?? []).filter(({ ttft_s }) => ttft_s !== null);
  const whole = timed.filter(({ ttft_kind }) => ttft_kind !== "cached");
  return median((whole.length > 0 ? whole : timed).map(({ ttft_s }) => ttft_s as number));
}

/** Middle value; undefined for no samples. */
export function median(values: readonly number[]): number | undefined {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/**
 * Candidate over baseline, log scale, of the blocks in which both were measured. A value that no measurement gives (0, NaN)
 * makes its ratio NaN: it must not vanish among the good ones.
 */
export function logRatios(candidate: ByBlock, baseline: ByBlock): Float64Array {
  const ratios: number[] = [];
  for (const [block, value] of candidate.entries()) {
    const reference = baseline[block];
    if (value === undefined || reference === undefined) continue;
    ratios.push(value > 0 && reference > 0 ? Math.log(value / reference) : Number.NaN);
  }
  return Float64Array.from(ratios);
}

/**
 * Latency of the candidate over the baseline's, log scale, by block: the median over the block's slices of the ratio of their medians,
 * where both were timed in turns in as many slices, so that what slowed the machine for a moment slows both sides of a ratio; else the
 * ratio of the blocks' medians.
 */
export function latencyLogRatios(candidate: CellSamples, baseline: CellSamples): Float64Array {
  const ratios: number[] = [];
  for (const [block, value] of candidate.latencyMedianS.entries()) {
    const own = candidate.latencySlicesS[block] ?? [];
    const reference = baseline.latencySlicesS[block] ?? [];
    const bySlice =
      own.length > 0 && own.length === reference.length ? [...logRatios([...own], [...reference])] : undefined;
    if (bySlice === undefined) ratios.push(...logRatios([value], [baseline.latencyMedianS[block]]));
    else ratios.push(bySlice.some(Number.isNaN) ? Number.NaN : (median(bySlice) as number));
  }
  return Float64Array.from(ratios);
}

export function present(values: ByBlock): Float64Array {
  return Float64Array.from(values.filter((value) => value !== undefined));
}
