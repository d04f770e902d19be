import type { LanguageTrial } from "./language-trial.ts";
import type { OptimizationLevel } from "./session-port.ts";

/** Session settings that are fixed for a whole run and recorded with every trial. */
export interface SessionSettings {
  /** Intra-op threads, ≥ 1. */
  readonly threads: number;
  readonly optimizationLevel: OptimizationLevel;
  /** Arena allocator of the CPU provider. */
  readonly cpuMemArena: boolean;
  readonly memPattern: boolean;
  /** Further ONNX Runtime session entries, string to string. */
  readonly sessionConfig: Readonly<Record<string, string>>;
  /** Processors that the trial's process may use; absent or empty: any. */
  readonly cpuAffinity?: readonly number[];
}

/** The latency loop: single calls at one batch size, timed one by one, kept in time order. */
export interface LatencySettings {
  readonly batchSize: number;
  /** Calls run and discarded before the first sample. */
  readonly warmupIterations: number;
  /** Warm-up lasts at least this long. */
  readonly warmupMs: number;
  readonly minSamples: number;
  readonly maxSamples: number;
  /** Sampling stops after this long, once minSamples are in. */
  readonly timeBudgetMs: number;
  /**
   * Length of one slice, where the processes of a block are timed in turns; the time budget then is the sum of the slices. Absent: all
   * samples at one go.
   */
  readonly sliceMs?: number;
  /**
   * Certification only: every call is followed, inside its timed region, by a busy wait of this share of its own duration, so that the
   * true slowdown is known. Absent in every real trial.
   */
  readonly handicap?: number;
}

/** Makes of one item's output (with its shape) what is kept of it, always of one length: the boxes of a detector, say. */
export type RowMapper = (output: Float32Array, dims: readonly number[]) => Float32Array;

/** A module that exports `rowMapper(settings): RowMapper`, so that the process of a trial can run it without knowing what it does. */
export interface RowMapping {
  /** URL of the module. */
  readonly module: string;
  /** Plain data. */
  readonly settings: unknown;
}

/** Everything one trial of one cell needs; plain data, so that it can cross a process border. */
export interface TrialRequest {
  /** Unique in the run, e.g. "b03.u8s8". */
  readonly trialId: string;
  readonly cellId: string;
  readonly variantId: string;
  /** Block number; -1 before the first block (canary). */
  readonly block: number;
  /** Seed of this trial, derived from the plan's seed and the trial id. */
  readonly seed: number;
  /** Absent: ONNX Runtime, or whatever runs the plan. */
  readonly framework?: "pytorch";
  /** File and digest of the variant's real weights; the simulated runtime has none. */
  readonly model?: { readonly path: string; readonly sha256: string };
  /** Prepared dataset file (see datasets/) and its digest. */
  readonly itemsPath?: string;
  readonly session: SessionSettings;
  readonly latency: LatencySettings;
  /** Items whose outputs are always computed, in this order: canary and determinism subset. */
  readonly subset: readonly number[];
  /** True: every item is evaluated in this trial, in dataset order; false: the subset alone. */
  readonly evaluateAll: boolean;
  /** Evaluated instead of all, in this order; a run that may stop early asks for one stretch of a random order after another. */
  readonly items?: readonly number[];
  readonly evaluateBatchSize: number;
  /** What is kept of each output; absent: the output itself. */
  readonly rows?: RowMapping;
  /** The whole trial, start-up included, is killed after this long. */
  readonly timeoutMs: number;
}

