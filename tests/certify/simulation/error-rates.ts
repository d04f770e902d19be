import type { GateSpecDoc } from "../../../harness/domain/generated/plan-v1.ts";
import type { GateResultDoc } from "../../../harness/domain/generated/summary-v1.ts";
import { relativeChangeClaims } from "../../../harness/gate/claims.ts";
import { decideGate } from "../../../harness/gate/decide-gate.ts";
import { type RowDecision, rowVerdict } from "../../../harness/gate/decide-row.ts";
import { decideSuite } from "../../../harness/gate/decide-suite.ts";
import type { Rng } from "../../../harness/stats/rng.ts";
import type { Counts } from "./cells.ts";
import { comparison, latencyGate } from "./gates.ts";
import type { NoiseModel } from "./noise-models.ts";
import { type Screen, screener } from "./screen.ts";
import { sessions } from "./session.ts";

/** The margin of the simulated latency gates: the default gate's. */
export const MARGIN = 0.05;
/** Gates of a simulated suite, blocks of each kind of session, and numbers of candidates to choose from. */
export const SUITE_GATES = 36;
export const SINGLE_BLOCKS = [10, 32] as const;
export const SUITE_BLOCKS = 16;
export const CHOICE_BLOCKS = 20;
export const CHOICES = [7, 16] as const;

export interface Stretch {
  readonly model: NoiseModel;
  /** Levels at which the same sessions are decided, the largest first. */
  readonly alphas: readonly number[];
  readonly suites: number;
  readonly random: Rng;
  /** Suites at the start that are decided in full whatever the screen says, to catch a screen that errs. */
  readonly unscreened: number;
}

type Policy = "non-inferiority" | "any-regression";

/** Name of a count at a level. */
export function countKey(what: "pass" | "fail" | "error" | "welch" | "noisy", alpha: number): string {
  return `${what}@${alpha}`;
}

