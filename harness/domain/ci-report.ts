import type { Summary } from "./generated/summary-v1.ts";

/** One decided question of a run, in words. */
export interface CiLine {
  /** What it was decided from: this session alone, a recorded run, the history of runs, or all of them. */
  readonly scope: "session" | "baseline" | "history" | "suite";
  /** Null where it is about the run as a whole. */
  readonly cell: string | null;
  readonly gate: string;
  /** Whether it can turn the run red: a primary gate of a required cell or of the one that would ship, or the suite itself. */
  readonly decides: boolean;
  readonly verdict: "pass" | "fail" | "inconclusive";
  /** What was measured, with its interval, and what it was held against. One line. */
  readonly text: string;
}

/** What a CI shows of a run; JUnit, annotations, step summary and comment are made of this alone. */
export interface CiReport {
  readonly summary: Summary;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly exitCode: number;
  /** One sentence: what may ship, or why nothing may. */
  readonly headline: string;
  readonly lines: readonly CiLine[];
  /** Command that gives the same verdict again. */
  readonly reproduce: string;
}
