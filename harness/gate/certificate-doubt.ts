import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";

/**
 * Why a certificate does not vouch for the time gates of a run; undefined when it does. It must be fit, of this hardware, of as real a
 * runtime, and of a level at most the run's: a machine shown to keep 5 % is not shown to keep 1 %.
 */
export function certificateDoubt(
  certificate: Certificate,
  run: { readonly hardware: string; readonly plan: Pick<Plan, "simulated" | "gates"> },
): string | undefined {
  if (certificate.verdict !== "fit") return `the certificate says unfit: ${certificate.reasons.join("; ")}`;
  if (certificate.hardware_fingerprint !== run.hardware) {
    return `the certificate is of hardware ${certificate.hardware_fingerprint}, the run of ${run.hardware}`;
  }
  if (certificate.simulated !== run.plan.simulated) {
    return certificate.simulated
      ? "the certificate is of a simulated runtime"
      : "the run is simulated, the certificate not";
  }
  const strictest = run.plan.gates
    .filter(({ metric }) => metric === "latency.call" || metric === "throughput.items")
    .reduce((least, { alpha }) => Math.min(least, alpha), 1);
  if (strictest < certificate.alpha) {
    return `the certificate is for alpha ${certificate.alpha}, and a time gate has ${strictest}`;
  }
  return undefined;
}
