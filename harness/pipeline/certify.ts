import { join, resolve } from "node:path";
import { type CellSamples, cellSamples } from "../aggregate/cell-samples.ts";
import { type NaiveAlarms, naiveAlarms } from "../aggregate/twins.ts";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { MatrixConfig } from "../domain/generated/config-v1.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { CERTIFICATE_LEVEL, certifiedShare, certifyVerdict } from "../gate/certify-verdict.ts";
import { type Clock, isoTime, secondsSince, systemClock } from "../platform/clock.ts";
import { atomicWrite } from "../platform/files.ts";
import { validator } from "../platform/schema.ts";
import { embeddedConfigPath, pathRoots, readConfig } from "../store/config-file.ts";
import { RunFolder } from "../store/run-folder.ts";
import { AA_GATES, latencyGateOf, type TwinConfig, type TwinDesign, twinConfig } from "./certify-config.ts";
import { gatherInputs } from "./gather-inputs.ts";
import { readRun } from "./read-run.ts";
import { sweepInputs } from "./sweep.ts";

export interface CertifyOptions {
  /** Path of a config; default: the embedded digits. */
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  /** Comparisons of the baseline with an identical twin; whole sessions, so perhaps a few more. Default 20. */
  readonly comparisons?: number | undefined;
  /** Identical twins a session, default 2, and slowed ones, default 2. */
  readonly twins?: number | undefined;
  readonly handicapped?: number | undefined;
  /** Share by which the slowed twins are slowed; default: the margin of the latency gate. */
  readonly handicap?: number | undefined;
  /** Blocks a session; default: the config's runs_per_quant. */
  readonly blocks?: number | undefined;
  /** No session begins after this long; the certificate then holds fewer comparisons than asked. */
  readonly maxMinutes?: number | undefined;
  /** What else the machine does meanwhile, in words, for the record. */
  readonly condition?: string | undefined;
  /** Folder of the sessions' runs and of certificate.json; default `results/certify`. */
  readonly outDir?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: { readonly done: number; readonly sessions: number }) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly clock?: Clock;
}

export interface CertifyResult {
  readonly certificate: Certificate;
  readonly path: string;
}

/** What one session gave. */
interface Session {
  readonly summary: Summary;
  readonly identical: readonly Verdicts[];
  readonly slowed: readonly Verdicts[];
  readonly naive: readonly NaiveAlarms[];
  readonly trials: readonly TrialLine[];
  readonly isDecided: boolean;
}

type Verdicts = { readonly anyRegression: string; readonly nonInferiority: string };

const DESIGN =
  "Every trial is a process of its own and every comparison has its own processes for the twin; the twins of one session share the " +
  "baseline's. That leaves each comparison's error rate as it is but makes those of a session alike, so the limits take sessions as clusters.";

/**
 * A/A on this machine with this config: sessions of the real pipeline in which the baseline meets identical twins of itself, and twins
 * slowed by exactly the margin. Nothing is decided here: the verdicts are read off each session's summary.
 */
export async function certify(options: CertifyOptions = {}): Promise<CertifyResult> {
  const { cwd = process.cwd(), env = process.env, clock = systemClock, signal } = options;
  const configPath = options.config ?? embeddedConfigPath();
  const raw = await readConfig(resolve(cwd, configPath));
  const roots = pathRoots({
    configPath,
    flag: options.dataDir,
    env: env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd,
  });
  const { plan } = await gatherInputs({ raw, flags: {}, roots });
  const { twins = 2, handicapped = 2, comparisons = 20 } = options;
  if (twins + handicapped < 1) {
    throw new HarnessError("CONFIG_USAGE", "There is no twin to compare with", { hint: "Give --twins 1 or more." });
  }
  const gate = latencyGateOf(plan);
  const design = {
    twins,
    handicapped,
    handicap: options.handicap ?? gate.margin,
    blocks: options.blocks ?? plan.trial_counts.per_cell,
  };
  const outDir = resolve(cwd, options.outDir ?? join("results", "certify"));
  const total = Math.ceil(comparisons / Math.max(1, twins === 0 ? handicapped : twins));
  const generatedAt = isoTime(clock);
  const sessions: Session[] = [];
  const start = clock.monotonicNs();
  for (let index = 0; index < total; index++) {
    signal?.throwIfAborted();
    if (index > 0 && secondsSince(clock, start) > (options.maxMinutes ?? Infinity) * 60) break;
    const seed = plan.experimental_controls.seed + index;
    const twin = twinConfig(raw, plan, { ...design, seed });
    sessions.push(await runSession(twin, { ...options, outDir, roots, alpha: gate.alpha }));
    options.onProgress?.({ done: index + 1, sessions: total });
  }
  const certificate = assemble(sessions, { plan, design: { ...design, seed: 0 }, gate, generatedAt, options });
  validator.validate("certificate.v1", certificate, { what: "the certificate", code: "STORE_SCHEMA" });
  const path = join(outDir, "certificate.json");
  await atomicWrite(path, artifactJson(certificate));
  return { certificate, path };
}

