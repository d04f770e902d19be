import { requireFinite, requirePositive } from "./require.ts";

/** What is known of a series before its first change. */
export interface SeriesModel {
  readonly mean: number;
  /** Standard deviation of a point, > 0. */
  readonly sd: number;
  /** Lag-1 autocorrelation, -1 < φ < 1. */
  readonly phi: number;
}

export interface OnlineOptions {
  /** Mean number of points until a false alarm, at least; 10,000 unless told. */
  readonly runLength?: number;
  /** Shift of the mean for which it is fastest, in sd of the innovations; 1 unless told. */
  readonly shift?: number;
}

/** An alarm, with when the change probably began. */
export interface OnlineAlarm {
  readonly direction: "up" | "down";
  /** Index of the point that raised it. */
  readonly at: number;
  /** Index of the first point since the evidence last stood at nothing. */
  readonly since: number;
}

/** Beyond this many sd a point says no more: one spike must not raise an alarm alone. */
const CLIP = 3;

/**
 * Watches a series point by point, in constant time and memory: a two-sided e-CUSUM (Shin, Ramdas & Rinaldo 2024). Points are
 * freed of their lag-1 autocorrelation, scaled and clipped; the evidence for a shift is multiplied up and never falls below 1. With
 * a true model and sub-Gaussian innovations the mean time to a false alarm is at least `runLength`; after an alarm it starts anew.
 */
export class OnlineDetector {
  readonly #mean: number;
  readonly #phi: number;
  readonly #scale: number;
  readonly #bet: number;
  readonly #toll: number;
  readonly #limit: number;
  #previous = 0;
  #up = 0;
  #down = 0;
  #upSince = 0;
  #downSince = 0;
  #count = 0;

  constructor({ mean, sd, phi }: SeriesModel, { runLength = 10_000, shift = 1 }: OnlineOptions = {}) {
    requirePositive("sd", sd);
    requirePositive("shift", shift);
    if (!(phi > -1 && phi < 1)) throw new RangeError(`phi must lie between -1 and 1, got ${phi}`);
    if (!(runLength > 2)) throw new RangeError(`runLength must be above 2, got ${runLength}`);
    this.#mean = requireFinite("mean", mean);
    this.#phi = phi;
    this.#scale = 1 / (sd * Math.sqrt(1 - phi * phi));
    this.#bet = shift;
    this.#toll = (shift * shift) / 2;
    // Two one-sided detectors share the alarms.
    this.#limit = Math.log(2 * runLength);
  }

  /** Points seen. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next point; an alarm or undefined. A point that is not finite is counted and says nothing. */
  add(value: number): OnlineAlarm | undefined {
    const index = this.#count++;
    const centered = value - this.#mean;
    const innovation = (centered - this.#phi * this.#previous) * this.#scale;
    if (!(innovation > -Infinity && innovation < Infinity)) return undefined;
    this.#previous = centered;
    const z = innovation > CLIP ? CLIP : innovation < -CLIP ? -CLIP : innovation;
    if (this.#up <= 0) {
      this.#up = 0;
      this.#upSince = index;
    }
    if (this.#down <= 0) {
      this.#down = 0;
      this.#downSince = index;
    }
    this.#up += this.#bet * z - this.#toll;
    this.#down -= this.#bet * z + this.#toll;
    if (this.#up < this.#limit && this.#down < this.#limit) return undefined;
    const isUp = this.#up >= this.#limit;
    const alarm: OnlineAlarm = {
      direction: isUp ? "up" : "down",
      at: index,
      since: isUp ? this.#upSince : this.#downSince,
    };
    this.#up = 0;
    this.#down = 0;
    return alarm;
  }
}
