import type { BlockValues, Comparison, EarlyStop } from "../domain/comparison.ts";
import type { RunQualityControls } from "../domain/generated/plan-v1.ts";
import { blockPollution } from "./block-quality.ts";
import { type ByBlock, type CellSamples, latencyLogRatios, logRatios, present } from "./cell-samples.ts";
import { clockSteps } from "./clock-steps.ts";
import { type EvaluatedItems, evaluatedItems, itemSequence } from "./item-sequence.ts";
import { pairAdherence, pairBinary, pairScores } from "./quality-samples.ts";

/** What the whole session says about all its comparisons. */
export interface SessionFacts {
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly isNoisy: boolean;
  /** Limits that blocks are judged by; absent: they are not judged. */
  readonly quality?: RunQualityControls | undefined;
  /** Where the run may stop early: what its verdicts speak of, and the random order of its items. */
  readonly early?: { readonly claim: EarlyStop["claim"]; readonly order: Int32Array } | undefined;
}

/** One comparison a cell, in the order of `samples`. A baseline is compared with itself. */
export function compareCells(samples: readonly CellSamples[], facts: SessionFacts): Comparison[] {
  const byCell = new Map(samples.map((sample) => [sample.cell.cell_id, sample]));
  const everyItem = Array.from(facts.labels.keys());
  const byClass = itemsByClass(facts);
  const steps = clockSteps(samples.flatMap((sample) => sample.finished));
  const isStepped = ({ finished }: CellSamples) => finished.some((trial) => steps.has(trial.trial_id));
  const evaluated = new Map(samples.map(({ cell, finished }) => [cell.cell_id, evaluatedItems(finished)]));
  return samples.map((candidate) => {
    const baseline = byCell.get(candidate.cell.baseline_cell_id) as CellSamples;
    const pair = (items: readonly number[]) =>
      baseline.quality === undefined || candidate.quality === undefined
        ? undefined
        : pairScores(baseline.quality, candidate.quality, items);
    const own = evaluated.get(candidate.cell.cell_id) as EvaluatedItems;
    const reference = evaluated.get(baseline.cell.cell_id) as EvaluatedItems;
    const early = facts.early === undefined ? undefined : earlyStop(reference, own, facts, facts.early);
    return {
      cellId: candidate.cell.cell_id,
      role: candidate.variant.role,
      variantAbsence: absenceOf(candidate),
      variantFailure: candidate.made?.state === "failed" ? (candidate.made.failure ?? "unknown") : undefined,
      trials: candidate.trials,
      baselineTrials: { failed: baseline.trials.failed, missing: baseline.trials.missing },
      ...(early === undefined
        ? {
            overall: pair(everyItem),
            classes: byClass.flatMap(({ name, items }) => {
              const scores = pair(items);
              return scores === undefined ? [] : [{ name, ...scores }];
            }),
          }
        : { early, ...earlyScores(early) }),
      invalidRows: candidate.quality?.invalidRows ?? own.invalidRows,
      baselineInvalidRows: baseline.quality?.invalidRows ?? reference.invalidRows,
      latencyLogRatios: latencyLogRatios(candidate, baseline),
      memoryLogRatios: logRatios(candidate.peakRssBytes, baseline.peakRssBytes),
      throughputLogRatios: logRatios(candidate.itemsPerSecond, baseline.itemsPerSecond),
      ...(baseline.quality === undefined || candidate.quality === undefined
        ? {}
        : { adherence: pairAdherence(baseline.quality, candidate.quality) }),
      ttftLogRatios: logRatios(candidate.ttftS, baseline.ttftS),
      decodeLogRatios: logRatios(candidate.decodeTps, baseline.decodeTps),
      prefillLogRatios: logRatios(candidate.prefillTps, baseline.prefillTps),
      isLatencyConstant: isClockStuck(candidate) || isClockStuck(baseline),
      isClockStepped: isStepped(candidate) || isStepped(baseline),
      blocks: {
        "latency.call": blockValues(candidate.latencyMedianS, baseline.latencyMedianS),
        "latency.ttft": blockValues(candidate.ttftS, baseline.ttftS),
        "throughput.decode": blockValues(candidate.decodeTps, baseline.decodeTps),
        "throughput.prefill": blockValues(candidate.prefillTps, baseline.prefillTps),
        "memory.peak_rss": blockValues(candidate.peakRssBytes, baseline.peakRssBytes),
        "throughput.items": blockValues(candidate.itemsPerSecond, baseline.itemsPerSecond),
      },
      latencyS: candidate.latencyS,
      bytesOnDisk: candidate.made?.bytes_on_disk ?? undefined,
      baselineBytesOnDisk: baseline.made?.bytes_on_disk ?? undefined,
      determinism: candidate.determinism,
      isNoisy: facts.isNoisy,
      ...(facts.quality === undefined ? {} : { pollution: blockPollution(candidate, baseline, facts.quality) }),
      secondsPerItem: both(secondsPerItem(candidate), secondsPerItem(baseline)),
      secondsPerBlock: both(secondsPerTrial(candidate), secondsPerTrial(baseline)),
    };
  });
}

