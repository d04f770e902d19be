import { cellSamples } from "../aggregate/cell-samples.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { type ErrorCode, HarnessError } from "../domain/errors.ts";
import type { Baseline } from "../domain/generated/baseline-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { hostFingerprint } from "../platform/host.ts";
import { checkHealth, type HealthReport } from "../store/baseline-health.ts";
import { type MatchResult, matchBaseline } from "../store/baseline-match.ts";
import { type BaselineEntry, BaselineStore, type PruneResult } from "../store/baseline-store.ts";
import { RunFolder } from "../store/run-folder.ts";
import { actor } from "./actor.ts";
import { compareRuns, type RunComparison } from "./baselines-compare.ts";
import { baselineRow, taskRevisionOf, testIdOf } from "./baselines-row.ts";
import { readRun } from "./read-run.ts";
import { summarize } from "./summarize.ts";

/** Where baselines are, unless told. */
export const STORAGE_ROOT = "baselines";

export interface StoreOptions {
  /** Folder of the store. */
  readonly storageRoot: string;
}

/** What may be overridden of a run's identity in a store. */
export interface Identity {
  readonly testId?: string | undefined;
  readonly taskRevision?: string | undefined;
  readonly hardwareFingerprint?: string | undefined;
}

/** The store in a folder, with this user as the one who acts. */
export function openBaselines(storageRoot: string): BaselineStore {
  return new BaselineStore(storageRoot, { actor: actor() });
}

/** A stored run as a record would keep it, decided again from its journal. */
export interface RunAsBaseline {
  readonly document: Baseline;
  readonly summary: Summary;
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  readonly gates: readonly GateSpecDoc[];
}

/** Reads a run and makes the record of it. Nothing is written. */
export async function readAsBaseline(
  run: string,
  outDir: string,
  options: Identity & { readonly forced?: boolean } = {},
): Promise<RunAsBaseline> {
  const { record, journal } = await readRun(await RunFolder.open(run, outDir));
  const { plan, header } = record;
  const { summary } = summarize(record, journal, { policyDigest: sha256(canonicalJson(plan.gates)) });
  const rows = new Map(summary.rows.map((row) => [row.cell_id, row]));
  const { verdict } = summary.suite;
  const document: Baseline = {
    schema_version: "quantgate.baseline.v1",
    generated_at: header.created_at,
    test_id: options.testId ?? testIdOf(plan),
    task_revision: options.taskRevision ?? taskRevisionOf(plan),
    baseline_ref: header.run_id,
    hardware_fingerprint: options.hardwareFingerprint ?? header.host.hard,
    execution_lane: plan.execution_lane,
    vram_profile: plan.vram_profile,
    simulated: plan.simulated,
    verdict,
    forced: options.forced === true && verdict !== "pass",
    journal_sha256: journal.sha256,
    host: { soft: header.host.soft, facts: header.host.facts },
    dataset: { id: plan.dataset.id, digest: plan.dataset.digest, count: plan.dataset.count },
    provenance: summary.provenance,
    rows: cellSamples(record).map((sample) => baselineRow(record, sample, rows.get(sample.cell.cell_id) as SummaryRow)),
  };
  return { document, summary, labels: record.labels, classNames: plan.dataset.class_names, gates: plan.gates };
}

/** Records a run as a baseline. BASELINE_NOT_PASSING unless its suite passes or `force` is given; the log says which it was. */
export async function recordBaseline(
  options: StoreOptions &
    Identity & {
      readonly run: string;
      readonly outDir: string;
      readonly force?: boolean | undefined;
      readonly reason?: string | undefined;
    },
): Promise<{ entry: BaselineEntry; isNew: boolean }> {
  const { document, summary } = await readAsBaseline(options.run, options.outDir, {
    ...options,
    forced: options.force === true,
  });
  if (document.verdict !== "pass" && options.force !== true) {
    const why = summary.suite.reasons[0];
    throw new HarnessError(
      "BASELINE_NOT_PASSING",
      `The run ${document.baseline_ref} does not pass (${document.verdict}${why === undefined ? "" : `: ${why}`}), so it is no baseline`,
      { hint: "Record a passing run; --force records this one and leaves a line in the audit log." },
    );
  }
  return openBaselines(options.storageRoot).record(document, options.reason ?? null);
}

