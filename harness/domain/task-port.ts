/** What came back for one task: text, and what the runtime said about how it ended. */
export interface TaskResponse {
  readonly status: "completed" | "failed" | "timed-out";
  /** The whole answer; what had arrived, where it broke. */
  readonly text: string;
  /** The answer ended because it had as many tokens as it may have. */
  readonly isCutOff?: boolean;
  /** Likeliest texts of the first token with their natural-log probabilities; absent where the runtime gives none. */
  readonly firstToken?: readonly { readonly text: string; readonly logprob: number }[];
}

/** Code and the statements that must run after it, one by one. */
export interface CodeRequest {
  readonly language: "javascript" | "python";
  readonly code: string;
  readonly tests: readonly string[];
  /** Of code and tests together. */
  readonly timeLimitMs: number;
  readonly memoryLimitMb: number;
}

/** How code fared. `unavailable`: it was not run, because it could not be isolated. */
export type CodeOutcome =
  | { readonly status: "ran"; readonly failures: readonly { readonly test: number; readonly message: string }[] }
  | { readonly status: "broke"; readonly message: string }
  | { readonly status: "timed-out" }
  | { readonly status: "unavailable"; readonly reason: string };

/** What scoring needs and pure code may not do: it is passed in. */
export interface TaskTools {
  /** All matches of a pattern, first group and whole text each, in order; undefined where it took too long. */
  matchAll(
    pattern: { readonly source: string; readonly flags: string },
    text: string,
  ): readonly { readonly whole: string; readonly group: string | undefined }[] | undefined;
  /** undefined where the text is not JSON. */
  parseJson(text: string): { readonly value: unknown } | undefined;
  /** The first problem of a value against a schema, in words; undefined where it is valid. */
  schemaProblem(schema: object, value: unknown): string | undefined;
  runCode(request: CodeRequest): Promise<CodeOutcome>;
}
