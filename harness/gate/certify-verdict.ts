import type { Certificate } from "../domain/generated/certificate-v1.ts";
import * as stats from "../stats/index.ts";

/** Level of every limit in a certificate. */
export const CERTIFICATE_LEVEL = 0.99;
/** Above this share of sessions without a decision a machine is no place for latency gates. */
const MOST_UNDECIDED = 0.2;

export type CertifiedShare = Certificate["error_rates"][number]["share"];

/** A share of comparisons; those of one session share a baseline, so sessions are the clusters. */
export function certifiedShare(sessions: readonly { readonly count: number; readonly n: number }[]): CertifiedShare {
  const share = stats.clusteredProportion(sessions, { level: CERTIFICATE_LEVEL });
  return {
    comparisons: share.n,
    count: share.count,
    rate: share.value ?? null,
    low: share.low,
    high: share.high,
    effective_n: share.effectiveN,
  };
}

/** Fit: no error rate is certainly above alpha, and nearly all sessions could decide. The reasons say what is not so. */
export function certifyVerdict(
  certificate: Pick<Certificate, "alpha" | "error_rates" | "sessions">,
): Pick<Certificate, "verdict" | "reasons"> {
  const { alpha, error_rates, sessions } = certificate;
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
  const reasons = error_rates
    .filter(({ share }) => share.low > alpha)
    .map(
      ({ error, policy, share }) =>
        `${policy}: ${error} in ${share.count} of ${share.comparisons} comparisons, at least ${percent(share.low)} where ${percent(alpha)} is promised`,
    );
  if (error_rates.every(({ share }) => share.comparisons === 0)) reasons.push("no comparison was decided");
  const undecided = sessions.run - sessions.decided;
  if (sessions.run > 0 && undecided / sessions.run > MOST_UNDECIDED) {
    reasons.push(
      `${undecided} of ${sessions.run} sessions decided nothing: ${sessions.noisy} noisy, ${sessions.aborted} aborted or broken`,
    );
  }
  return { verdict: reasons.length === 0 ? "fit" : "unfit", reasons };
}