/** Looks for the baseline of a run, or of a test id with its revision. Never throws for a mismatch: the result names it. */
export async function resolveBaseline(
  options: StoreOptions &
    Identity & {
      readonly run?: string | undefined;
      readonly outDir: string;
      readonly baselineRef?: string | undefined;
      readonly pinned?: boolean | undefined;
    },
): Promise<{ match: MatchResult; baseline: Baseline | undefined; run: RunAsBaseline | undefined }> {
  const run = options.run === undefined ? undefined : await readAsBaseline(options.run, options.outDir, options);
  const { hard, soft } = run === undefined ? hostFingerprint() : hardwareOf(run.document);
  const testId = run?.document.test_id ?? options.testId;
  const revision = run?.document.task_revision ?? options.taskRevision;
  if (testId === undefined || revision === undefined) {
    throw new HarnessError("CONFIG_USAGE", "What a baseline is wanted for is not said", {
      hint: "Give --run, or both --test-id and --task-revision (baselines list shows them).",
    });
  }
  const store = openBaselines(options.storageRoot);
  const held = await store.list();
  const match = matchBaseline(
    {
      testId,
      revision,
      hard: options.hardwareFingerprint ?? hard,
      soft: options.hardwareFingerprint === undefined ? soft : undefined,
      ref: options.baselineRef,
      pinned: options.pinned === true,
    },
    // A run is no baseline of itself.
    { ...held, entries: held.entries.filter((entry) => entry.ref !== run?.document.baseline_ref) },
  );
  const baseline = match.status === "resolved" ? await store.read(match.entry) : undefined;
  return { match, baseline, run };
}

function hardwareOf({ hardware_fingerprint: hard, host }: Baseline): { hard: string; soft: string } {
  return { hard, soft: host.soft };
}

const MISMATCH_CODES = {
  NO_BASELINE: "BASELINE_MISSING",
  REV_MISMATCH: "BASELINE_REV_MISMATCH",
  HW_MISMATCH: "BASELINE_HW_MISMATCH",
} as const satisfies Record<string, ErrorCode>;

/** The error of a match that failed, with its nearest candidates in the hint. */
export function mismatchError(match: Exclude<MatchResult, { status: "resolved" }>): HarnessError {
  const near = match.candidates.map(({ entry, why }) => `${entry.ref} (${why})`).join("; ");
  return new HarnessError(MISMATCH_CODES[match.status], `${match.status}: ${match.message}`, {
    hint: near === "" ? "Record one: quantgate baselines record --run RUN." : `Nearest: ${near}.`,
  });
}

/** A run against its baseline. BASELINE_MISSING, BASELINE_REV_MISMATCH or BASELINE_HW_MISMATCH where there is none that fits. */
export async function compareWithBaseline(
  options: StoreOptions &
    Identity & {
      readonly run: string;
      readonly outDir: string;
      readonly baselineRef?: string | undefined;
      readonly pinned?: boolean | undefined;
      readonly gates?: readonly GateSpecDoc[];
    },
): Promise<{ comparison: RunComparison; notes: readonly string[]; run: RunAsBaseline }> {
  const { match, baseline, run } = await resolveBaseline(options);
  if (match.status !== "resolved") throw mismatchError(match);
  if (baseline === undefined || run === undefined) throw new Error("a resolved match of a run has both");
  const { labels, classNames } = run;
  const comparison = compareRuns(run.document, baseline, { gates: options.gates ?? run.gates, labels, classNames });
  return { comparison, notes: match.notes, run };
}

/** The one record that a ref names; with `testId`, of that test. BASELINE_MISSING, or CONFIG_USAGE where two tests have it. */
export async function findBaseline(
  options: StoreOptions & { readonly baselineRef: string; readonly testId?: string | undefined },
): Promise<{ store: BaselineStore; entry: BaselineEntry }> {
  const store = openBaselines(options.storageRoot);
  const { entries, quarantined } = await store.list();
  const fits = (other: { test_id: string; ref: string }) =>
    other.ref === options.baselineRef && (options.testId === undefined || other.test_id === options.testId);
  const [entry, second] = entries.filter(fits);
  if (entry === undefined) {
    const setAside = quarantined.find(fits);
    const why = setAside === undefined ? "" : `; it is in quarantine: ${setAside.why}`;
    throw new HarnessError("BASELINE_MISSING", `There is no baseline ${options.baselineRef}${why}`, {
      hint: "quantgate baselines list names what is there.",
    });
  }
  if (second !== undefined) {
    throw new HarnessError("CONFIG_USAGE", `${options.baselineRef} is recorded for several tests`, {
      hint: `Add --test-id, e.g. ${JSON.stringify(entry.test_id)}.`,
    });
  }
  return { store, entry };
}

/** Removes all but the newest unpinned records of each test. */
export async function pruneBaselines(
  options: StoreOptions & {
    readonly keepLast: number;
    readonly testId?: string | undefined;
    readonly dryRun?: boolean;
  },
): Promise<PruneResult> {
  return openBaselines(options.storageRoot).prune(options);
}

/** Compares the store with its audit log; sets aside what is corrupt. */
export async function baselineHealth(
  options: StoreOptions & { readonly deep?: boolean; readonly repair?: boolean },
): Promise<HealthReport> {
  const { layout } = openBaselines(options.storageRoot);
  return checkHealth(layout, { actor: actor(), deep: options.deep === true, repair: options.repair === true });
}
