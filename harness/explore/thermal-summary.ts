import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import type { ThermalRun } from "./thermal-runs.ts";

/** Whether a row is the one that was asked for: `MODEL/QUANT`, or `QUANT`. */
export function isRowAsked(row: Pick<SummaryRow, "model_id" | "quant_tag">, only: string): boolean {
  return only === row.quant_tag || only === `${row.model_id}/${row.quant_tag}`;
}

/**
 * One stored summary as one thermal run: the time all its trials took, the temperature when the first of its watched trials began and when
 * the last ended. Of one row where `only` names it. Temperatures come from the probes, else from the rows' sidecars.
 */
export function thermalRunOf(summary: Summary, summaryPath: string, only?: string): ThermalRun {
  const rows = summary.rows.filter((row) => only === undefined || isRowAsked(row, only));
  const machines = rows.flatMap(({ machine }) => machine ?? []);
  const first = [...machines]
    .sort((x, y) => x.first_seq - y.first_seq)
    .find(({ thermal_start_c }) => thermal_start_c !== null);
  const last = [...machines]
    .sort((x, y) => y.last_seq - x.last_seq)
    .find(({ thermal_end_c }) => thermal_end_c !== null);
  const parses = rows.flatMap(({ hardware_sidecar }) => hardware_sidecar?.parse ?? []);
  // A sum over some of the rows is not the time of the run.
  const isTimed = rows.length > 0 && machines.length === rows.length;
  return {
    summaryPath,
    totalLatencyS: isTimed ? machines.reduce((sum, { wall_s }) => sum + wall_s, 0) : undefined,
    startC: first?.thermal_start_c ?? told(parses.map(({ thermal_start_c }) => thermal_start_c)),
    endC: last?.thermal_end_c ?? told(parses.map(({ thermal_end_c }) => thermal_end_c).reverse()),
    polluted: rows.some(({ run_quality_status }) => run_quality_status === "polluted"),
  };
}

function told(values: readonly (number | null)[]): number | undefined {
  return values.find((value) => value !== null) ?? undefined;
}

/** Why runs cannot be compared as repetitions of one, as a clause; undefined where they can. */
export function thermalMismatch(summaries: readonly Summary[], only?: string): string | undefined {
  const [first, ...others] = summaries;
  if (first === undefined) return undefined;
  const shape = (summary: Summary): string =>
    JSON.stringify(
      summary.rows
        .filter((row) => only === undefined || isRowAsked(row, only))
        .map(({ cell_id, trials }) => [cell_id, trials.planned])
        .sort(),
    );
  for (const other of others) {
    if (other.hardware_fingerprint !== first.hardware_fingerprint) return "they are of different hardware";
    if (shape(other) !== shape(first))
      return "they hold other rows or another number of trials, so their times are no repetitions";
  }
  return undefined;
}
