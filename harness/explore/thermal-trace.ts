import { type Estimate, quantileInterval, theilSen, type Unjudged } from "../stats/index.ts";
import { binCorrelation } from "./rank-correlation.ts";
import { medianOf, type ThermalBin, type ThermalSample, thermalBins, throttledShare } from "./thermal-bins.ts";

export type ThermalVerdict = "stable" | "heat-soak" | "throttled" | "recovered" | "slowed" | "inconclusive";

export type ThermalReason =
  /** Shorter than burst and sustained stretch together. */
  | "TOO_SHORT"
  /** A rate that is no positive number. */
  | "RATE_UNUSABLE"
  /** The sustained rate is lower than the burst's by more than the minimum effect, surely. */
  | "SUSTAINED_LOSS"
  /** Somewhere in between the rate was lower by more than that, for two stretches. */
  | "DIP"
  /** The rate falls faster than steadiness allows, surely. */
  | "RATE_FALLING"
  /** It got warmer by more than the minimum rise. */
  | "WARMER"
  /** Heat held the clocks down at the end. */
  | "THROTTLED_AT_END"
  /** Heat held the clocks down somewhere. */
  | "THROTTLED"
  /** The clock at the end was lower than at first by more than the minimum effect. */
  | "CLOCK_DROP"
  /** The intervals hold both a loss and none. */
  | "INTERVAL_SPANS_LIMIT"
  | "TEMPERATURE_MISSING";

export interface ThermalTraceOptions {
  /** Length of the stretch at the beginning that stands for a cold machine, seconds. */
  readonly burstS?: number;
  /** Length of the stretch at the end that stands for what can be held. */
  readonly sustainedS?: number;
  /** Length of the stretches whose medians the slopes run through. */
  readonly binS?: number;
  /** Smallest relative loss of rate or clock that counts. */
  readonly minimumLoss?: number;
  /** Relative change of rate a minute below which it is steady. */
  readonly steadyPerMinute?: number;
  /** Smallest rise of temperature that counts, °C. */
  readonly minimumRiseC?: number;
  /** Rate of this machine and model when cold, where another run knows it: a trace that began hot is compared with that. */
  readonly referenceRate?: number;
  readonly level?: number;
}

export interface ThermalTrace {
  readonly verdict: ThermalVerdict;
  /** Sorted. */
  readonly reasons: readonly ThermalReason[];
  readonly n: number;
  readonly durationS: number;
  readonly burst: Estimate | Unjudged;
  readonly sustained: Estimate | Unjudged;
  /** 1 - sustained / burst; its limits from the two intervals' far ends. undefined where one of them has none. */
  readonly loss: Estimate | undefined;
  /** Deepest loss of two neighboring stretches. */
  readonly deepestLoss: number | undefined;
  /** Relative change of the rate a minute after the burst. */
  readonly rateSlope: Estimate | Unjudged;
  /** °C a minute after the burst. */
  readonly temperatureSlope: Estimate | Unjudged;
  /** °C between the first and the sustained stretch. */
  readonly rise: number | undefined;
  readonly throttledShare: number | undefined;
  /** Kendall's tau of the rate with temperature, clock and throttling over the stretches. */
  readonly correlation: {
    readonly temperature: number | undefined;
    readonly clock: number | undefined;
    readonly throttled: number | undefined;
  };
}

/** Below this share of samples a throttle bit is a blink. */
const THROTTLED_SHARE = 0.05;

const DEFAULTS = {
  burstS: 60,
  sustainedS: 120,
  binS: 10,
  minimumLoss: 0.05,
  steadyPerMinute: 0.01,
  minimumRiseC: 3,
  level: 0.95,
};

/**
 * How a machine behaves under constant load. Slow is told apart from jitter by effect and interval together: a tiny trend that is
 * certain is still steady, and a large loss is never stable, however level it runs. Samples in time order.
 */
export function analyzeThermalTrace(
  samples: readonly ThermalSample[],
  options: ThermalTraceOptions = {},
): ThermalTrace {
  const limits = { ...DEFAULTS, ...options };
  const { burstS, sustainedS, binS, level } = limits;
  const begin = samples[0]?.atS ?? 0;
  const end = samples.at(-1)?.atS ?? 0;
  const isUsable = samples.length > 0 && samples.every(({ rate }) => Number.isFinite(rate) && rate >= 0);
  const rates = (part: readonly ThermalSample[]): number[] => part.map(({ rate }) => rate);
  const first = samples.filter(({ atS }) => atS < begin + burstS);
  const last = samples.filter(({ atS }) => atS > end - sustainedS);
  const bins = thermalBins(samples, binS);
  const after = bins.filter(({ midS }) => midS > begin + burstS);
  const burst = quantileInterval(rates(first), { level });
  const sustained = quantileInterval(rates(last), { level });
  const loss = lossOf(burst, sustained, options.referenceRate);
  const base = Math.max(burst.value ?? 0, options.referenceRate ?? 0);
  const warm = after.filter(({ temperatureC }) => temperatureC !== undefined);
  const coldC = medianOf(bins.slice(0, 1), ({ temperatureC }) => temperatureC);
  const hotC = medianOf(last, ({ temperatureC }) => temperatureC);
  const measured = {
    n: samples.length,
    durationS: end - begin,
    burst,
    sustained,
    loss,
    deepestLoss: deepestLoss(bins, base),
    rateSlope: theilSen(
      minutes(after),
      after.map(({ rate }) => (base > 0 ? rate / base : Number.NaN)),
      { level },
    ),
    temperatureSlope: theilSen(
      minutes(warm),
      warm.map(({ temperatureC }) => temperatureC as number),
      { level },
    ),
    rise: coldC === undefined || hotC === undefined ? undefined : hotC - coldC,
    throttledShare: throttledShare(samples),
    correlation: {
      temperature: binCorrelation(
        bins,
        ({ rate }) => rate,
        ({ temperatureC }) => temperatureC,
      ),
      clock: binCorrelation(
        bins,
        ({ rate }) => rate,
        ({ clockHz }) => clockHz,
      ),
      throttled: binCorrelation(
        bins,
        ({ rate }) => rate,
        ({ throttled }) => throttled,
      ),
    },
  };
  if (!isUsable || base <= 0) return { verdict: "inconclusive", reasons: ["RATE_UNUSABLE"], ...measured };
  const reasons = reasonsOf(measured, { limits, bins, last });
  if (measured.durationS < burstS + sustainedS - binS) reasons.add("TOO_SHORT");
  const { minimumLoss, steadyPerMinute } = limits;
  const isKept = loss !== undefined && loss.high < minimumLoss;
  const isSteady = measured.rateSlope.value !== undefined && Math.abs(measured.rateSlope.value) < steadyPerMinute;
  const verdict = decide(reasons, isKept && isSteady);
  if (verdict === "inconclusive" && !reasons.has("TOO_SHORT")) reasons.add("INTERVAL_SPANS_LIMIT");
  return { verdict, reasons: [...reasons].sort(), ...measured };
}

