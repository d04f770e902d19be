// Generated from schemas/pollution_study.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Whether a sweep marks the trials that other programs disturbed, and only those.
 */
export interface PollutionStudy {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.pollution_study.v1";
  /**
   * ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * Machine.
   */
  hardware_fingerprint: string;
  /**
   * Processors, each with a process that burnt it.
   */
  cores: number;
  /**
   * Share of the processors that other programs used before the study.
   */
  foreign_before: number;
  /**
   * A small sample, as CI runs it.
   */
  sample: boolean;
  /**
   * Blocks a sweep.
   */
  blocks: number;
  /**
   * Sweeps with a burnt third.
   */
  repeats: number;
  /**
   * How long the study took.
   */
  seconds: number;
  hit: MarkRate;
  false_marks: MarkRate;
  /**
   * Trials that the burners touched for less than half of their time; counted nowhere.
   */
  partly: number;
  /**
   * Reasons of the disturbed trials.
   */
  reasons: string[];
  verdicts: StudyVerdicts;
  /**
   * All verdicts equal those of the quiet sweep.
   */
  same_verdicts: boolean;
  ship: StudyShip;
  /**
   * Polluted trials are in no row's own figures.
   */
  kept_out: boolean;
  /**
   * Every row of a sweep burnt all the time is polluted.
   */
  whole_polluted: boolean | null;
  /**
   * With polluted rows allowed they are still marked.
   */
  allowed_marked: boolean | null;
}
/**
 * A share of trials with its 95 % limits.
 */
export interface MarkRate {
  /**
   * Marked.
   */
  count: number;
  /**
   * Trials.
   */
  n: number;
  /**
   * count / n.
   */
  share: number | null;
  /**
   * Lower limit (Clopper-Pearson).
   */
  low: number | null;
  /**
   * Upper limit.
   */
  high: number | null;
}
/**
 * Verdicts of the quiet sweep and of those with a burnt third.
 */
export interface StudyVerdicts {
  /**
   * Verdict of each row by its quant tag, and of the suite.
   */
  quiet: {
    [k: string]: string;
  };
  /**
   * One a repeat.
   *
   * Items: Verdict of each row by its quant tag, and of the suite.
   */
  third: {
    [k: string]: string;
  }[];
}
/**
 * What each sweep recommends.
 */
export interface StudyShip {
  /**
   * Quiet.
   */
  quiet: string | null;
  /**
   * One a repeat.
   */
  third: (string | null)[];
  /**
   * Burnt all the time.
   */
  whole: string | null;
  /**
   * The same with polluted rows allowed.
   */
  whole_allowed: string | null;
}