/** What one completed trial measured, with rows of outputs. Times in seconds, sizes in bytes. */
export interface TrialMeasurement {
  readonly kind?: undefined;
  readonly modelSha256Before: string | undefined;
  readonly modelSha256After: string | undefined;
  /** Session creation. */
  readonly loadS: number;
  readonly warmup: { readonly iterations: number; readonly seconds: number };
  /** The handicap that was applied; absent where none was asked for. */
  readonly handicap?: number;
  /** One call each, seconds, in time order. */
  readonly latencyS: Float64Array;
  /** Samples of each slice, adding up to all; absent where they were taken at one go. */
  readonly slices?: readonly number[];
  /** Evaluation loop: items over wall time of the loop, at evaluateBatchSize. */
  readonly throughput: {
    readonly itemsPerSecond: number;
    readonly items: number;
    readonly seconds: number;
    /** Batch size that really ran: smaller than asked where the model's batch axis is fixed. Absent: as asked. */
    readonly batchSize?: number;
  };
  /** VmHWM of the child, and its RSS before the model was loaded. */
  readonly memory: { readonly peakRssBytes: number; readonly rssBeforeLoadBytes: number };
  /** Row-major outputs of the model's first output, of the subset in its order. */
  readonly subsetOutputs: Float32Array;
  /** The same for all items in dataset order, or for the items asked for in theirs; undefined when only the subset was evaluated. */
  readonly allOutputs: Float32Array | undefined;
  /** Elements of one output row. */
  readonly outputSize: number;
  /** Experimental controls as the process that ran the trial saw them; absent where there was no process. */
  readonly controls?: TrialControls;
  /** The machine during the trial, as far as it can be read. */
  readonly host: TrialHostReadings;
}

/** Seen by the trial's own process, not what it was told; undefined where the platform does not show it. */
export interface TrialControls {
  readonly seed: number;
  /** Threads that ended with the session, and the caller. */
  readonly threads: number | undefined;
  readonly cpuAffinity: readonly number[] | undefined;
}

/** What one completed trial of a language model measured; what its replies are worth is found out afterwards. */
export interface ReplyMeasurement {
  readonly kind: "replies";
  readonly modelSha256Before: string | undefined;
  readonly modelSha256After: string | undefined;
  readonly trial: LanguageTrial;
  readonly host: TrialHostReadings;
}

/** What a trial says about items: rows of outputs, or replies. */
export type AnyMeasurement = TrialMeasurement | ReplyMeasurement;

/** undefined where the platform does not give a reading. */
export interface TrialHostReadings {
  /** CPU seconds (user + system) of the child during the latency loop, and the loop's wall seconds. */
  readonly loopCpuS: number | undefined;
  readonly loopWallS: number;
  readonly involuntarySwitches: number | undefined;
  /** Seconds of the loop that the runtime's own garbage collector took. */
  readonly loopGcS?: number;
  /** Hypervisor steal over the trial, seconds summed over cores. */
  readonly stealS: number | undefined;
  /** Pressure-stall "some cpu" over the trial, seconds. */
  readonly cpuPressureS: number | undefined;
  readonly load1: number | undefined;
  /** Time that all processors together worked, and how many there are; processor time of the trial's process and of the harness. */
  readonly cpuBusyS?: number | undefined;
  readonly cpus?: number;
  readonly ownCpuS?: number;
  readonly harnessCpuS?: number;
  /** Wall seconds of the whole trial, and wall-clock seconds by the system clock (a clock step shows as a difference). */
  readonly wallS: number;
  readonly systemClockS: number;
}

/** A place among processes that do their work in turns, so that one of them is at work at any time. */
export interface Turn {
  /** Waits for its turn, works, and passes the turn on; whatever `work` gives or throws is passed through. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export interface TrialOptions {
  readonly signal: AbortSignal;
  /** Given where this trial and others of its block are to be timed in turns: everything that is work happens in a turn. */
  readonly turn?: Turn | undefined;
}

/** One way to run trials. Implementations live in runtimes/, one adapter a file. */
export interface Runtime<Measurement extends AnyMeasurement = TrialMeasurement> {
  readonly kind: "onnxruntime" | "simulated" | "language";
  /** Tool versions that belong into provenance. */
  versions(): Promise<Readonly<Record<string, string>>>;
  /** Runs one trial. Rejects with a HarnessError (RUNTIME_*) when it broke; the owner has killed what it started. */
  runTrial(request: TrialRequest, options: TrialOptions): Promise<Measurement>;
  close(): Promise<void>;
}
