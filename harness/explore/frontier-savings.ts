import type { QuantRow } from "../domain/generated/frontier-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";

const GIB = 2 ** 30;

export type Savings = Pick<QuantRow, "quality_lost" | "gib_saved" | "vibe_delta" | "vibe_delta_interval">;

/** What a row loses and saves against its session's baseline. There is a price per GiB only where something was saved. */
export function savings(row: SummaryRow, baseline: SummaryRow | undefined): Savings {
  const nothing = { quality_lost: null, gib_saved: null, vibe_delta: null, vibe_delta_interval: null };
  if (baseline === undefined) return nothing;
  const lost = qualityLost(row, baseline);
  const saved =
    row.bytes_on_disk === null || baseline.bytes_on_disk === null
      ? null
      : (baseline.bytes_on_disk - row.bytes_on_disk) / GIB;
  if (lost === null || saved === null || saved <= 0) return { ...nothing, quality_lost: lost, gib_saved: saved };
  const per = (quality: number | null) => (quality === null ? null : quality / saved);
  const { drop } = row;
  return {
    quality_lost: lost,
    gib_saved: saved,
    vibe_delta: lost / saved,
    // The drop was measured beside the declared baseline; beside another row nothing paired is known.
    vibe_delta_interval:
      baseline.role === "baseline" && drop !== null
        ? { low: per(drop.low), high: per(drop.high), level: drop.level }
        : null,
  };
}

/** From the paired drops where both rows have one, since they may have seen different numbers of items; else from the accuracies. */
function qualityLost(row: SummaryRow, baseline: SummaryRow): number | null {
  if (row === baseline) return 0;
  const [own, base] = [dropOf(row), dropOf(baseline)];
  if (own !== null && base !== null) return own - base;
  const [x, y] = [row.accuracy?.value ?? null, baseline.accuracy?.value ?? null];
  return x === null || y === null ? null : y - x;
}

function dropOf(row: SummaryRow): number | null {
  return row.role === "baseline" ? 0 : (row.drop?.value ?? null);
}
