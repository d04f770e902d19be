import type { EstimateDoc, SummaryRow } from "../domain/generated/summary-v1.ts";
import { log } from "../stats/elementary.ts";
import { binomialQuantile, normalQuantile, type Rng } from "../stats/index.ts";
import type { Objective } from "./frontier-objectives.ts";

/** One objective of the rows of a session: more is better. */
export interface ObjectiveMerits {
  /** One a row. */
  readonly points: readonly number[];
  /** One a row: resamples around its point; undefined where the summary has no spread of it. */
  readonly draws: readonly (Float64Array | undefined)[];
}

interface Context {
  /** Rows that take part; every one has a value of the objective. */
  readonly rows: readonly SummaryRow[];
  /** The row that the others were measured beside. */
  readonly reference: SummaryRow | undefined;
  readonly resamples: number;
  /** Seed of the document. Every stream is named by cell and objective, so that the order of rows changes nothing. */
  readonly rng: Rng;
}

/**
 * Merits of rows in one objective. Where every row was measured beside the same baseline, the paired difference is what is compared
 * (drop, log speedup, log memory ratio), as its noise is far smaller than that of the values themselves; else the values.
 */
export function objectiveMerits(objective: Objective, context: Context): ObjectiveMerits {
  switch (objective.metric) {
    case "quality.accuracy":
      return isPaired(context, (row) => row.drop)
        ? paired(context, (row) => -(row.drop?.value as number), dropDraws)
        : absolute(objective, context);
    case "latency.call":
      return isPaired(context, (row) => row.speedup)
        ? paired(context, (row) => log(row.speedup?.value as number), speedupDraws(context))
        : absolute(objective, context);
    case "memory.peak_rss":
      return isPaired(context, (row) => row.peak_memory_ratio)
        ? paired(context, (row) => -log(row.peak_memory_ratio?.value as number), memoryDraws)
        : absolute(objective, context);
    default:
      return absolute(objective, context);
  }
}

function isPaired({ rows, reference }: Context, pick: (row: SummaryRow) => EstimateDoc | null): boolean {
  return reference !== undefined && rows.every((row) => row.role === "baseline" || isNumber(pick(row)?.value));
}

type Drawer = (row: SummaryRow, resamples: number, rng: Rng) => Float64Array | undefined;

/** The baseline's own difference is zero, exactly. */
function paired({ rows, resamples, rng }: Context, point: (row: SummaryRow) => number, draw: Drawer): ObjectiveMerits {
  return {
    points: rows.map((row) => (row.role === "baseline" ? 0 : point(row))),
    draws: rows.map((row) =>
      row.role === "baseline" ? new Float64Array(resamples) : draw(row, resamples, rng.derive(row.cell_id)),
    ),
  };
}

function absolute(objective: Objective, { rows, resamples, rng }: Context): ObjectiveMerits {
  const sign = objective.better === "higher" ? 1 : -1;
  const stream = rng.derive(objective.metric);
  const estimates = rows.map((row) => objective.estimate(row));
  return {
    points: estimates.map((estimate) => sign * (estimate?.value as number)),
    draws: estimates.map((estimate, i) => {
      if (estimate === null) return undefined;
      const own = stream.derive((rows[i] as SummaryRow).cell_id);
      return normalDraws(estimate, { resamples, rng: own, transform: (x) => sign * x });
    }),
  };
}

/**
 * Drops of resampled items: as many discordant items as chance would give, each lost or won as often as seen. Half an item is added
 * to either kind: two models that agreed on every item are not known to agree on the next.
 */
function dropDraws(row: SummaryRow, resamples: number, rng: Rng): Float64Array | undefined {
  const { n, b, c } = row;
  if (b === null || c === null || n === 0) {
    return normalDraws(row.drop, { resamples, rng: rng.derive("drop"), transform: (x) => -x });
  }
  const stream = rng.derive("items");
  const discordant = (b + c + 1) / (n + 1);
  const lostShare = (b + 0.5) / (b + c + 1);
  return Float64Array.from({ length: resamples }, () => {
    const count = binomialQuantile(stream.uniform(), { n, p: Math.min(1, discordant) });
    const lost = binomialQuantile(stream.uniform(), { n: count, p: lostShare });
    return -(2 * lost - count) / n;
  });
}

/** Log speedups of resampled blocks. All rows of a session get the same blocks, since a slow block slows them all. */
function speedupDraws({ reference, resamples, rng }: Context): Drawer {
  const blocks = reference?.latency.block_medians ?? [];
  const stream = rng.derive("blocks");
  const picks = Array.from({ length: resamples }, () => blocks.map(() => stream.below(blocks.length)));
  return (row, _, own) => {
    const ratios = blocks.map((base, k) => {
      const median = row.latency.block_medians[k];
      return isNumber(base) && isNumber(median) && base > 0 && median > 0 ? log(base / median) : undefined;
    });
    const present = ratios.filter(isNumber);
    if (present.length < 2) return normalDraws(row.speedup, { resamples, rng: own.derive("speedup"), transform: log });
    // Around the point that the table shows, which is a Hodges-Lehmann center.
    const shift = log(row.speedup?.value as number) - meanOf(present);
    return Float64Array.from(picks, (pick) => {
      const drawn = pick.map((k) => ratios[k]).filter(isNumber);
      return shift + meanOf(drawn.length === 0 ? present : drawn);
    });
  };
}

const memoryDraws: Drawer = (row, resamples, rng) =>
  normalDraws(row.peak_memory_ratio, { resamples, rng: rng.derive("memory"), transform: (x) => -log(x) });

/** Normal draws with the spread that an interval tells. Exact quantities (level 1) do not vary. */
function normalDraws(
  estimate: Pick<EstimateDoc, "value" | "low" | "high" | "level"> | null,
  { resamples, rng, transform }: { resamples: number; rng: Rng; transform: (x: number) => number },
): Float64Array | undefined {
  if (estimate === null || !isNumber(estimate.value)) return undefined;
  const center = transform(estimate.value);
  if (estimate.level === 1) return new Float64Array(resamples).fill(center);
  if (!isNumber(estimate.low) || !isNumber(estimate.high)) return undefined;
  const z = normalQuantile((1 + estimate.level) / 2);
  const sd = Math.abs(transform(estimate.high) - transform(estimate.low)) / (2 * z);
  return Number.isFinite(sd) ? Float64Array.from({ length: resamples }, () => center + sd * rng.normal()) : undefined;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
