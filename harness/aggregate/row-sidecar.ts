import type { SidecarLine } from "../domain/generated/journal-v1.ts";
import type { RowSidecarDoc } from "../domain/generated/summary-v1.ts";
import type { CellSamples } from "./cell-samples.ts";
import { median, present } from "./cell-samples.ts";
import { compareSidecar } from "./compare-sidecar.ts";

/** A cell's sidecar beside what the harness measured; null where none ran. */
export function rowSidecar(line: SidecarLine | undefined, sample: CellSamples): RowSidecarDoc | null {
  if (line === undefined) return null;
  const { file, source, problem, parse } = line;
  const totals = sample.finished.flatMap(({ measured, wall_s }) =>
    measured === null
      ? []
      : [
          {
            wall_s,
            parts:
              (measured.load_s ?? 0) +
              measured.warmup.seconds +
              measured.host.loop_wall_s +
              measured.throughput.seconds,
          },
        ],
  );
  const sum = (values: readonly number[]) => (values.length === 0 ? undefined : values.reduce((x, y) => x + y, 0));
  const comparisons = compareSidecar(parse, {
    loadS: median(Array.from(present(sample.loadS))),
    totalS: sum(totals.map(({ parts }) => parts)),
    wallS: sum(totals.map(({ wall_s }) => wall_s)),
  });
  return { file, source, problem, parse, comparisons };
}
