// Generated from schemas/anytime-study.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * What the verdict speaks of.
 */
export type Claim = "super-population" | "finite-set";

/**
 * How many items and blocks early stopping took, and how often it erred; written by scripts/anytime-study.mjs.
 */
export interface AnytimeStudy {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.anytime-study.v1";
  /**
   * Seed of every draw and order.
   */
  seed: number;
  /**
   * Generator's algorithm id.
   */
  rng: string;
  /**
   * Level of every gate.
   */
  alpha: number;
  /**
   * Replays on drawn items.
   *
   * @minItems 1
   */
  synthetic: [SyntheticReplays, ...SyntheticReplays[]];
  /**
   * Blocks until a latency gate with a margin of 5 % is settled, by both methods.
   *
   * @minItems 1
   */
  blocks: [BlockReplays, ...BlockReplays[]];
  real: RealReplays;
}
/**
 * One setting and claim.
 */
export interface SyntheticReplays {
  /**
   * The true drop and discordance, and the margin.
   */
  setting: string;
  claim: Claim;
  /**
   * Items of the set.
   */
  items: number;
  /**
   * Random orders.
   */
  replays: number;
  verdicts: VerdictCounts;
  /**
   * Mean share of the items after which the verdict was reached.
   */
  share_settled: number;
  /**
   * Mean share of the items that a run, which looks after each stretch, evaluates.
   */
  share_evaluated: number;
  /**
   * Verdicts that are wrong in this setting.
   */
  errors: ErrorRate[];
}
/**
 * Replays by verdict.
 */
export interface VerdictCounts {
  /**
   * Pass.
   */
  pass: number;
  /**
   * Fail.
   */
  fail: number;
  /**
   * Not settled.
   */
  inconclusive: number;
}
/**
 * How often the wrong verdict came, with two-sided 98 % Clopper-Pearson limits.
 */
export interface ErrorRate {
  /**
   * The wrong verdict.
   */
  verdict: "pass" | "fail";
  /**
   * Replays that ended in it.
   */
  count: number;
  /**
   * Share of the replays.
   */
  rate: number;
  /**
   * Lower limit.
   */
  low: number;
  /**
   * Upper limit.
   */
  high: number;
}
/**
 * One kind of noise.
 */
export interface BlockReplays {
  /**
   * Distribution of the log ratios.
   */
  noise: string;
  /**
   * Series drawn.
   */
  replays: number;
  /**
   * Blocks at most.
   */
  most_blocks: number;
  sign: BlockResult;
  clipped: BlockResult;
}
/**
 * Verdicts and blocks of one method.
 */
export interface BlockResult {
  /**
   * Share that passed.
   */
  pass: number;
  /**
   * Share that failed.
   */
  fail: number;
  /**
   * Blocks taken on average.
   */
  mean_blocks: number;
}
/**
 * Random orders of real answers, evaluated once.
 */
export interface RealReplays {
  /**
   * Base model.
   */
  model: string;
  /**
   * Evaluation items.
   */
  dataset: string;
  /**
   * Items.
   */
  items: number;
  /**
   * Versions that evaluated them.
   */
  tools: {
    [k: string]: string;
  };
  /**
   * Base64 by variant: bit i (LSB first) is whether item i was right.
   */
  correct_bits: {
    [k: string]: string;
  };
  /**
   * One a variant, set of gates and claim.
   */
  rows: RealReplayRow[];
}
/**
 * All seeds of one variant.
 */
export interface RealReplayRow {
  /**
   * Quant tag.
   */
  variant: string;
  /**
   * Gates that had to be settled.
   */
  gates: string;
  claim: Claim;
  table: StudyTable;
  /**
   * (b - c)/n on all items.
   */
  drop: number;
  /**
   * Verdict of each gate on all items, without early stopping.
   */
  fixed_verdicts: string[];
  /**
   * Orders replayed.
   */
  seeds: number;
  verdicts: VerdictCounts;
  settled: SettledItems;
  /**
   * Items evaluated, in stretches, on average.
   */
  evaluated_mean: number;
  /**
   * settled.mean / items.
   */
  share_settled: number;
}
/**
 * Paired outcomes of all items: both right, baseline only, candidate only, none.
 */
export interface StudyTable {
  /**
   * Both.
   */
  a: number;
  /**
   * Baseline only.
   */
  b: number;
  /**
   * Candidate only.
   */
  c: number;
  /**
   * None.
   */
  d: number;
}
/**
 * Items after which the rule was satisfied; all where it never was.
 */
export interface SettledItems {
  /**
   * Mean.
   */
  mean: number;
  /**
   * Tenth percentile.
   */
  p10: number;
  /**
   * Median.
   */
  median: number;
  /**
   * Ninetieth percentile.
   */
  p90: number;
}
