import type { MeasuredDoc, SidecarLine } from "../domain/generated/journal-v1.ts";
import type { RowSidecarDoc } from "../domain/generated/summary-v1.ts";
import { type ByBlock, type CellSamples, median, present } from "./cell-samples.ts";
import { compareSidecar } from "./compare-sidecar.ts";

/** A cell's sidecar beside what the harness measured; null where none ran. */
export function rowSidecar(line: SidecarLine | undefined, sample: CellSamples): RowSidecarDoc | null {
  if (line === undefined) return null;
  const { file, source, problem, parse } = line;
  const totals = sample.finished.flatMap(({ measured, wall_s }) =>
    measured === null ? [] : [{ wall_s, parts: partsOf(measured) }],
  );
  const sum = (values: readonly number[]) => (values.length === 0 ? undefined : values.reduce((x, y) => x + y, 0));
  const middle = (blocks: ByBlock) => median(Array.from(present(blocks)));
  const comparisons = compareSidecar(parse, {
    loadS: middle(sample.loadS),
    ttftS: middle(sample.ttftS),
    prefillTokensPerS: middle(sample.prefillTps),
    generationTokensPerS: middle(sample.decodeTps),
    totalS: sum(totals.map(({ parts }) => parts)),
    wallS: sum(totals.map(({ wall_s }) => wall_s)),
  });
  return { file, source, problem, parse, comparisons };
}

/** What a trial did one after the other, s: loading, warming up, then its timed calls and its evaluation, or its requests. */
function partsOf({ load_s, warmup, host, throughput, language }: MeasuredDoc): number {
  const before = (load_s ?? 0) + warmup.seconds;
  return language === undefined ? before + host.loop_wall_s + throughput.seconds : before + throughput.seconds;
}
