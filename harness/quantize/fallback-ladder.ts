import { HarnessError } from "../domain/errors.ts";
import type { QuantizeAttempt } from "../domain/generated/quantize-report-v1.ts";
import { type DeploymentProfile, type RungBits, rungsOf } from "./deployment-profile.ts";
import type { WorstLayer } from "./worst-layer.ts";

/** What one rung became and how it did, measured on that very artifact. */
export interface RungResult<Artifact> {
  readonly artifact: Artifact;
  readonly recipe: string;
  /** Share of the original's quality; null where nothing could be compared. */
  readonly quality: number | null;
  /** Mean cosine of the outputs with the original's. */
  readonly cosine: number | null;
  readonly worstLayer: WorstLayer | null;
  readonly bytes: number;
  readonly sha256: string;
}

export interface LadderJob<Artifact> {
  readonly profile: DeploymentProfile;
  readonly failFast: boolean;
  /** Quantizes from the original at this width and measures the outcome. */
  readonly make: (bits: RungBits) => Promise<RungResult<Artifact>>;
  /** Recipe's name where {@link make} fails. */
  readonly nameOf: (bits: RungBits) => string;
  /** Seconds of a monotonic clock. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: ((attempt: QuantizeAttempt) => void) | undefined;
}

export interface LadderResult<Artifact> {
  readonly status: "pass" | "exhausted" | "stopped";
  readonly attempts: readonly QuantizeAttempt[];
  /** The first that passes, else the one of highest quality (the wider among equals); undefined where none could be made. */
  readonly kept:
    | { readonly bits: RungBits; readonly result: RungResult<Artifact>; readonly passes: boolean }
    | undefined;
}

/**
 * Tries the profile's widths from fewest bits to most until one keeps its own minimum. Every attempt is recorded; a rung that cannot
 * be made is one too, and the ladder goes on.
 */
export async function climbLadder<Artifact>(job: LadderJob<Artifact>): Promise<LadderResult<Artifact>> {
  const attempts: QuantizeAttempt[] = [];
  let kept: LadderResult<Artifact>["kept"];
  for (const bits of rungsOf(job.profile)) {
    job.signal?.throwIfAborted();
    const { attempt, result } = await tryRung(job, bits);
    attempts.push(attempt);
    job.onAttempt?.(attempt);
    if (result !== undefined && (attempt.status === "pass" || isBetter(result, kept?.result))) {
      kept = { bits, result, passes: attempt.status === "pass" };
    }
    if (attempt.status === "pass") return { status: "pass", attempts, kept };
    if (job.failFast) return { status: "stopped", attempts, kept };
  }
  return { status: "exhausted", attempts, kept };
}

async function tryRung<Artifact>(job: LadderJob<Artifact>, bits: RungBits) {
  const { profile } = job;
  const minimum = profile.minimum_quality[`${bits}`];
  const start = job.now();
  const common = { bits, quality_metric: profile.quality_metric, minimum };
  try {
    const result = await job.make(bits);
    const reason = whyNot(result, minimum, profile);
    const { recipe, quality, cosine, bytes, sha256 } = result;
    const worst = result.worstLayer;
    const attempt: QuantizeAttempt = {
      ...common,
      recipe,
      status: reason === null ? "pass" : "fail",
      reason,
      quality,
      cosine,
      worst_layer: worst === null ? null : { ...worst, minimum_db: profile.minimum_layer_sqnr_db },
      bytes,
      sha256,
      seconds: job.now() - start,
    };
    return { attempt, result };
  } catch (error) {
    job.signal?.throwIfAborted();
    // What is wrong with the request or the disk is wrong at every width.
    if (!(error instanceof HarnessError) || !/^(QUANTIZE_FAILED|QUANTIZE_UNSUPPORTED|RUNTIME_)/.test(error.code))
      throw error;
    const attempt: QuantizeAttempt = {
      ...common,
      recipe: job.nameOf(bits),
      status: "error",
      reason: error.message,
      quality: null,
      cosine: null,
      worst_layer: null,
      bytes: null,
      sha256: null,
      seconds: job.now() - start,
    };
    return { attempt, result: undefined };
  }
}

/** Why an artifact may not be kept; null where it may. What was not measured never passes. */
function whyNot(result: RungResult<unknown>, minimum: number, profile: DeploymentProfile): string | null {
  const { quality, worstLayer } = result;
  if (quality === null || Number.isNaN(quality)) return "its quality could not be measured";
  if (quality < minimum) return `it keeps ${share(quality)} of the original's quality, and must keep ${share(minimum)}`;
  const least = profile.minimum_layer_sqnr_db;
  if (least === null) return null;
  if (worstLayer === null) return "no layer's signal-to-noise ratio could be measured";
  if (worstLayer.sqnr_db < least) {
    return `layer ${worstLayer.name} keeps ${worstLayer.sqnr_db.toFixed(1)} dB, and must keep ${least} dB`;
  }
  return null;
}

/** Rounded down, so that a quality below its minimum does not read as equal to it. */
function share(value: number): string {
  return `${Number((Math.floor(value * 1e6 + 1e-6) / 1e4).toFixed(4))} %`;
}

function isBetter<Artifact>(result: RungResult<Artifact>, than: RungResult<Artifact> | undefined): boolean {
  return than === undefined || (result.quality ?? -1) >= (than.quality ?? -1);
}
