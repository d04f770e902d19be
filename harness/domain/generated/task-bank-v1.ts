// Generated from schemas/task_bank.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * One thing an answer must meet.
 */
export type TaskCheck =
  ExactCheck | ContainsCheck | RegexCheck | NumericCheck | CountCheck | JsonSchemaCheck | UnitTestsCheck | ChoiceCheck;
/**
 * Which part of the answer is looked at. text: all of it, without space around it; json: the first JSON value in it; code: its first fenced block, else all; number: its last number; last_line: its last line that is not empty; or the first group of a pattern's last match. Default: json for json_schema, code for unit_tests, number for numeric, else text.
 */
export type Extract = ("text" | "json" | "code" | "number" | "last_line") | ExtractPattern;

/**
 * Tasks for language models: prompts, and checks that say whether an answer is right and whether it follows the instructions.
 */
export interface TaskBank {
  /**
   * Path or URL of this schema, for editors.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.task_bank.v1";
  /**
   * Name of the bank.
   */
  id: string;
  /**
   * What it is, in a line.
   */
  title: string;
  /**
   * Licence of its tasks, as an SPDX identifier.
   */
  license?: string;
  /**
   * System message of every conversation that has none.
   */
  system?: string;
  /**
   * Most tokens of an answer, where the task says nothing.
   */
  max_tokens: number;
  /**
   * Values of {{name}} in prompts and messages.
   */
  variables?: {
    [k: string]: string;
  };
  /**
   * Kinds of tasks; results are given for each.
   *
   * @minItems 1
   */
  groups: [TaskGroup, ...TaskGroup[]];
  /**
   * The tasks, in the order they are numbered.
   *
   * @minItems 1
   */
  tasks: [Task, ...Task[]];
}
/**
 * One kind of tasks.
 */
export interface TaskGroup {
  /**
   * Unique.
   */
  id: string;
  /**
   * What they ask for.
   */
  title: string;
}
/**
 * One prompt and what an answer to it must meet. It has either prompt or messages.
 */
export interface Task {
  /**
   * Unique in the bank.
   */
  id: string;
  /**
   * Id of its group.
   */
  group: string;
  /**
   * Raw text that the model goes on from; no chat template is applied.
   */
  prompt?: string;
  /**
   * Conversation, given to the model through its chat template.
   *
   * @minItems 1
   */
  messages?: [TaskMessage, ...TaskMessage[]];
  /**
   * Values of {{name}} in this task; they win over the bank's.
   */
  variables?: {
    [k: string]: string;
  };
  /**
   * Most tokens of the answer; the bank's by default.
   */
  max_tokens?: number;
  /**
   * The answer ends before any of these.
   *
   * @minItems 1
   *
   * Items: Text.
   */
  stop?: [string, ...string[]];
  /**
   * What makes the answer right: all must hold.
   *
   * @minItems 1
   */
  checks: [TaskCheck, ...TaskCheck[]];
  /**
   * What makes it follow the instructions of form: all must hold. Scored apart from being right.
   *
   * @minItems 1
   */
  adherence?: [TaskCheck, ...TaskCheck[]];
  /**
   * An answer that meets every check.
   */
  reference: string;
  /**
   * Answers that must be refused, so that a check which accepts anything is found.
   *
   * @minItems 1
   */
  wrong: [WrongAnswer, ...WrongAnswer[]];
}
/**
 * One turn of a conversation.
 */
export interface TaskMessage {
  /**
   * Whose turn.
   */
  role: "system" | "user" | "assistant";
  /**
   * What is said; {{name}} is replaced by a variable.
   */
  content: string;
}
/**
 * The answer is one of these texts.
 */
