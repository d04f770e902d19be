// Generated from schemas/replies.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * What a language model answered in one trial, and how each answer was scored.
 */
export interface Replies {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.replies.v1";
  /**
   * In the order the tasks were asked.
   */
  replies: StoredReply[];
  /**
   * Prompts asked a second time at once, untimed, with what a cache may hold of them; for determinism and divergence. Absent in older files.
   */
  repeats?: StoredRepeat[];
}
/**
 * One answer.
 */
export interface StoredReply {
  /**
   * Task, by its number in the dataset.
   */
  item: number;
  /**
   * How the request ended.
   */
  state: "completed" | "failed" | "timed-out";
  /**
   * The answer; what had arrived, where it broke.
   */
  text: string;
  /**
   * What the model thought before it answered.
   */
  reasoning: string;
  /**
   * Ids of the generated tokens; null where the runtime does not name them.
   */
  token_ids: number[] | null;
  /**
   * 1: every check holds.
   */
  success: 0 | 1;
  /**
   * 1: the instructions of form were followed; null where the task has none.
   */
  adherence: 0 | 1 | null;
  /**
   * Why not, a clause each.
   */
  reasons: string[];
}
/**
 * One answer to a prompt that was asked again.
 */
export interface StoredRepeat {
  /**
   * Task, by its number in the dataset.
   */
  item: number;
  /**
   * How the request ended.
   */
  state: "completed" | "failed" | "timed-out";
  /**
   * Prompt tokens out of the cache; null where the server does not say.
   */
  cached_tokens: number | null;
  /**
   * Ids of the generated tokens; null where the runtime does not name them.
   */
  token_ids: number[] | null;
  /**
   * Log-probabilities at each generated token; absent where the runtime gives none.
   */
  positions?: StoredPosition[];
}
/**
 * The likeliest tokens at one place.
 */
export interface StoredPosition {
  /**
   * Generated token: its id, or its text where no id is known.
   */
  token: number | string;
  /**
   * Its log-probability, natural; null where it is not finite.
   */
  logprob: number | null;
  /**
   * Likeliest tokens, best first.
   */
  top: (number | string)[];
  /**
   * Their log-probabilities, natural.
   */
  logprobs: number[];
}
