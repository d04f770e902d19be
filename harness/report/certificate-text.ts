import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { TextOptions } from "./text-options.ts";

type Share = Certificate["error_rates"][number]["share"];

/** A certificate as a few lines: what was compared, each rate with its limits, the usual tests beside it, and the verdict. */
export function renderCertificate(certificate: Certificate, _options: TextOptions): string {
  const { sessions, blocks, alpha, margin, noise } = certificate;
  const lines = [
    `A/A of ${certificate.model_id}/${certificate.quant_tag}${certificate.simulated ? " · SIMULATED" : ""} · ${sessions.run} sessions of ${blocks} blocks · condition: ${certificate.condition}`,
    `latency gate: margin ${percent(margin)}, alpha ${percent(alpha)}, limits ${percent(certificate.limits_level, 0)}`,
    "",
    ...certificate.error_rates.map((rate) => `${rate.policy}, ${rate.truth}: ${rate.error} ${shareText(rate.share)}`),
    ...(certificate.detection === null
      ? []
      : [`any-regression, slower by ${percent(certificate.handicap ?? 0)}: found ${shareText(certificate.detection)}`]),
    "",
    "the same data under usual tests, false alarms on identical code",
    ...certificate.naive.map(({ test, share }) => `  ${test}: ${shareText(share)}`),
    "",
    `noise: CV of the baseline ${known(noise.latency_cv_median)} (largest ${known(noise.latency_cv_max)}); ` +
      `CPU per wall second ${known(noise.cpu_share_median)}; CPU pressure ${known(noise.pressure_share_median)} of the time; ` +
      `${sessions.noisy} of ${sessions.run} sessions noisy, ${sessions.aborted} aborted`,
    "",
    certificate.verdict === "fit"
      ? "FIT: latency gates can be relied on here, as far as these comparisons show."
      : `UNFIT: ${certificate.reasons.join("; ")}.`,
  ];
  return lines.join("\n");
}

function shareText({ comparisons, count, rate, low, high }: Share): string {
  if (rate === null) return "not measured";
  return `${count} of ${comparisons}, ${percent(rate)} [${percent(low)}, ${percent(high)}]`;
}

function percent(x: number, digits = 1): string {
  return `${(100 * x).toFixed(digits)} %`;
}

function known(x: number | null): string {
  return x === null ? "unknown" : percent(x);
}
