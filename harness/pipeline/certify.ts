import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type CellSamples, cellSamples } from "../aggregate/cell-samples.ts";
import { naiveAlarms, slowedRecord } from "../aggregate/twins.ts";
import { artifactJson, canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { MatrixConfig } from "../domain/generated/config-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { type Clock, isoTime, secondsSince, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { validator } from "../platform/schema.ts";
import { embeddedConfigPath, pathRoots, readConfig } from "../store/config-file.ts";
import { RunFolder } from "../store/run-folder.ts";
import { assembleCertificate, type CertifySession, type TwinVerdicts } from "./assemble-certificate.ts";
import { AA_GATES, latencyGateOf, type TwinConfig, twinConfig } from "./certify-config.ts";
import { gatherInputs } from "./gather-inputs.ts";
import { readRun } from "./read-run.ts";
import { summarize } from "./summarize.ts";
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
  /** Takes over finished sessions of the same plans under `outDir`, from a call that was interrupted. */
  readonly resume?: boolean | undefined;
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

/**
 * A/A on this machine with this config: sessions of the real pipeline in which the baseline meets identical twins of itself, and twins
 * that were slowed while they ran. The verdicts are those of the session's own decision, once on the times as they were and once with
 * those of the identical twins longer by exactly the margin.
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
  const sessions: CertifySession[] = [];
  const start = clock.monotonicNs();
  for (let index = 0; index < total; index++) {
    signal?.throwIfAborted();
    if (index > 0 && secondsSince(clock, start) > (options.maxMinutes ?? Infinity) * 60) break;
    const seed = plan.experimental_controls.seed + index;
    const twin = twinConfig(raw, plan, { ...design, seed });
    sessions.push(await runSession(twin, { ...options, outDir, roots, gate }));
    options.onProgress?.({ done: index + 1, sessions: total });
  }
  const certificate = assembleCertificate(sessions, {
    plan,
    design: { ...design, seed: 0 },
    gate,
    generatedAt,
    condition: options.condition,
  });
  validator.validate("certificate.v1", certificate, { what: "the certificate", code: "STORE_SCHEMA" });
  const path = join(outDir, "certificate.json");
  await atomicWrite(path, artifactJson(certificate));
  return { certificate, path };
}

async function runSession(
  { raw, handicaps, twinIds, handicappedIds }: TwinConfig,
  options: CertifyOptions & {
    outDir: string;
    roots: Parameters<typeof gatherInputs>[0]["roots"];
    gate: { alpha: number; margin: number };
  },
): Promise<CertifySession> {
  const inputs = await gatherInputs({ raw: raw as MatrixConfig, flags: {}, roots: options.roots, handicaps });
  const { cwd, env, clock, signal, outDir } = options;
  const folder =
    (options.resume ? await finishedRun(outDir, inputs.plan.plan_digest) : undefined) ??
    (await RunFolder.open(
      (
        await sweepInputs(inputs, {
          outDir,
          ...(cwd === undefined ? {} : { cwd }),
          ...(env === undefined ? {} : { env }),
          ...(clock === undefined ? {} : { clock }),
          ...(signal === undefined ? {} : { signal }),
        })
      ).runFolder,
      outDir,
    ));
  // Decided from the journal in either case: what is stored is never trusted.
  const { record, journal } = await readRun(folder);
  const { alpha, margin } = options.gate;
  const policyDigest = sha256(canonicalJson(record.plan.gates));
  const { summary } = summarize(record, journal, { policyDigest });
  const atMargin = summarize(slowedRecord(record, twinIds, margin), journal, { policyDigest });
  const samples = cellSamples(record);
  const baseline = samples.find(({ cell }) => cell.cell_id === cell.baseline_cell_id) as CellSamples;
  const verdictsOf = (ids: readonly string[], { rows }: Summary) =>
    ids.map((id): TwinVerdicts => {
      const gates = rows.find((row) => row.quant_tag === id)?.gates ?? [];
      const verdict = (gateId: string) => gates.find((g) => g.gate_id === gateId)?.verdict ?? "inconclusive";
      return { anyRegression: verdict(AA_GATES.anyRegression), nonInferiority: verdict(AA_GATES.nonInferiority) };
    });
  // What leaves a time undecided; trials that are only marked as disturbed still decide, and their errors count.
  const isDoubted = summary.rows.some(({ gates }) =>
    gates.some(({ reasons }) => reasons.includes("noisy") || reasons.includes("polluted")),
  );
  const isDecided = summary.state === "complete" && !isDoubted;
  return {
    summary,
    identical: verdictsOf(twinIds, summary),
    atMargin: verdictsOf(twinIds, atMargin.summary),
    slowed: verdictsOf(handicappedIds, summary),
    naive: samples
      .filter(({ variant }) => twinIds.includes(variant.quant_tag))
      .map((twin) => naiveAlarms(baseline, twin, alpha)),
    trials: record.trials.filter((trial) => trial.trial_kind === "trial"),
    isDecided,
  };
}

/** A finished session of this very plan from an earlier call that was interrupted. */
async function finishedRun(outDir: string, digest: string): Promise<RunFolder | undefined> {
  const names = await readdir(outDir).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(`-${digest.slice(0, 8)}`)).sort()) {
    const folder = await RunFolder.open(join(outDir, name), outDir).catch(() => undefined);
    const run = folder && (await readRun(folder).catch(() => undefined));
    if (folder && run?.journal.end !== undefined && run.record.plan.plan_digest === digest) return folder;
  }
  return undefined;
}
