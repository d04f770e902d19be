// Generated from schemas/context_summary.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * What one model did at one context length: loading, acceptance of a prompt that fills it, recall, and times. Written by `context sweep`, judged by `context ceiling`.
 */
export interface ContextSummary {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.context_summary.v1";
  /**
   * Time of the newest source, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * How much device memory may be planned for.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * Model.
   */
  model_id: string;
  /**
   * Quantization.
   */
  quant_tag: string;
  provenance: ProvenanceDoc;
  /**
   * True when no real model ran.
   */
  simulated: boolean;
  /**
   * Runtime that ran it.
   */
  runtime: string;
  /**
   * Digest of the weights, as provider or file gives it.
   */
  weights_sha256: string | null;
  /**
   * Context length asked for, tokens.
   */
  context: number;
  /**
   * Of it, kept for the answer.
   */
  reserved_tokens: number;
  /**
   * Places of the codes in the text.
   *
   * @minItems 1
   *
   * Items: Place.
   */
  depths: [number, ...number[]];
  /**
   * Seeds, a text of its own each.
   *
   * @minItems 1
   *
   * Items: Seed.
   */
  seeds: [number, ...number[]];
  load: ContextLoad;
  kv: KvPrediction;
  /**
   * Requests, in the order they were made.
   */
  probes: ContextProbe[];
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
   * SHA-256, 64 lower-case hex digits.
   */
  config_digest: string;
  /**
   * SHA-256, 64 lower-case hex digits.
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
 * How loading with this length went.
 */
export interface ContextLoad {
  /**
   * not-tried: the prediction says that it does not fit.
   */
  status: "loaded" | "failed" | "not-tried";
  /**
   * Why not.
   */
  message: string | null;
  /**
   * Context as allocated; null where the runtime does not say.
   */
  context_tokens: number | null;
  /**
   * Bytes that did not fit the accelerator.
   */
  offloaded_bytes: number | null;
  /**
   * Memory of the server with the model loaded.
   */
  memory_bytes: number | null;
  /**
   * Time to load.
   */
  load_s: number | null;
}
/**
 * Memory of keys and values, 2 x layers x kv_heads x head_dim x context x bytes_per_value.
 */
export interface KvPrediction {
  /**
   * null where it is not known.
   */
  shape: KvShape | null;
  /**
   * Prediction for this length.
   */
  predicted_bytes: number | null;
}
/**
 * What the memory of keys and values depends on.
 */
export interface KvShape {
  /**
   * Layers.
   */
  layers: number;
  /**
   * Heads of keys and values.
   */
  kv_heads: number;
  /**
   * Width of one head.
   */
  head_dim: number;
  /**
   * Bytes of one value.
   */
  bytes_per_value: number;
}
/**
 * One request at one length.
 */
export interface ContextProbe {
  /**
   * Seed of its text and codes.
   */
  seed: number;
  /**
   * decode: a long answer, timed; single: one code is asked for; multi: all of them at once.
   */
  kind: "decode" | "single" | "multi";
  /**
   * refused: the server said that the prompt is too long.
   */
  status: "completed" | "failed" | "timed-out" | "refused";
  /**
   * null where it completed.
   */
  failure: ProbeFailure | null;
  /**
   * Codes asked for, with the place of each in the text.
   */
  codes: ProbeCode[];
  /**
   * Whether the answer is the code or codes and nothing else; null where none is asked for.
   */
  adhered: boolean | null;
  /**
   * Tokens the prompt was to fill.
   */
  prompt_tokens_wanted: number;
  /**
   * Tokens it has by the runtime's tokenizer, template included; null where nobody could count.
   */
  prompt_tokens_counted: number | null;
  /**
   * Who counted.
   */
  counted_by: "server" | "tokenizer" | "estimated" | null;
  /**
   * Tokens the server says it processed, cached ones included.
   */
  prompt_tokens_reported: number | null;
  /**
   * The server says, or its counts show, that it did not process the whole prompt.
   */
  is_truncated: boolean;
  /**
   * Of the prompt, from the cache.
   */
  cached_tokens: number | null;
  /**
   * To the first token of the answer.
   */
  ttft_s: number | null;
  /**
   * (n - 1) / time from first to last token, of at least 32 tokens.
   */
  decode_tps: number | null;
  /**
   * Tokens of the answer.
   */
  completion_tokens: number | null;
  /**
   * The answer, at most 400 characters of it.
   */
  answer: string;
}
/**
 * Why it did not complete.
 */
export interface ProbeFailure {
  /**
   * Error code.
   */
  code: string;
  /**
   * In words.
   */
  message: string;
}
/**
 * One code.
 */
export interface ProbeCode {
  /**
   * Place in the text, 0 its start, 1 its end.
   */
  depth: number;
  /**
   * Whether it is in the answer, in its place.
   */
  recalled: boolean;
}
