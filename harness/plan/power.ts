import type { GatePower, GateSpecDoc, PlanPower } from "../domain/generated/plan-v1.ts";
import * as stats from "../stats/index.ts";

/** Spreads that power rests on, as an earlier run of the same matrix showed them. */
export interface PowerPriors {
  /** Share of items on which a variant and its baseline differ. */
  readonly discordance?: number | undefined;
  /** Standard deviation of a block's log ratio of latency. */
  readonly logRatioSd?: number | undefined;
  readonly baselineAccuracy?: number | undefined;
}

/** Where no earlier run says otherwise: 2 % of the items, and log ratios that vary by 3 %. */
const DEFAULT_DISCORDANCE = 0.02;
const DEFAULT_LOG_RATIO_SD = 0.03;
/** An earlier run may show none at all, which would make every n enough. */
const LEAST_DISCORDANCE = 0.001;
const LEAST_LOG_RATIO_SD = 0.001;
/** Power at which an effect counts as detectable. */
const POWER = 0.8;
/** Below this chance of passing when nothing is wrong, a suite is likely to waste its run. */
const FAIR_CHANCE = 0.9;

export interface PowerFacts {
  readonly gates: readonly GateSpecDoc[];
  readonly items: number;
  readonly classes: number;
  readonly blocks: number;
  /** Wall time of one more item and one more block over all cells; undefined where unknown. */
  readonly secondsPerItem: number | undefined;
  readonly secondsPerBlock: number | undefined;
  readonly priors?: PowerPriors | undefined;
  readonly stopsEarly: boolean;
}

/** What one kind of gate can show: chance of passing when identical, smallest effect found, and n for a power. */
interface Figures {
  readonly unit: GatePower["unit"];
  readonly n: number;
  readonly passes: number | undefined;
  readonly detectable: number | undefined;
  readonly size: (power: number) => number | undefined;
  readonly reason?: string;
}

/** Power of every gate that can err by chance, and of the primary gates together. */
export function planPower(facts: PowerFacts): PlanPower {
  const { priors = {}, gates } = facts;
  const discordance = Math.max(LEAST_DISCORDANCE, priors.discordance ?? DEFAULT_DISCORDANCE);
  const logRatioSd = Math.max(LEAST_LOG_RATIO_SD, priors.logRatioSd ?? DEFAULT_LOG_RATIO_SD);
  const rows = gates.filter((gate) => gate.policy !== "exact" && gate.metric !== "size.bytes_on_disk");
  const powers = rows.map((gate) => gatePower(gate, figuresOf(gate, facts, { discordance, logRatioSd }), facts));
  const known = powers.flatMap(({ tier, p_pass_identical: p }) => (tier === "primary" && p !== null ? [p] : []));
  const suite = known.length === 0 ? null : stats.suitePower(known);
  return {
    basis: basisOf(priors),
    discordance,
    log_ratio_sd: logRatioSd,
    gates: powers,
    suite_p_pass: suite === null ? null : rounded(suite),
    notes: notesOf(suite, powers, facts),
  };
}

function figuresOf(
  gate: GateSpecDoc,
  facts: PowerFacts,
  spread: { readonly discordance: number; readonly logRatioSd: number },
): Figures {
  const isLimit = gate.policy === "floor" || gate.policy === "ceiling";
  const { baselineAccuracy } = facts.priors ?? {};
  switch (gate.metric) {
    case "quality.accuracy":
    case "quality.adherence":
      if (isLimit) return limitFigures(gate, facts.items, baselineAccuracy);
      return dropFigures(gate, { n: facts.items, classes: 1, discordance: spread.discordance, baselineAccuracy });
    case "quality.class_accuracy":
      return dropFigures(gate, {
        n: facts.items,
        classes: facts.classes,
        discordance: spread.discordance,
        baselineAccuracy,
      });
    case "latency.call":
    case "latency.ttft":
    case "throughput.decode":
    case "throughput.prefill":
    case "throughput.items":
    case "memory.peak_rss":
      if (gate.policy === "quantile-limit")
        return unknown("calls", 0, "how many calls a block makes shows when it runs");
      if (isLimit || gate.margin_kind === "absolute") {
        return unknown(
          "trials",
          facts.blocks,
          "a bound in the metric's own unit: nothing says how far the truth is from it",
        );
      }
      return ratioFigures(gate, facts.blocks, spread.logRatioSd);
    default:
      return unknown("trials", facts.blocks, "identical outputs pass as often as their number allows");
  }
}

/** A paired drop, over all items or in each of equally large classes. */
function dropFigures(
  gate: GateSpecDoc,
  given: {
    readonly n: number;
    readonly classes: number;
    readonly discordance: number;
    readonly baselineAccuracy: number | undefined;
  },
): Figures {
  const { classes, discordance } = given;
  const isShare = gate.margin_kind === "relative";
  if (isShare && given.baselineAccuracy === undefined) {
    return unknown("items", given.n, "a share of the baseline's accuracy, which no earlier run has shown");
  }
  const scale = isShare ? (given.baselineAccuracy as number) : 1;
  const margin = (gate.margin as number) * scale;
  const { alpha } = gate;
  const n = Math.floor(given.n / classes);
  const failMargin = gate.policy === "any-regression" ? 0 : margin;
  const fails = (drop: number) =>
    // What a variant loses for good is lost on top of what differs anyway.
    stats.pairedPower({
      n,
      discordance: discordance + drop,
      drop,
      margin: failMargin,
      alpha: alpha / classes,
      claim: "fail",
    });
  const one = stats.pairedPower({ n, discordance, margin, alpha });
  const size = (power: number) => {
    const each = stats.pairedSampleSize({
      discordance,
      margin,
      alpha,
      power: power ** (1 / classes),
      method: "exact",
    }).n;
    return each === undefined ? undefined : each * classes;
  };
  // Equivalence must hold on both sides; identical arms lie in the middle.
  const passes = gate.policy === "equivalence" ? Math.max(0, 2 * one - 1) : one;
  const worst = smallest(fails, failMargin, Math.min(1 - discordance, failMargin + 0.5));
  return {
    unit: "items",
    n: given.n,
    passes: passes ** classes,
    detectable: worst === undefined ? undefined : worst / scale,
    size,
  };
}

