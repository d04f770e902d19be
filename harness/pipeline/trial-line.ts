import { measurementProblem } from "../aggregate/measurement-problem.ts";
import { packBits } from "../aggregate/run-record.ts";
import type { DetectionSet } from "../domain/detection-set.ts";
import { HarnessError } from "../domain/errors.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedTrial } from "../domain/generated/plan-v1.ts";
import type { AnyMeasurement, TrialHostReadings, TrialMeasurement } from "../domain/runtime-port.ts";
import { sha256 } from "../platform/digest.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { type ReplyScoring, replyResults } from "./language/reply-line.ts";
import { scoreItems } from "./score-items.ts";

/** Outputs up to this size are kept whole for parity; beyond it only predictions are. */
const MAX_STORED_OUTPUT_BYTES = 64 * 1024 * 1024;

type Measured = NonNullable<TrialLine["measured"]>;

export interface TrialContext {
  readonly trial: PlannedTrial;
  readonly variantId: string;
  readonly startedAt: string;
  readonly wallS: number;
}

/** A completed trial as a journal line; its arrays are on the disk before this resolves. */
export async function completedLine(
  context: TrialContext,
  measurement: AnyMeasurement,
  options: {
    readonly labels: Int32Array;
    readonly boxes?: DetectionSet | undefined;
    /** What replies are scored by; needed where the items are tasks. */
    readonly scoring?: Pick<ReplyScoring, "tasks" | "prompts" | "tools" | "known"> | undefined;
    readonly plan: Plan;
    /** The stretch of items that was evaluated; absent: all of them, or the subset alone. */
    readonly items?: readonly number[] | undefined;
    readonly folder: RunFolder;
  },
): Promise<TrialLine> {
  refuseNonsense(measurement);
  const { plan } = options;
  const measured: Measured = {
    model_sha256: measurement.modelSha256After ?? null,
    ...(measurement.kind === "replies"
      ? await replies(measurement, context, options)
      : await rowResults(measurement, options)),
    host: hostDoc(measurement.host),
    ...(measurement.kind === "replies" ? {} : controlsOf(measurement)),
  };
  const problem = measurementProblem(measured, plan, context.trial);
  if (problem !== undefined) throw nonsense(`The trial contradicts itself: ${problem}`);
  return { ...baseLine(context), state: "completed", failure: null, measured };
}

type LineOptions = Parameters<typeof completedLine>[2];

async function replies(
  measurement: AnyMeasurement & { kind: "replies" },
  { trial }: TrialContext,
  { scoring, plan, items, folder }: LineOptions,
) {
  if (scoring === undefined) throw new Error("replies are scored by their tasks");
  const everyItem = Array.from({ length: plan.dataset.count }, (_, item) => item);
  const results = await replyResults(measurement, {
    ...scoring,
    folder,
    subset: plan.canary.subset,
    evaluated: trial.evaluates === "all" ? everyItem : items,
  });
  return { ...results, predictions: null, outputs: null };
}

/** Outputs of a model with one row an item → scores, figures and arrays. */
async function rowResults(
  measurement: TrialMeasurement,
  { plan, items, folder, ...options }: LineOptions,
): Promise<Omit<Measured, "model_sha256" | "host">> {
  const { subset } = plan.canary;
  const labels = items === undefined ? options.labels : items.map((index) => options.labels[index] as number);
  const { outputSize: rowSize, subsetOutputs, allOutputs } = measurement;
  const { detection, dataset } = plan;
  const scored = { labels: options.labels, boxes: options.boxes, detection, classes: dataset.class_names.length };
  const subsetScore = scoreItems(scored, { outputs: subsetOutputs, rowSize, items: subset });
  const score = allOutputs === undefined ? subsetScore : scoreItems(scored, { outputs: allOutputs, rowSize, items });
  // Average precision is computed from a detector's rows, so those are always kept.
  const isSmall = allOutputs !== undefined && allOutputs.byteLength <= MAX_STORED_OUTPUT_BYTES;
  const keeps = isSmall || plan.detection !== undefined;
  return {
    load_s: measurement.loadS,
    warmup: measurement.warmup,
    ...(measurement.handicap === undefined ? {} : { handicap: measurement.handicap }),
    latency_ns: Array.from(measurement.latencyS, (seconds) => Math.round(seconds * 1e9)),
    ...(measurement.slices === undefined ? {} : { latency_slices: [...measurement.slices] }),
    throughput: {
      items_per_second: measurement.throughput.itemsPerSecond,
      items: measurement.throughput.items,
      seconds: measurement.throughput.seconds,
      batch_size: measurement.throughput.batchSize ?? plan.experimental_controls.evaluate_batch_size,
    },
    memory: {
      peak_rss_bytes: measurement.memory.peakRssBytes,
      rss_before_load_bytes: measurement.memory.rssBeforeLoadBytes,
    },
    quality: {
      n: allOutputs === undefined ? subset.length : labels.length,
      correct: score.top1,
      top_k: score.topK.k,
      top_k_correct: score.topK.correct,
      invalid_rows: score.invalidRows,
      correct_bits: packBits(score.correct),
    },
    subset: { n: subset.length, correct: subsetScore.top1, outputs_sha256: digestOf(subsetOutputs) },
    outputs_sha256: allOutputs === undefined ? null : digestOf(allOutputs),
    predictions: allOutputs === undefined ? null : await folder.putArray("i32", [labels.length], score.predictions),
    outputs:
      allOutputs !== undefined && keeps ? await folder.putArray("f32", [labels.length, rowSize], allOutputs) : null,
  };
}