type Measured = Omit<ThermalTrace, "verdict" | "reasons">;

function reasonsOf(
  { loss, deepestLoss: deepest, rateSlope, rise, throttledShare: share }: Measured,
  {
    limits,
    bins,
    last,
  }: {
    limits: typeof DEFAULTS & ThermalTraceOptions;
    bins: readonly ThermalBin[];
    last: readonly ThermalSample[];
  },
): Set<ThermalReason> {
  const { minimumLoss, steadyPerMinute, minimumRiseC } = limits;
  const reasons = new Set<ThermalReason>();
  if (loss !== undefined && loss.low > minimumLoss) reasons.add("SUSTAINED_LOSS");
  if (deepest !== undefined && deepest > minimumLoss) reasons.add("DIP");
  if (rateSlope.value !== undefined && rateSlope.value < -steadyPerMinute && rateSlope.high < 0)
    reasons.add("RATE_FALLING");
  if (rise === undefined) reasons.add("TEMPERATURE_MISSING");
  else if (rise > minimumRiseC) reasons.add("WARMER");
  if ((share ?? 0) > 0) reasons.add("THROTTLED");
  if ((throttledShare(last) ?? 0) >= THROTTLED_SHARE) reasons.add("THROTTLED_AT_END");
  const clocks = bins.map(({ clockHz }) => clockHz).filter((clock) => clock !== undefined);
  const endClock = medianOf(last, ({ clockHz }) => clockHz);
  const startClock = Math.max(...clocks.slice(0, Math.max(1, clocks.length >> 2)));
  if (endClock !== undefined && endClock < (1 - minimumLoss) * startClock) reasons.add("CLOCK_DROP");
  return reasons;
}

function decide(reasons: ReadonlySet<ThermalReason>, isStable: boolean): ThermalVerdict {
  const slows = reasons.has("SUSTAINED_LOSS") || reasons.has("RATE_FALLING");
  if (slows || reasons.has("THROTTLED_AT_END")) {
    if (reasons.has("THROTTLED_AT_END") || reasons.has("CLOCK_DROP")) return "throttled";
    return reasons.has("WARMER") ? "heat-soak" : "slowed";
  }
  if (reasons.has("TOO_SHORT")) return "inconclusive";
  if (reasons.has("DIP")) return "recovered";
  return isStable ? "stable" : "inconclusive";
}

function minutes(bins: readonly ThermalBin[]): number[] {
  return bins.map(({ midS }) => midS / 60);
}

function lossOf(
  burst: Estimate | Unjudged,
  sustained: Estimate | Unjudged,
  referenceRate: number | undefined,
): Estimate | undefined {
  if (burst.value === undefined || sustained.value === undefined) return undefined;
  const isReference = referenceRate !== undefined && referenceRate > burst.value;
  const base = isReference ? { value: referenceRate, low: referenceRate, high: referenceRate } : burst;
  const share = (rate: number, of: number): number => (of > 0 ? 1 - rate / of : -Infinity);
  const value = share(sustained.value, base.value as number);
  const low = share(sustained.high, base.low);
  const high = share(sustained.low, base.high);
  const n = burst.n + sustained.n;
  const isOpen = !Number.isFinite(low) || !Number.isFinite(high);
  // Each interval errs with probability 1 - level, so both limits hold together at least this often.
  const level = Math.max(0, 2 * burst.level - 1);
  return { value, low, high, level, n, method: "ratio-of-medians", ...(isOpen ? { reason: "too-few" as const } : {}) };
}

/** Loss of the best of two neighbors, where that is worst: one slow stretch alone may be chance. */
function deepestLoss(bins: readonly ThermalBin[], base: number): number | undefined {
  let worst: number | undefined;
  for (let i = 1; i < bins.length; i++) {
    const rate = Math.max((bins[i] as ThermalBin).rate, (bins[i - 1] as ThermalBin).rate);
    const loss = base > 0 ? 1 - rate / base : Number.NaN;
    if (worst === undefined || loss > worst) worst = loss;
  }
  return worst;
}
