import type { DetectionSet } from "../domain/detection-set.ts";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedCell, PlannedTrial } from "../domain/generated/plan-v1.ts";
import type { AnyMeasurement, Runtime, Turn } from "../domain/runtime-port.ts";
import { type Clock, isoTime, secondsSince, systemClock } from "../platform/clock.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { canaryReport, sentinelReport } from "./canary-checks.ts";
import type { PreparedVariant } from "./prepare-variants.ts";
import { type OnProgress, TimeLeft } from "./progress.ts";
import { stopRule } from "./stop-rule.ts";
import { completedLine, failedLine } from "./trial-line.ts";
import { itemsOf, trialRequest } from "./trial-request.ts";
import { Turns } from "./turns.ts";
import type { TrialWatch } from "./watch-trials.ts";

export interface TrialLoop {
  readonly plan: Plan;
  readonly runtime: Runtime<AnyMeasurement>;
  /** What replies are scored by, where the items are tasks. */
  readonly scoring?: Parameters<typeof completedLine>[2]["scoring"];
  readonly variants: ReadonlyMap<string, PreparedVariant>;
  readonly itemsPath: string | undefined;
  readonly labels: Int32Array;
  /** Boxes to be found, where items have no labels. */
  readonly boxes?: DetectionSet | undefined;
  /** The random item order, where the run may stop early. */
  readonly order?: Int32Array;
  readonly folder: RunFolder;
  readonly writer: JournalWriter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Probes beside the trials; absent: the machine is not read. */
  readonly watch?: TrialWatch | undefined;
}

/** How the trials ended; an abort by the canary carries the report that says why. */
export type TrialsOutcome =
  | { readonly state: "complete"; readonly trials: TrialLine[]; readonly canary: CanaryReport }
  | {
      readonly state: "canary-abort";
      readonly trials: TrialLine[];
      readonly canary: CanaryReport;
      readonly reason: string;
    };

/**
 * Runs what the journal does not hold yet and the stopping rule still asks for, in planned order: canaries, then blocks. Each finished trial, failed ones too, is on
 * the disk before the next begins (before the next block, where a block's trials are timed in turns). An abort leaves what is in
 * progress unrecorded, so that a resume runs it.
 */
export async function runTrials(loop: TrialLoop, earlier: readonly TrialLine[]): Promise<TrialsOutcome> {
  const { plan, onProgress } = loop;
  const done = new Map(earlier.map((line) => [line.trial_id, line]));
  const timeLeft = new TimeLeft();
  const key = (trial: PlannedTrial) => `${trial.cell_id} ${trial.evaluates}`;
  const cells = new Map(plan.cells.map((cell) => [cell.cell_id, cell]));
  const failed = [...loop.variants].filter(([, { state }]) => state !== "ready").map(([id]) => id);
  const rule = stopRule({ plan, labels: loop.labels, order: loop.order ?? new Int32Array(0), failed: new Set(failed) });
  const trials: TrialLine[] = [];
  let canary: CanaryReport | undefined;
  for (const [index, planned] of plan.trials.entries()) {
    const cell = cells.get(planned.cell_id) as PlannedCell;
    const asked = rule(planned, trials);
    const isLast = index + 1 === plan.trials.length;
    if (asked === undefined) {
      const at = { done: index + 1, total: plan.trials.length, label: planned.trial_id };
      if (isLast) onProgress({ kind: "trial", ...at, secondsLeft: 0 });
      continue;
    }
    if (!done.has(planned.trial_id)) {
      await coolBefore(loop, planned, plan.trials[index - 1]);
      const group = inTurns(plan, planned).filter(({ trial_id }) => !done.has(trial_id));
      const together = group.flatMap((trial) => rule(trial, trials) ?? []);
      for (const line of await runTogether(loop, together, cells)) done.set(line.trial_id, line);
    }
    const line = done.get(planned.trial_id) as TrialLine;
    trials.push(line);
    timeLeft.add(key(planned), line.wall_s);
    const secondsLeft = timeLeft.estimate(plan.trials.slice(index + 1).map(key));
    onProgress({ kind: "trial", done: index + 1, total: plan.trials.length, label: planned.trial_id, secondsLeft });
    const isLastCanary = planned.kind === "canary" && plan.trials[index + 1]?.kind !== "canary";
    const isSentinel = planned.kind === "trial" && cell.cell_id === cell.baseline_cell_id;
    if (isLastCanary) {
      canary = canaryReport(plan, loop.folder.runId, trials);
      onProgress({ kind: "canary", report: canary, secondsLeft });
      // Before the sweep a noisy machine is reason enough to stop: nothing has been spent yet.
      if (canary.verdict !== "ok") return { state: "canary-abort", trials, canary, reason: reasonOf(canary) };
    } else if (isSentinel) {
      const sentinel = sentinelReport(plan, loop.folder.runId, line, trials);
      // In the middle of a sweep noise is recorded and judged at the end; broken outputs or accuracy stop it.
      if (sentinel.verdict === "failed" && line.state === "completed") {
        return { state: "canary-abort", trials, canary: sentinel, reason: reasonOf(sentinel) };
      }
      if (sentinel.verdict === "noisy")
        onProgress({ kind: "warning", message: `block ${line.block}: ${reasonOf(sentinel)}` });
    }
  }
  if (canary === undefined) throw new Error("a plan has canary trials");
  return { state: "complete", trials, canary };
}

