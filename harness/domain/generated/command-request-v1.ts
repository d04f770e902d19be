// Generated from schemas/command_request.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One line that a program of the runtime `command` reads. One request is open at a time, but for cancel.
 */
export interface CommandRequest {
  /**
   * Every line that answers it carries the same.
   */
  id: number;
  /**
   * What is asked: hello first; then list, identify, load, inspect, unload, tokenize, count, generate or cancel. A program answers an operation it does not know with an error.
   */
  op: string;
  args: CommandArgs;
}
/**
 * Of the operation; programs ignore what they do not know. Operations for other kinds of model may add arguments of their own.
 */
export interface CommandArgs {
  /**
   * hello: kind and version of this protocol.
   */
  protocol?: "quantgate.command.v1";
  /**
   * identify, load: the model's name.
   */
  name?: string;
  /**
   * identify, load: its file, where the config names one.
   */
  path?: string | null;
  /**
   * load: context to allocate.
   */
  context_tokens?: number;
  /**
   * load: threads; 0: the program chooses.
   */
  threads?: number;
  /**
   * load: layers on the accelerator; null: the program chooses.
   */
  gpu_layers?: number | null;
  /**
   * tokenize: the text, without special tokens.
   */
  text?: string;
  prompt?: CommandPrompt;
  /**
   * generate: at most so many.
   */
  max_tokens?: number;
  sampling?: CommandSampling;
  /**
   * generate: texts that end the answer.
   */
  stop?: string[];
  /**
   * generate: false: the whole prompt must be processed.
   */
  cache_prompt?: boolean;
  /**
   * generate: log-probabilities of so many best tokens at each position; 0: none.
   */
  top_logprobs?: number;
  /**
   * cancel: the request to end, with an error of the code RUNTIME_TIMEOUT; cancel itself is not answered.
   */
  request?: number;
}
/**
 * count, generate: a conversation that goes through the model's template, or raw text.
 */
export interface CommandPrompt {
  /**
   * Which.
   */
  kind: "chat" | "raw";
  /**
   * Raw text.
   */
  text?: string;
  /**
   * Turns, the last one the user's.
   */
  messages?: CommandMessage[];
}
/**
 * One turn.
 */
export interface CommandMessage {
  /**
   * Who speaks.
   */
  role: "system" | "user" | "assistant";
  /**
   * What.
   */
  content: string;
}
/**
 * generate: every sampler setting.
 */
export interface CommandSampling {
  /**
   * 0 is greedy.
   */
  temperature: number;
  /**
   * 0 keeps all.
   */
  top_k: number;
  /**
   * 1 keeps all.
   */
  top_p: number;
  /**
   * 0 keeps all.
   */
  min_p: number;
  /**
   * 1 applies none.
   */
  repeat_penalty: number;
  /**
   * Of the sampler.
   */
  seed: number;
}
