import { artifactJson } from "../../domain/canonical-json.ts";
import { ERROR_CODES } from "../../domain/errors.ts";
import {
  baselineHealth,
  compareWithBaseline,
  findBaseline,
  type Identity,
  mismatchError,
  openBaselines,
  pruneBaselines,
  recordBaseline,
  resolveBaseline,
} from "../../pipeline/baselines.ts";
import { renderBaselines, renderComparison, renderHealth, renderPrune } from "../../report/baselines-text.ts";
import { textOptions } from "../terminal.ts";

/** What commander hands to the commands of the store. */
export interface BaselineFlags extends Identity {
  readonly storageRoot: string;
  readonly json?: boolean;
}

type RefFlags = BaselineFlags & { readonly baselineRef: string; readonly reason?: string };

function print(flags: { readonly json?: boolean }, document: object, text: () => string): void {
  process.stdout.write(flags.json ? artifactJson(document) : `${text()}\n`);
}

/** Records a run. */
export async function runRecord(
  flags: BaselineFlags & {
    readonly run: string;
    readonly outDir: string;
    readonly force?: boolean;
    readonly reason?: string;
  },
): Promise<number> {
  const { entry, isNew } = await recordBaseline(flags);
  const forced = entry.forced ? ` by force (its verdict is ${entry.verdict})` : "";
  print(flags, { entry, is_new: isNew }, () =>
    isNew
      ? `recorded ${entry.ref} of ${entry.test_id}${forced}`
      : `${entry.ref} of ${entry.test_id} is recorded already`,
  );
  return 0;
}

/** Lists records, newest last. */
export async function runList(flags: BaselineFlags): Promise<number> {
  const { entries, quarantined } = await openBaselines(flags.storageRoot).list();
  const fits = (test: string) => flags.testId === undefined || test === flags.testId;
  const shown = entries.filter(
    (entry) =>
      fits(entry.test_id) &&
      (flags.taskRevision === undefined || entry.revision === flags.taskRevision) &&
      (flags.hardwareFingerprint === undefined || entry.hard === flags.hardwareFingerprint),
  );
  const setAside = quarantined.filter((entry) => fits(entry.test_id));
  print(flags, { entries: shown, quarantined: setAside }, () =>
    renderBaselines(shown, setAside, textOptions(process.stdout, process.env)),
  );
  return 0;
}

/** Prints one record whole. */
export async function runShow(flags: RefFlags): Promise<number> {
  const { store, entry } = await findBaseline(flags);
  process.stdout.write(artifactJson(await store.read(entry)));
  return 0;
}

/** Finds the baseline of a run or a test; a mismatch is printed with candidates and ends in its error's exit code. */
export async function runResolve(
  flags: BaselineFlags & {
    readonly run?: string;
    readonly outDir: string;
    readonly baselineRef?: string;
    readonly pinned?: boolean;
  },
): Promise<number> {
  const { match } = await resolveBaseline(flags);
  if (match.status === "resolved") {
    print(flags, match, () =>
      [`${match.entry.ref} of ${match.entry.test_id}`, ...match.notes.map((note) => `note: ${note}`)].join("\n"),
    );
    return 0;
  }
  const error = mismatchError(match);
  if (!flags.json) throw error;
  process.stdout.write(artifactJson(match));
  return error.exitCode;
}

/** Compares the store with its log. */
export async function runHealth(
  flags: BaselineFlags & { readonly deep?: boolean; readonly repair?: boolean },
): Promise<number> {
  const report = await baselineHealth(flags);
  print(flags, report, () => renderHealth(report));
  return report.sound ? 0 : ERROR_CODES.STORE_CORRUPT;
}

/** Removes old unpinned records. */
export async function runPrune(
  flags: BaselineFlags & { readonly keepLast: number; readonly dryRun?: boolean },
): Promise<number> {
  const result = await pruneBaselines(flags);
  print(flags, { ...result, dry_run: flags.dryRun === true }, () => renderPrune(result, flags.dryRun === true));
  return 0;
}

/** Protects a record from prune. */
export async function runPin(flags: RefFlags): Promise<number> {
  return setPinned(flags, true);
}

/** Takes the protection back. */
export async function runUnpin(flags: RefFlags): Promise<number> {
  return setPinned(flags, false);
}

async function setPinned(flags: RefFlags, pinned: boolean): Promise<number> {
  const { store, entry } = await findBaseline(flags);
  const { isNew } = await store.setPinned(entry, pinned, flags.reason ?? null);
  const word = pinned ? "pinned" : "unpinned";
  const { test_id, ref } = entry;
  print(flags, { test_id, ref, pinned, is_new: isNew }, () =>
    isNew ? `${word} ${ref} of ${test_id}` : `${ref} of ${test_id} was ${word} already`,
  );
  return 0;
}

/** A run against its baseline: 0 no regression, 3 a regression, 4 undecided. */
export async function runCompare(
  flags: BaselineFlags & {
    readonly run: string;
    readonly outDir: string;
    readonly baselineRef?: string;
    readonly pinned?: boolean;
  },
): Promise<number> {
  const { comparison, notes } = await compareWithBaseline(flags);
  print(flags, { ...comparison, notes }, () => renderComparison(comparison, notes));
  return { pass: 0, fail: 3, inconclusive: 4 }[comparison.verdict];
}
