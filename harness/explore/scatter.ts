import type { Frontier } from "../domain/generated/frontier-v1.ts";
import type { Coordinate, Scatter } from "../domain/generated/scatter-v1.ts";
import type { EstimateDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";

interface Axis {
  readonly doc: Scatter["x"];
  at(row: SummaryRow): Coordinate | undefined;
}

/** Horizontal axes, the best first: the first one that every compared row has is taken. */
const X_AXES: readonly Axis[] = [
  {
    doc: { metric: "latency.call", label: "Speed, times the baseline's", unit: "1", better: "higher" },
    at: (row) => (row.role === "baseline" ? exact(1) : coordinate(row.speedup)),
  },
  {
    doc: { metric: "latency.call", label: "Latency of a call, s", unit: "s", better: "lower" },
    at: (row) => coordinate(row.latency.p50),
  },
  {
    doc: { metric: "size.bytes_on_disk", label: "Size of the file, B", unit: "B", better: "lower" },
    at: (row) => (row.bytes_on_disk === null ? undefined : exact(row.bytes_on_disk)),
  },
];

const Y_AXES: readonly Axis[] = [
  {
    doc: { metric: "quality.accuracy", label: "Drop in accuracy against the baseline", unit: "1", better: "lower" },
    at: (row) => (row.role === "baseline" ? exact(0) : coordinate(row.drop)),
  },
  {
    doc: { metric: "quality.accuracy", label: "Accuracy", unit: "1", better: "higher" },
    at: (row) => coordinate(row.accuracy),
  },
];

/**
 * Points of the frontier plot, from a summary and the frontier made of it. Rows that do not take part in the front are counted and
 * left out, unless they are asked for.
 */
export function buildScatter(
  summary: Summary,
  frontier: Frontier,
  options: { readonly includeInvalid?: boolean | undefined } = {},
): Scatter {
  const includeInvalid = options.includeInvalid === true;
  const judged = frontier.sessions.flatMap((session) => session.quant_rows.map((row) => ({ session, judged: row })));
  const byCell = new Map(judged.map((one) => [one.judged.cell_id, one]));
  const shown = summary.rows.filter((row) => includeInvalid || byCell.get(row.cell_id)?.judged.eligible === true);
  const [x, y] = [axisFor(X_AXES, shown), axisFor(Y_AXES, shown)];
  return {
    schema_version: "quantgate.scatter.v1",
    generated_at: summary.generated_at,
    hardware_fingerprint: summary.hardware_fingerprint,
    execution_lane: summary.execution_lane,
    vram_profile: summary.vram_profile,
    run_id: summary.run_id,
    simulated: summary.simulated,
    summary_sha256: frontier.source.summary_sha256,
    include_invalid: includeInvalid,
    hidden: summary.rows.length - shown.length,
    x: x.doc,
    y: y.doc,
    points: shown.flatMap((row) => {
      const own = byCell.get(row.cell_id);
      const at = { x: x.at(row), y: y.at(row) };
      if (own === undefined || at.x === undefined || at.y === undefined) return [];
      return [
        {
          cell_id: row.cell_id,
          model_id: row.model_id,
          quant_tag: row.quant_tag,
          threads: row.threads,
          batch_size: row.batch_size,
          bits_per_weight: row.quant_rank,
          role: row.role,
          verdict: row.verdict,
          eligible: own.judged.eligible,
          on_front: own.judged.on_front,
          recommended: own.session.recommendation === row.quant_tag,
          bytes: row.bytes_on_disk,
          x: at.x,
          y: at.y,
        },
      ];
    }),
  };
}

function axisFor(axes: readonly Axis[], rows: readonly SummaryRow[]): Axis {
  const measured = rows.filter((row) => row.trials.completed > 0);
  return axes.find((axis) => measured.every((row) => axis.at(row) !== undefined)) ?? (axes.at(-1) as Axis);
}

/** A bound that does not exist is the point itself; the summary says why there is none. */
function coordinate(estimate: EstimateDoc | null): Coordinate | undefined {
  if (estimate === null || estimate.value === null) return undefined;
  const { value, low, high } = estimate;
  return { value, low: low ?? value, high: high ?? value };
}

function exact(value: number): Coordinate {
  return { value, low: value, high: value };
}