/** Between blocks, where the plan asks for it; every variant of a block then meets the same heat. */
async function coolBefore(
  { watch, signal, onProgress }: TrialLoop,
  planned: PlannedTrial,
  last: PlannedTrial | undefined,
): Promise<void> {
  if (watch === undefined || last === undefined || last.block === planned.block) return;
  const cooled = await watch.coolDown(signal);
  if (cooled === undefined || cooled.state === "cooled" || cooled.state === "settled") return;
  const why =
    cooled.state === "unknown"
      ? "no probe reads a temperature"
      : `it is at ${cooled.toC} °C after ${cooled.waitedS.toFixed(0)} s`;
  onProgress({ kind: "warning", message: `block ${planned.block}: the machine could not be cooled down: ${why}` });
}

/** The trials that are timed in turns with this one: its block's, where the plan has slices; else it alone. */
function inTurns({ trials, experimental_controls }: Plan, planned: PlannedTrial): readonly PlannedTrial[] {
  if (experimental_controls.slice_ms === undefined || planned.kind === "canary") return [planned];
  return trials.filter(({ kind, block }) => kind === planned.kind && block === planned.block);
}

/** Runs trials, several in turns, and writes their lines in planned order. */
async function runTogether(
  loop: TrialLoop,
  together: readonly PlannedTrial[],
  cells: ReadonlyMap<string, PlannedCell>,
): Promise<TrialLine[]> {
  const turns = together.length > 1 ? new Turns() : undefined;
  const places = together.map((planned) => ({ planned, turn: turns?.join() }));
  const settled = await Promise.allSettled(
    places.map(({ planned, turn }) =>
      runOne(loop, planned, cells.get(planned.cell_id) as PlannedCell, turn).finally(() => turn?.leave()),
    ),
  );
  const lines = settled.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  for (const line of lines) await loop.writer.write(line);
  return lines;
}

async function runOne(
  loop: TrialLoop,
  planned: PlannedTrial,
  cell: PlannedCell,
  turn: Turn | undefined,
): Promise<TrialLine> {
  const { plan, runtime, variants, clock, signal, folder, labels } = loop;
  signal.throwIfAborted();
  const variant = variants.get(cell.variant_id) as PreparedVariant;
  const startedAt = plan.simulated ? virtualTime(planned.seq) : isoTime(clock);
  const start = clock.monotonicNs();
  // Probes go by the machine's own clock, whatever clock the run is told.
  const window = { from: systemClock.monotonicNs(), to: undefined as bigint | undefined };
  const stretch = (): [bigint, bigint] => [window.from, window.to ?? systemClock.monotonicNs()];
  const contextAt = (wallS: number) => ({ trial: planned, variantId: cell.variant_id, startedAt, wallS });
  let line: TrialLine;
  try {
    if (variant.state === "failed")
      throw new HarnessError("QUANTIZE_FAILED", variant.failure, { hint: "See the manifest." });
    if (variant.state !== "ready")
      throw new HarnessError("RUNTIME_UNAVAILABLE", variant.failure, { hint: "See the steps in summary.md." });
    const measurement = await runtime.runTrial(trialRequest(loop, planned, cell, variant), { signal, turn });
    window.to = systemClock.monotonicNs();
    // What a trial waits while others have their turn is not its own.
    const isOwn = plan.simulated || turn !== undefined;
    const wallS = isOwn ? measurement.host.wallS : secondsSince(clock, start);
    line = await completedLine(contextAt(wallS), measurement, {
      labels,
      boxes: loop.boxes,
      scoring: loop.scoring,
      plan,
      items: itemsOf(loop, planned),
      folder,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HarnessError && error.code.startsWith("STORE_")) throw error;
    line = failedLine(contextAt(plan.simulated ? 0 : secondsSince(clock, start)), error);
  }
  return loop.watch === undefined ? line : { ...line, telemetry: await loop.watch.window(...stretch()) };
}

/** Simulated trials happen at invented times, so that equal plans give equal journals. */
function virtualTime(seq: number): string {
  return new Date(seq * 1000).toISOString();
}

function reasonOf(canary: CanaryReport): string {
  return canary.checks
    .filter((check) => check.verdict !== "ok")
    .map((check) => `${check.task}: ${check.check}: ${check.detail}`)
    .join("; ");
}