async function runSession(
  { raw, handicaps, twinIds, handicappedIds }: TwinConfig,
  options: CertifyOptions & { outDir: string; roots: Parameters<typeof gatherInputs>[0]["roots"]; alpha: number },
): Promise<Session> {
  const inputs = await gatherInputs({ raw: raw as MatrixConfig, flags: {}, roots: options.roots, handicaps });
  const { cwd, env, clock, signal, outDir } = options;
  const result = await sweepInputs(inputs, {
    outDir,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(clock === undefined ? {} : { clock }),
    ...(signal === undefined ? {} : { signal }),
  });
  const { record } = await readRun(await RunFolder.open(result.runFolder, outDir));
  const samples = cellSamples(record);
  const baseline = samples.find(({ cell }) => cell.cell_id === cell.baseline_cell_id) as CellSamples;
  const verdictsOf = (ids: readonly string[]) =>
    ids.map((id): Verdicts => {
      const gates = result.summary.rows.find((row) => row.quant_tag === id)?.gates ?? [];
      const verdict = (gateId: string) => gates.find((g) => g.gate_id === gateId)?.verdict ?? "inconclusive";
      return { anyRegression: verdict(AA_GATES.anyRegression), nonInferiority: verdict(AA_GATES.nonInferiority) };
    });
  const isNoisy = result.summary.rows.some((row) => row.run_quality_status !== "ok");
  const isDecided = result.summary.state === "complete" && !isNoisy;
  return {
    summary: result.summary,
    identical: verdictsOf(twinIds),
    slowed: verdictsOf(handicappedIds),
    naive: samples
      .filter(({ variant }) => twinIds.includes(variant.quant_tag))
      .map((twin) => naiveAlarms(baseline, twin, options.alpha)),
    trials: record.trials.filter((trial) => trial.trial_kind === "trial"),
    isDecided,
  };
}

function assemble(
  sessions: readonly Session[],
  given: {
    readonly plan: Plan;
    readonly design: TwinDesign;
    readonly gate: { readonly alpha: number; readonly margin: number };
    readonly generatedAt: string;
    readonly options: CertifyOptions;
  },
): Certificate {
  const { plan, design, gate, generatedAt, options } = given;
  const [first] = sessions as [Session, ...Session[]];
  const decided = sessions.filter(({ isDecided }) => isDecided);
  const share = <T>(of: (session: Session) => readonly T[], happened: (one: T) => boolean) =>
    certifiedShare(decided.map((session) => ({ n: of(session).length, count: of(session).filter(happened).length })));
  const slowedExactly = design.handicap === gate.margin;
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
    ...(design.handicapped > 0 && slowedExactly
      ? [
          rate(
            { error: "false-pass", policy: "non-inferiority", truth: atMargin },
            share(
              (s) => s.slowed,
              ({ nonInferiority }) => nonInferiority === "pass",
            ),
          ),
          rate(
            { error: "false-fail", policy: "non-inferiority", truth: atMargin },
            share(
              (s) => s.slowed,
              ({ nonInferiority }) => nonInferiority === "fail",
            ),
          ),
        ]
      : []),
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
    condition: options.condition ?? "as it was",
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

function noiseOf(sessions: readonly Session[]): Certificate["noise"] {
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