function hostDoc(host: TrialHostReadings): Measured["host"] {
  return {
    loop_cpu_s: host.loopCpuS ?? null,
    loop_wall_s: host.loopWallS,
    involuntary_switches: host.involuntarySwitches ?? null,
    steal_s: host.stealS ?? null,
    cpu_pressure_s: host.cpuPressureS ?? null,
    load1: host.load1 ?? null,
    wall_s: host.wallS,
    system_clock_s: host.systemClockS,
    ...loadOf(host),
  };
}

/** What was used beside the trial; absent for runtimes that have no machine. */
function loadOf({ cpuBusyS, ownCpuS, harnessCpuS, cpus }: TrialHostReadings): Partial<Measured["host"]> {
  if (ownCpuS === undefined || harnessCpuS === undefined || cpus === undefined) return {};
  return { cpu_busy_s: cpuBusyS ?? null, own_cpu_s: ownCpuS, harness_cpu_s: harnessCpuS, cpus };
}

function controlsOf({ controls }: TrialMeasurement): Pick<Measured, "controls"> {
  if (controls === undefined) return {};
  const { seed, threads, cpuAffinity } = controls;
  return {
    controls: {
      seed,
      threads: threads ?? null,
      cpu_affinity: cpuAffinity === undefined ? null : [...cpuAffinity],
    },
  };
}

/** A trial that broke: it is finished, it counts, and it is not run again. */
export function failedLine(context: TrialContext, error: unknown): TrialLine {
  const failure =
    error instanceof HarnessError
      ? { code: error.code, message: error.message }
      : { code: "RUNTIME_CRASHED", message: error instanceof Error ? error.message : String(error) };
  return { ...baseLine(context), state: "failed", failure, measured: null };
}

/** What cannot have been measured fails its trial (RUNTIME_PROTOCOL): it must neither be scored nor spoil the journal. */
function refuseNonsense(measurement: AnyMeasurement): void {
  const { modelSha256Before, modelSha256After } = measurement;
  if (modelSha256Before !== modelSha256After) throw nonsense("The weights changed while the trial ran");
  if (measurement.kind === "replies") return;
  const odd = measurement.latencyS.find((seconds) => !(seconds >= 0 && seconds < Infinity));
  if (odd !== undefined) throw nonsense(`The trial reported a latency of ${odd}`);
}

function nonsense(message: string): HarnessError {
  return new HarnessError("RUNTIME_PROTOCOL", message, {
    hint: "This is a defect of the runtime adapter, or of the machine's clock.",
  });
}

function baseLine({ trial, variantId, startedAt, wallS }: TrialContext) {
  return {
    kind: "trial" as const,
    seq: trial.seq,
    trial_id: trial.trial_id,
    trial_kind: trial.kind,
    block: trial.block,
    cell_id: trial.cell_id,
    variant_id: variantId,
    evaluates: trial.evaluates,
    ...(trial.items === undefined ? {} : { items: trial.items }),
    started_at: startedAt,
    wall_s: wallS,
  };
}

function digestOf(data: Float32Array): string {
  return sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