export interface ExactCheck {
  /**
   * Kind of check.
   */
  kind: "exact";
  /**
   * Text, or texts of which one must be met.
   */
  value: string | [string, ...string[]];
  /**
   * Upper and lower case are the same.
   */
  ignore_case?: boolean;
  /**
   * Any run of white space counts as one space.
   */
  collapse_space?: boolean;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * The first group of the last match, or the whole match without a group.
 */
export interface ExtractPattern {
  /**
   * JavaScript regular expression.
   */
  pattern: string;
  /**
   * Its flags.
   */
  flags?: string;
}
/**
 * The answer holds these texts, and none of those.
 */
export interface ContainsCheck {
  /**
   * Kind of check.
   */
  kind: "contains";
  /**
   * All of these.
   *
   * @minItems 1
   *
   * Items: Text.
   */
  all?: [string, ...string[]];
  /**
   * At least one of these.
   *
   * @minItems 1
   *
   * Items: Text.
   */
  any?: [string, ...string[]];
  /**
   * None of these.
   *
   * @minItems 1
   *
   * Items: Text.
   */
  none?: [string, ...string[]];
  /**
   * Upper and lower case are the same.
   */
  ignore_case?: boolean;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * A regular expression matches. It is stopped after a time limit, and then the check fails.
 */
export interface RegexCheck {
  /**
   * Kind of check.
   */
  kind: "regex";
  /**
   * JavaScript regular expression; it may match anywhere unless anchored.
   */
  pattern: string;
  /**
   * Its flags.
   */
  flags?: string;
  /**
   * false: it must not match.
   */
  matches?: boolean;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * A number within a tolerance of the right one; without a tolerance it must be equal.
 */
export interface NumericCheck {
  /**
   * Kind of check.
   */
  kind: "numeric";
  /**
   * The right number.
   */
  value: number;
  /**
   * Largest distance.
   */
  abs_tolerance?: number;
  /**
   * Largest distance by the right number's magnitude.
   */
  rel_tolerance?: number;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * So many words, lines, sentences or characters.
 */
export interface CountCheck {
  /**
   * Kind of check.
   */
  kind: "count";
  /**
   * words: between white space; lines: that are not empty; sentences: ended by . ! or ?; characters: code points.
   */
  unit: "words" | "lines" | "sentences" | "characters";
  /**
   * Fewest.
   */
  min?: number;
  /**
   * Most.
   */
  max?: number;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * The answer, parsed as JSON, is valid against a JSON Schema (2020-12).
 */
export interface JsonSchemaCheck {
  /**
   * Kind of check.
   */
  kind: "json_schema";
  /**
   * JSON Schema; nothing outside it can be referred to.
   */
  schema: {
    [k: string]: unknown;
  };
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * The answer is code that passes tests. It runs in a child process without network and files, with limits of time and memory; where that isolation cannot be had, the check fails as unavailable.
 */
export interface UnitTestsCheck {
  /**
   * Kind of check.
   */
  kind: "unit_tests";
  /**
   * Language of code and tests.
   */
  language: "javascript" | "python";
  /**
   * Statements run after the code, each on its own; one that throws fails. JavaScript tests have assert(value), assert.equal, assert.deepEqual and assert.throws; Python tests use assert.
   *
   * @minItems 1
   *
   * Items: Statements.
   */
  tests: [string, ...string[]];
  /**
   * Longest time of code and tests together.
   */
  time_limit_ms?: number;
  /**
   * Most memory they may take.
   */
  memory_limit_mb?: number;
  extract?: Extract;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * Of these texts the right one has the highest log-probability as the next token. Fails as unavailable where the runtime gives no log-probabilities.
 */
export interface ChoiceCheck {
  /**
   * Kind of check.
   */
  kind: "choice";
  /**
   * Texts to choose from, none the beginning of another.
   *
   * @minItems 2
   *
   * Items: Text.
   */
  choices: [string, string, ...string[]];
  /**
   * The right one.
   */
  answer: string;
  /**
   * What the check is for, said when it fails.
   */
  why?: string;
}
/**
 * An answer that does not do.
 */
export interface WrongAnswer {
  /**
   * The answer.
   */
  answer: string;
  /**
   * Which of the two it fails; one that breaks adherence is right all the same.
   */
  breaks?: "success" | "adherence";
}