/** Counts up what happened. */
export class Tally {
  readonly counts: Record<string, number> = {};
  add(...key: Parameters<typeof countKey>): void {
    const name = countKey(...key);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/** Single gates: how often the verdict is pass and how often fail, at the true effect given. */
export function singleGate(
  { model, alphas, suites, random, unscreened }: Stretch,
  { policy, blocks, effect }: { policy: Policy; blocks: number; effect: number },
): Counts {
  const next = sessions({ model, blocks, candidates: [{ effect }], random });
  const gates = alphas.map((alpha) => ({ alpha, decide: screenedGate(latencyGate(policy, alpha, MARGIN), blocks) }));
  const tally = new Tally();
  for (let suite = 0; suite < suites; suite++) {
    const ratios = next()[0] as Float64Array;
    for (const { alpha, decide } of gates) {
      const { verdict } = decide(ratios, suite < unscreened);
      if (verdict === "pass" || verdict === "fail") tally.add(verdict, alpha);
      // The smaller level shows nothing that the larger one does not.
      else if (suite >= unscreened) break;
    }
  }
  return tally.counts;
}

/**
 * The real gate behind the screen: where no error is possible, the result of an inconclusive gate stands in, of which the rules for
 * rows and suites read nothing but that. An any-regression gate at identical code can only err by a fail, so its passes are not told
 * apart. Decided in full all the same, the gate must agree, or the simulation stops.
 */
function screenedGate(spec: GateSpecDoc, blocks: number): (logRatios: Float64Array, inFull: boolean) => GateResultDoc {
  const plain = decideGate(spec, comparison("plain", { logRatios: new Float64Array([Math.log1p(MARGIN)]) }));
  if (plain.verdict !== "inconclusive") throw new Error(`one block decided: ${plain.verdict}`);
  const screen = screener(blocks, spec.alpha);
  const isAnyRegression = spec.policy === "any-regression";
  return (logRatios, inFull) => {
    const { canFail, canPass } = screen(logRatios, isAnyRegression ? 0 : Math.log1p(MARGIN));
    const isOpen = canFail || (canPass && !isAnyRegression);
    if (!isOpen && !inFull) return plain;
    const result = decideGate(spec, comparison("gate", { logRatios }), { withNeeded: false });
    const isMissed = isAnyRegression ? result.verdict === "fail" : result.verdict !== "inconclusive";
    if (!isOpen && isMissed) throw new Error(`the screen missed a ${result.verdict}`);
    return result;
  };
}

/**
 * Suites of 36 latency-like gates in one row, their noise independent. `fails`: every gate sits at its border; how often the row
 * fails. `passes`: one gate sits at the margin and the others are identical; how often the row passes.
 */
export function suiteOfGates(
  { model, alphas, suites, random, unscreened }: Stretch,
  { policy, kind }: { policy: Policy; kind: "false-fail" | "false-pass" },
): Counts {
  const border = policy === "any-regression" ? 0 : MARGIN;
  const [largest = 0] = alphas;
  const next = sessions({ model, blocks: SUITE_BLOCKS, candidates: [{ effect: border }], random });
  const identical = sessions({ model, blocks: SUITE_BLOCKS, candidates: [{ effect: 0 }], random });
  const screen = screener(SUITE_BLOCKS, largest, kind === "false-pass" ? "pass" : "fail");
  const levels = alphas.map((alpha) => ({
    alpha,
    decide: screenedGate(latencyGate(policy, alpha, MARGIN), SUITE_BLOCKS),
  }));
  const tally = new Tally();
  const kept = Array.from({ length: SUITE_GATES }, () => new Float64Array(SUITE_BLOCKS));
  for (let suite = 0; suite < suites; suite++) {
    let isOpen = suite < unscreened;
    let isPossible = false;
    for (const [gate, ratios] of kept.entries()) {
      const source = kind === "false-pass" && gate > 0 ? identical : next;
      ratios.set(source()[0] as Float64Array);
      const found = screen(ratios, Math.log1p(border));
      isPossible ||=
        kind === "false-pass" ? found.canPass : couldFailHolm(found, ratios, policy, largest / SUITE_GATES);
      if (kind === "false-pass" && !isPossible && !isOpen) break;
    }
    isOpen ||= isPossible;
    if (!isOpen) continue;
    const inFull = suite < unscreened;
    for (const { alpha, decide } of levels) {
      const gates = kept.map((logRatios) => decide(logRatios, inFull));
      const isError = rowVerdict("candidate", gates) === (kind === "false-pass" ? "pass" : "fail");
      if (isError && !isPossible) throw new Error(`the screen missed a ${kind}`);
      if (isError) tally.add("error", alpha);
      else if (!inFull) break;
    }
  }
  return tally.counts;
}

/** Necessary for a fail that survives Holm: the interval can fail, and the p-value is within the first step's share of alpha. */
function couldFailHolm({ canFail }: Screen, logRatios: Float64Array, policy: Policy, share: number): boolean {
  return canFail && (relativeChangeClaims(logRatios, policy, MARGIN).fail ?? 0) <= share * (1 + 1e-9);
}

/** Candidates in one session that all sit exactly at the margin: how often any is certified for shipping. */
export function choiceOf({ model, alphas, suites, random, unscreened }: Stretch, candidates: number): Counts {
  const [largest = 0] = alphas;
  const arms = Array.from({ length: candidates }, () => ({ effect: MARGIN }));
  const next = sessions({ model, blocks: CHOICE_BLOCKS, candidates: arms, random });
  const screen = screener(CHOICE_BLOCKS, largest, "pass");
  const levels = alphas.map((alpha) => ({
    alpha,
    decide: screenedGate(latencyGate("non-inferiority", alpha, MARGIN), CHOICE_BLOCKS),
  }));
  const share = (largest / candidates) * (1 + 1e-9);
  const tally = new Tally();
  for (let suite = 0; suite < suites; suite++) {
    const all = next();
    const isPossible = all.some(
      (ratios) =>
        screen(ratios, Math.log1p(MARGIN)).canPass &&
        (relativeChangeClaims(ratios, "non-inferiority", MARGIN).pass ?? 0) <= share,
    );
    if (!isPossible && suite >= unscreened) continue;
    const inFull = suite < unscreened;
    for (const { alpha, decide } of levels) {
      const rows = all.map((logRatios, i): RowDecision => {
        const gates = [decide(logRatios, inFull)];
        return { cellId: `c${i}`, role: "candidate", verdict: rowVerdict("candidate", gates), gates };
      });
      const { certified } = decideSuite(
        rows,
        rows.map(({ cellId }) => ({ cellId, speedup: 1, bytes: 1 })),
        alpha,
      );
      if (certified.length > 0 && !isPossible) throw new Error("the screen missed a certified candidate");
      if (certified.length > 0) tally.add("error", alpha);
      else if (!inFull) break;
    }
  }
  return tally.counts;
}