function ratioFigures(gate: GateSpecDoc, n: number, logRatioSd: number): Figures {
  const { alpha } = gate;
  const margin = gate.margin as number;
  const plan = { logRatioSd, margin, alpha };
  const failMargin = gate.policy === "any-regression" ? 0 : margin;
  const fails = (effect: number) =>
    stats.ratioPower({ logRatioSd, margin: failMargin, alpha, effect, n, claim: "fail" });
  const one = margin > 0 ? stats.ratioPower({ ...plan, n }) : 0;
  return {
    unit: "trials",
    n,
    passes: gate.policy === "equivalence" ? Math.max(0, 2 * one - 1) : one,
    detectable: smallest(fails, failMargin, failMargin + 5),
    size: (power) => stats.ratioSampleSize({ ...plan, power }).n,
  };
}

function limitFigures(gate: GateSpecDoc, n: number, accuracy: number | undefined): Figures {
  if (accuracy === undefined) return unknown("items", n, "the baseline's accuracy, which no earlier run has shown");
  const limit = gate.limit as number;
  if (!(limit > 0 && limit < 1)) return unknown("items", n, "a limit that everything meets or nothing does");
  const { alpha } = gate;
  const claim = gate.policy === "floor" ? "above" : "below";
  const plan = { limit, truth: accuracy, alpha, claim } as const;
  const other = claim === "above" ? "below" : "above";
  const sign = claim === "above" ? -1 : 1;
  const room = claim === "above" ? limit : 1 - limit;
  const fails = (distance: number) =>
    stats.proportionPower({ n, limit, truth: limit + sign * distance, alpha, claim: other });
  return {
    unit: "items",
    n,
    passes: stats.proportionPower({ ...plan, n }),
    detectable: smallest(fails, 0, room),
    size: (power) => stats.proportionSampleSize({ ...plan, power }).n,
  };
}

function unknown(unit: GatePower["unit"], n: number, reason: string): Figures {
  return { unit, n, passes: undefined, detectable: undefined, size: () => undefined, reason };
}

/** Smallest effect in (low, high] that is found with {@link POWER}; undefined where none is. */
function smallest(power: (effect: number) => number, low: number, high: number): number | undefined {
  if (power(high) < POWER) return undefined;
  let [near, far] = [low, high];
  for (let step = 0; step < 16; step++) {
    const middle = (near + far) / 2;
    if (power(middle) >= POWER) far = middle;
    else near = middle;
  }
  return far;
}

function gatePower(gate: GateSpecDoc, figures: Figures, facts: PowerFacts): GatePower {
  const each =
    figures.unit === "items" ? facts.secondsPerItem : figures.unit === "trials" ? facts.secondsPerBlock : undefined;
  const need = (power: number): GatePower["for_80"] => {
    const n = figures.size(power);
    return n === undefined ? null : { n, seconds: each === undefined ? null : rounded(n * each) };
  };
  return {
    gate_id: gate.id,
    tier: gate.tier,
    unit: figures.unit,
    n: figures.n,
    p_pass_identical: figures.passes === undefined ? null : rounded(figures.passes),
    detectable: figures.detectable === undefined ? null : rounded(figures.detectable),
    for_80: need(0.8),
    for_90: need(0.9),
    reason: figures.reason ?? null,
  };
}

function basisOf({ discordance, logRatioSd }: PowerPriors): string {
  const items = discordance === undefined ? "discordance by default" : "discordance as in the last run";
  return `${items}, ${logRatioSd === undefined ? "spread of times by default" : "spread of times as in the last run"}`;
}

function notesOf(suite: number | null, powers: readonly GatePower[], { stopsEarly, classes }: PowerFacts): string[] {
  const weakest = powers
    .filter((power) => power.tier === "primary" && power.p_pass_identical !== null)
    .sort((x, y) => (x.p_pass_identical as number) - (y.p_pass_identical as number))[0];
  const left = powers
    .filter((power) => power.tier === "primary" && power.p_pass_identical === null)
    .map((power) => power.gate_id);
  const isWeak = suite !== null && suite < FAIR_CHANCE && weakest !== undefined;
  return [
    ...(isWeak
      ? [
          `An identical variant would pass with a probability below ${FAIR_CHANCE}; ${weakest.gate_id} is the weakest gate.`,
        ]
      : []),
    ...(left.length > 0 ? [`The suite's figure leaves out ${left.join(", ")}.`] : []),
    ...(classes > 1 ? ["Classes are taken as equally large."] : []),
    ...(stopsEarly
      ? [
          "These are the figures of the fixed numbers; a run that may stop early needs more of each where a variant is close to the margin.",
        ]
      : []),
  ];
}

function rounded(x: number): number {
  return Number(x.toPrecision(6));
}
