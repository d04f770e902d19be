// Generated from schemas/command_reply.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One line that a program of the runtime `command` writes: any number of chunks and progress lines, then one result or error.
 */
export type CommandReply = CommandResult | CommandError | CommandChunk | CommandProgress;
/**
 * Of the request.
 */
export type Id = number;

/**
 * The operation is done.
 */
export interface CommandResult {
  id: Id;
  event: "result";
  value: CommandValue;
}
/**
 * What came of it; what a program does not know is left out or null. Operations for other kinds of model may add fields of their own.
 */
export interface CommandValue {
  /**
   * hello: as it was asked for.
   */
  protocol?: "quantgate.command.v1";
  /**
   * hello: tool versions for provenance.
   */
  versions?: {
    [k: string]: string;
  };
  /**
   * hello: operations it knows.
   */
  ops?: string[];
  /**
   * list: names that could be loaded.
   */
  models?: string[];
  /**
   * identify: SHA-256 of the weights.
   */
  digest?: string | null;
  /**
   * identify: label, e.g. Q4_K_M.
   */
  quantization?: string | null;
  /**
   * identify: size of the weights.
   */
  bytes?: number | null;
  /**
   * identify: weights.
   */
  parameters?: number | null;
  /**
   * identify: measured.
   */
  bits_per_weight?: number | null;
  /**
   * identify: tokens it was trained for.
   */
  context_length?: number | null;
  /**
   * load, inspect: context as allocated.
   */
  context_tokens?: number | null;
  /**
   * load, inspect: bytes that did not fit the accelerator.
   */
  offloaded_bytes?: number | null;
  /**
   * inspect: peak memory, where the program knows it better than its own resident set.
   */
  memory_bytes?: number | null;
  /**
   * tokenize: ids; null: there is no tokenizer to ask.
   */
  tokens?: number[] | null;
  /**
   * count: tokens of the whole prompt, template included; null: not known beforehand.
   */
  count?: number | null;
  /**
   * generate: why it ended.
   */
  finish?: "stop" | "length" | "other" | null;
  /**
   * generate: cached ones included.
   */
  prompt_tokens?: number | null;
  /**
   * generate: of those, out of a cache.
   */
  cached_tokens?: number | null;
  /**
   * generate: generated, the end-of-text token left out.
   */
  completion_tokens?: number | null;
  /**
   * generate: the prompt was cut.
   */
  truncated?: boolean | null;
  /**
   * generate: processing of the prompt tokens that were not cached, s.
   */
  prompt_s?: number | null;
  /**
   * generate: first to last token, s.
   */
  decode_s?: number | null;
}
/**
 * The operation failed; the program goes on.
 */
export interface CommandError {
  id: Id;
  event: "error";
  /**
   * RUNTIME_CONTEXT: the prompt does not fit. RUNTIME_UNAVAILABLE: the operation is not known, or a part is not installed. RUNTIME_PROTOCOL: the request cannot be understood.
   */
  code:
    | "RUNTIME_CONTEXT"
    | "RUNTIME_UNAVAILABLE"
    | "RUNTIME_CRASHED"
    | "RUNTIME_TIMEOUT"
    | "RUNTIME_PROTOCOL"
    | "CONFIG_MODEL_MISSING"
    | "CONFIG_MODEL_INVALID";
  /**
   * One sentence.
   */
  message: string;
}
/**
 * generate: what was generated since the last chunk. It is timed when it arrives, so it must not wait for others.
 */
export interface CommandChunk {
  id: Id;
  event: "chunk";
  /**
   * May be empty, e.g. in the middle of a character.
   */
  text: string;
  /**
   * What the model thinks before it answers.
   */
  reasoning?: string;
  /**
   * Ids of these tokens.
   */
  token_ids?: number[];
  /**
   * One a token, where log-probabilities were asked for.
   */
  details?: CommandTokenDetail[];
}
/**
 * Log-probabilities at one token, natural.
 */
export interface CommandTokenDetail {
  /**
   * Token.
   */
  id: number | null;
  /**
   * Its text.
   */
  text: string;
  /**
   * Of the generated token.
   */
  logprob: number;
  /**
   * The likeliest, best first.
   */
  top: CommandTokenLogprob[];
}
/**
 * One token.
 */
export interface CommandTokenLogprob {
  /**
   * Token.
   */
  id: number | null;
  /**
   * Its text.
   */
  text: string;
  /**
   * Log-probability.
   */
  logprob: number;
}
/**
 * load, generate: how far it is; carries no token.
 */
export interface CommandProgress {
  id: Id;
  event: "progress";
  /**
   * Done.
   */
  processed: number;
  /**
   * Of so many.
   */
  total: number;
}