/** What was never made because a tool is missing says nothing about the variant: it neither passes nor fails. */
function absenceOf({ made }: CellSamples): string | undefined {
  const isAbsent = made?.state === "unavailable" || made?.state === "unsupported";
  return isAbsent ? `${made.state}: ${made.failure ?? "unknown"}` : undefined;
}

function earlyStop(
  baseline: EvaluatedItems,
  candidate: EvaluatedItems,
  { labels, classNames }: SessionFacts,
  { claim, order }: NonNullable<SessionFacts["early"]>,
): EarlyStop {
  const classSizes = classNames.map((_, label) => labels.reduce((n, x) => n + (x === label ? 1 : 0), 0));
  const sequence = itemSequence(baseline, candidate, { labels, order });
  return { claim, sequence, population: labels.length, classSizes, classNames };
}

/** Paired scores of what was evaluated before the run stopped. */
function earlyScores({ sequence, classNames }: EarlyStop): Pick<Comparison, "overall" | "classes"> {
  const { baseline, candidate, labels } = sequence;
  if (labels.length === 0) return { overall: undefined, classes: [] };
  const classes = classNames.flatMap((name, label) => {
    const own = (_: number, i: number) => labels[i] === label;
    const scores = pairBinary(baseline.filter(own), candidate.filter(own));
    return scores.n === 0 ? [] : [{ name, ...scores }];
  });
  return { overall: pairBinary(baseline, candidate), classes };
}

/** Items of each class that has any, in the order of the classes. */
function itemsByClass({ labels, classNames }: SessionFacts): { name: string; items: number[] }[] {
  const classes = classNames.map((name) => ({ name, items: [] as number[] }));
  for (const [item, label] of labels.entries()) {
    const owner = classes[label];
    if (owner === undefined) throw new RangeError(`item ${item} has the label ${label} of ${classes.length} classes`);
    owner.items.push(item);
  }
  return classes.filter(({ items }) => items.length > 0);
}

function blockValues(candidate: ByBlock, baseline: ByBlock): BlockValues {
  const differences = candidate.flatMap((value, block) => {
    const reference = baseline[block];
    return value === undefined || reference === undefined ? [] : [value - reference];
  });
  return { own: present(candidate), differences: Float64Array.from(differences) };
}

/** Samples of one trial that a clock which moves cannot time alike. */
const LONG_TRIAL = 20;

function isClockStuck({ latencyS, finished }: CellSamples): boolean {
  const isConstant = (values: ArrayLike<number>) => Array.from(values).every((value) => value === values[0]);
  if (latencyS.length > 1 && isConstant(latencyS)) return true;
  return finished.some(({ measured }) => {
    const samples = measured?.latency_ns ?? [];
    return samples.length >= LONG_TRIAL && isConstant(samples);
  });
}

function secondsPerTrial({ finished }: CellSamples): number | undefined {
  if (finished.length === 0) return undefined;
  return finished.reduce((sum, trial) => sum + trial.wall_s, 0) / finished.length;
}

function secondsPerItem({ finished }: CellSamples): number | undefined {
  const rates = finished.flatMap(({ measured }) => measured?.throughput.items_per_second ?? []);
  const full = finished.filter((trial) => trial.evaluates === "all").length;
  // Evaluated in stretches, each item is evaluated once.
  const runs = full === 0 && finished.some((trial) => trial.evaluates === "items") ? 1 : full;
  const best = Math.max(...rates);
  return rates.length === 0 || best <= 0 ? undefined : runs / best;
}

function both(x: number | undefined, y: number | undefined): number | undefined {
  return x === undefined || y === undefined ? undefined : x + y;
}
