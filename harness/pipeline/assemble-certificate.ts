import type { NaiveAlarms } from "../aggregate/twins.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { CERTIFICATE_LEVEL, certifiedShare, certifyVerdict } from "../gate/certify-verdict.ts";
import type { TwinDesign } from "./certify-config.ts";

/** What one session gave. */
export interface CertifySession {
  readonly summary: Summary;
  readonly identical: readonly TwinVerdicts[];
  /** The same twins with their times longer by exactly the margin. */
  readonly atMargin: readonly TwinVerdicts[];
  /** Twins that were slowed while they ran. */
  readonly slowed: readonly TwinVerdicts[];
  readonly naive: readonly NaiveAlarms[];
  readonly trials: readonly TrialLine[];
  readonly isDecided: boolean;
}

/** Verdicts of one twin under the two policies. */
export type TwinVerdicts = { readonly anyRegression: string; readonly nonInferiority: string };

const DESIGN =
  "Every trial is a process of its own and every comparison has its own processes for the twin; the twins of one session share the " +
  "baseline's. That leaves each comparison's error rate as it is but makes those of a session alike, so the limits take sessions as clusters.";

/** The certificate of a set of sessions; rates count the sessions that decided, usual tests and noise all of them. */
export function assembleCertificate(
  sessions: readonly CertifySession[],
  given: {
    readonly plan: Plan;
    readonly design: TwinDesign;
    readonly gate: { readonly alpha: number; readonly margin: number };
    readonly generatedAt: string;
    readonly condition: string | undefined;
  },
): Certificate {
  const { plan, design, gate, generatedAt, condition } = given;
  const [first] = sessions as [CertifySession, ...CertifySession[]];
  const decided = sessions.filter(({ isDecided }) => isDecided);
  const share = <T>(of: (session: CertifySession) => readonly T[], happened: (one: T) => boolean) =>
    certifiedShare(decided.map((session) => ({ n: of(session).length, count: of(session).filter(happened).length })));
  const rate = (
    of: Pick<Certificate["error_rates"][number], "error" | "policy" | "truth">,
    measured: Certificate["error_rates"][number]["share"],
  ) => ({ ...of, share: measured, within: measured.low <= gate.alpha });
  const atMargin = `slower by exactly the margin of ${gate.margin}`;
  const error_rates = [
    rate(
      { error: "false-fail", policy: "any-regression", truth: "identical" },
      share(
        (s) => s.identical,
        ({ anyRegression }) => anyRegression === "fail",
      ),
    ),
    rate(
      { error: "false-pass", policy: "non-inferiority", truth: atMargin },
      share(
        (s) => s.atMargin,
        ({ nonInferiority }) => nonInferiority === "pass",
      ),
    ),
    rate(
      { error: "false-fail", policy: "non-inferiority", truth: atMargin },
      share(
        (s) => s.atMargin,
        ({ nonInferiority }) => nonInferiority === "fail",
      ),
    ),
  ];
  const counts = {
    run: sessions.length,
    decided: decided.length,
    noisy: sessions.filter(({ summary, isDecided }) => !isDecided && summary.state === "complete").length,
    aborted: sessions.filter(({ summary }) => summary.state !== "complete").length,
  };
  const naive = (test: string, key: keyof NaiveAlarms) => ({
    test,
    share: certifiedShare(
      sessions.map((session) => {
        const known = session.naive.filter((alarms) => alarms[key] !== undefined);
        return { n: known.length, count: known.filter((alarms) => alarms[key]).length };
      }),
    ),
  });
  const baseline = first.summary.rows.find(({ role }) => role === "baseline");
  const facts = { alpha: gate.alpha, error_rates, sessions: counts };
  return {
    schema_version: "quantgate.certificate.v1",
    generated_at: generatedAt,
    hardware_fingerprint: first.summary.hardware_fingerprint,
    simulated: plan.simulated,
    name: plan.name,
    config_digest: plan.config_digest,
    model_id: baseline?.model_id ?? "",
    quant_tag: baseline?.quant_tag ?? "",
    commit_sha: plan.commit_sha,
    tool_versions: first.summary.provenance.tool_versions,
    condition: condition ?? "as it was",
    ...facts,
    margin: gate.margin,
    blocks: design.blocks,
    limits_level: CERTIFICATE_LEVEL,
    design: DESIGN,
    twins: design.twins,
    handicapped: design.handicapped,
    handicap: design.handicapped > 0 ? design.handicap : null,
    detection:
      design.handicapped > 0
        ? share(
            (s) => s.slowed,
            ({ anyRegression }) => anyRegression === "fail",
          )
        : null,
    naive: [
      naive("Welch's t on calls, one arm after the other (first half against second half)", "sequentialCalls"),
      naive("Welch's t on process medians, one arm after the other", "sequentialMedians"),
      naive("Welch's t on all calls as if independent", "pooledCalls"),
    ],
    noise: noiseOf(sessions),
    ...certifyVerdict(facts),
    journals: sessions.map(({ summary }) => summary.journal.sha256),
  };
}

function noiseOf(sessions: readonly CertifySession[]): Certificate["noise"] {
  const hosts = sessions.flatMap(({ trials }) => trials.flatMap(({ measured }) => measured?.host ?? []));
  const cvs = sessions.flatMap(({ summary }) => summary.noise.latency_cv?.value ?? []);
  const shares = hosts.map(({ loop_cpu_s, loop_wall_s }) => (loop_cpu_s === null ? null : loop_cpu_s / loop_wall_s));
  return {
    latency_cv_median: quantile(cvs, 0.5),
    latency_cv_max: quantile(cvs, 1),
    cpu_share_median: quantile(shares, 0.5),
    cpu_share_p10: quantile(shares, 0.1),
    pressure_share_median: quantile(
      hosts.map((h) => (h.cpu_pressure_s === null ? null : h.cpu_pressure_s / h.wall_s)),
      0.5,
    ),
    steal_share_median: quantile(
      hosts.map((h) => (h.steal_s === null ? null : h.steal_s / h.wall_s)),
      0.5,
    ),
    load1_median: quantile(
      hosts.map((h) => h.load1),
      0.5,
    ),
  };
}

/** Null where nothing was read. */
function quantile(values: readonly (number | null)[], p: number): number | null {
  const known = Float64Array.from(values.filter((value) => value !== null)).sort();
  return known.length === 0 ? null : (known[Math.min(known.length - 1, Math.floor(p * known.length))] as number);
}
