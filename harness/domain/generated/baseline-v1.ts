// Generated from schemas/baseline.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One recorded test run: a row a cell, each with its distributions, so that a later run can be compared pair by pair.
 */
export interface Baseline {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.baseline.v1";
  /**
   * Creation time of the run's journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Test: what is measured again and again; the matrix's name unless told.
   */
  test_id: string;
  /**
   * Revision of the task: dataset and measuring rules, or a label given by the caller.
   */
  task_revision: string;
  /**
   * Run that was recorded; the record's name.
   */
  baseline_ref: string;
  /**
   * Digest of what must be equal for times to be comparable.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * Memory profile.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Suite verdict of the run when it was recorded.
   */
  verdict: "pass" | "fail" | "inconclusive";
  /**
   * True when it was recorded in spite of its verdict; its rows count whatever theirs say.
   */
  forced: boolean;
  /**
   * The journal it was made from.
   */
  journal_sha256: string;
  host: BaselineHost;
  dataset: BaselineDataset;
  provenance: ProvenanceDoc;
  /**
   * One a cell.
   */
  rows: BaselineRow[];
}
/**
 * Machine of the run.
 */
export interface BaselineHost {
  /**
   * Digest of what may differ on comparable machines.
   */
  soft: string;
  /**
   * What the two digests were made of.
   */
  facts: {
    [k: string]: unknown;
  };
}
/**
 * Evaluation items; equal digests mean the same items in the same order.
 */
export interface BaselineDataset {
  /**
   * Name.
   */
  id: string;
  /**
   * Items and labels.
   */
  digest: string;
  /**
   * Items.
   */
  count: number;
}
/**
 * Where it came from.
 */
export interface ProvenanceDoc {
  /**
   * Commit.
   */
  commit_sha: string | null;
  /**
   * Resolved config.
   */
  config_digest: string;
  /**
   * Plan.
   */
  plan_digest: string;
  /**
   * Versions.
   */
  tool_versions: {
    [k: string]: string;
  };
  /**
   * Reference given by the caller.
   */
  ref: string | null;
}
/**
 * One cell: what it measured, as distributions.
 */
export interface BaselineRow {
  /**
   * Cell.
   */
  cell_id: string;
  /**
   * Variant.
   */
  variant_id: string;
  /**
   * Model.
   */
  model_id: string;
  /**
   * Quant tag.
   */
  quant_tag: string;
  /**
   * Bits per weight.
   */
  quant_rank: number;
  /**
   * Role in the plan.
   */
  role: "baseline" | "required" | "candidate";
  /**
   * Verdict of the run.
   */
  verdict: "pass" | "fail" | "inconclusive" | "reference";
  /**
   * Whether the machine was fit for times while it ran.
   */
  run_quality: "ok" | "noisy" | "polluted" | "missing";
  lineage: BaselineLineage;
  runtime: BaselineRuntime;
  /**
   * Threads.
   */
  threads: number;
  /**
   * Batch size of the latency loop.
   */
  batch_size: number;
  trials: BaselineTrials;
  /**
   * Null when nothing was evaluated.
   */
  quality: null | BaselineQuality;
  latency: BaselineLatency;
  /**
   * Items a second, one a block.
   *
   * Items: One block; null where its trial failed.
   */
  throughput_blocks: (number | null)[];
  /**
   * Peak resident set, bytes, one a block.
   *
   * Items: One block; null where its trial failed.
   */
  peak_rss_blocks: (number | null)[];
  /**
   * Session creation, s, one a block.
   *
   * Items: One block; null where its trial failed.
   */
  load_blocks: (number | null)[];
  /**
   * File size.
   */
  bytes_on_disk: number | null;
  /**
   * Size with weights packed at their bit width.
   */
  bytes_packed: number | null;
  determinism: BaselineDeterminism;
}
/**
 * Which weights.
 */
export interface BaselineLineage {
  /**
   * The full-precision model's file; null where no file exists.
   */
  base_sha256: string | null;
  /**
   * The file that ran; null where no file exists.
   */
  variant_sha256: string | null;
}
/**
 * What ran them.
 */
export interface BaselineRuntime {
  /**
   * Adapter.
   */
  kind: string;
  /**
   * Its version; empty where unknown.
   */
  version: string;
}
/**
 * Counts.
 */
export interface BaselineTrials {
  /**
   * Planned.
   */
  planned: number;
  /**
   * Completed.
   */
  completed: number;
  /**
   * Failed.
   */
  failed: number;
  /**
   * Not run.
   */
  missing: number;
  /**
   * Not needed: the run stopped early. Absent where everything planned was to run.
   */
  skipped?: number;
}
/**
 * Outcome of every item, packed.
 */
export interface BaselineQuality {
  /**
   * Items.
   */
  n: number;
  /**
   * Full evaluations, failed ones too.
   */
  runs: number;
  /**
   * Of those, runs that failed.
   */
  failed_runs: number;
  /**
   * Sum of item scores; a failed run scores 0 for every item.
   */
  correct: number;
  /**
   * bits: bit i (LSB first) is item i, for outcomes that every run repeats. counts: byte i is in how many of the runs item i was right.
   */
  encoding: "bits" | "counts";
  /**
   * Base64 of the packed outcomes.
   */
  outcomes: string;
}
/**
 * Calls at batch_size, seconds.
 */
export interface BaselineLatency {
  /**
   * Calls measured.
   */
  samples: number;
  /**
   * Median of the block, s.
   *
   * Items: One block; null where its trial failed.
   */
  blocks: (number | null)[];
  /**
   * Null without samples.
   */
  sketch: null | QuantileSketch;
}
/**
 * Quantiles of all samples (type 7, linear between order statistics).
 */
export interface QuantileSketch {
  /**
   * Probabilities, ascending.
   */
  p: number[];
  /**
   * Value at each probability.
   */
  seconds: number[];
}
/**
 * Repeated trials.
 */
export interface BaselineDeterminism {
  /**
   * Finished trials.
   */
  n: number;
  /**
   * Trials whose outputs equal the mode.
   */
  matching: number;
}
