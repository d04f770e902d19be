import type { DetectionSet } from "../domain/detection-set.ts";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedCell, PlannedTrial } from "../domain/generated/plan-v1.ts";
import type { AnyMeasurement, Runtime, TrialRequest } from "../domain/runtime-port.ts";
import { type Clock, isoTime, secondsSince, systemClock } from "../platform/clock.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { canaryReport, sentinelReport } from "./canary-checks.ts";
import { rowMapping } from "./detect-items.ts";
import type { PreparedVariant } from "./prepare-variants.ts";
import { type OnProgress, TimeLeft } from "./progress.ts";
import { stopRule } from "./stop-rule.ts";
import { completedLine, failedLine } from "./trial-line.ts";
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
 * the disk before the next begins. An abort leaves the trial in progress unrecorded, so that a resume runs it.
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
    if (!done.has(planned.trial_id)) await coolBefore(loop, planned, plan.trials[index - 1]);
    const line = done.get(planned.trial_id) ?? (await runOne(loop, asked, cell));
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

async function runOne(loop: TrialLoop, planned: PlannedTrial, cell: PlannedCell): Promise<TrialLine> {
  const { plan, runtime, variants, clock, signal, writer, folder, labels } = loop;
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
    const measurement = await runtime.runTrial(requestFor(loop, planned, cell, variant), { signal });
    window.to = systemClock.monotonicNs();
    const wallS = plan.simulated ? measurement.host.wallS : secondsSince(clock, start);
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
  const watched = loop.watch === undefined ? line : { ...line, telemetry: await loop.watch.window(...stretch()) };
  await writer.write(watched);
  return watched;
}

/** Simulated trials happen at invented times, so that equal plans give equal journals. */
function virtualTime(seq: number): string {
  return new Date(seq * 1000).toISOString();
}

/** Dataset indices of a trial's stretch of the random order. */
function itemsOf({ order = new Int32Array(0) }: TrialLoop, { items }: PlannedTrial): number[] | undefined {
  return items === undefined ? undefined : Array.from(order.subarray(items.from, items.from + items.count));
}

function requestFor(
  loop: TrialLoop,
  planned: PlannedTrial,
  cell: PlannedCell,
  variant: PreparedVariant & { state: "ready" },
): TrialRequest {
  const { plan, itemsPath } = loop;
  const controls = plan.experimental_controls;
  const session = controls.session;
  const items = itemsOf(loop, planned);
  return {
    trialId: planned.trial_id,
    cellId: cell.cell_id,
    variantId: cell.variant_id,
    block: planned.block,
    seed: planned.seed,
    ...(variant.model === undefined ? {} : { model: variant.model }),
    ...(itemsPath === undefined ? {} : { itemsPath }),
    ...frameworkOf(plan, cell),
    session: {
      threads: cell.threads,
      optimizationLevel: session.optimization_level,
      cpuMemArena: session.cpu_mem_arena,
      memPattern: session.mem_pattern,
      cpuAffinity: controls.cpu_affinity ?? [],
      sessionConfig: { ...session.session_config, ...variant.sessionConfig },
    },
    latency: {
      batchSize: cell.batch_size,
      warmupIterations: controls.warmup_iterations,
      warmupMs: controls.warmup_ms,
      minSamples: controls.min_samples,
      maxSamples: controls.max_samples,
      timeBudgetMs: controls.time_budget_ms,
      ...handicapOf(plan, cell),
    },
    subset: plan.canary.subset,
    evaluateAll: planned.evaluates === "all",
    ...(items === undefined ? {} : { items }),
    evaluateBatchSize: controls.evaluate_batch_size,
    ...(plan.detection === undefined ? {} : { rows: rowMapping(plan.detection, plan.dataset.class_names.length) }),
    timeoutMs: session.timeout_sec * 1000,
  };
}

function frameworkOf({ variants }: Plan, { variant_id }: PlannedCell): { framework?: "pytorch" } {
  const variant = variants.find((one) => one.variant_id === variant_id);
  return variant?.kind === "pytorch" ? { framework: "pytorch" } : {};
}

/** Certification runs slow some twins on purpose. */
function handicapOf({ variants }: Plan, { variant_id }: PlannedCell): { handicap?: number } {
  const handicap = variants.find((variant) => variant.variant_id === variant_id)?.handicap;
  return handicap === undefined ? {} : { handicap };
}

function reasonOf(canary: CanaryReport): string {
  return canary.checks
    .filter((check) => check.verdict !== "ok")
    .map((check) => `${check.task}: ${check.check}: ${check.detail}`)
    .join("; ");
}
