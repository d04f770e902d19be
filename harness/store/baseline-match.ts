import type { QuarantinedEntry } from "../domain/generated/baseline-index-v1.ts";
import { nearestWord } from "../domain/nearest-word.ts";
import type { BaselineEntry } from "./baseline-store.ts";

/** What a baseline is looked for with. */
export interface BaselineQuery {
  readonly testId: string;
  readonly revision: string;
  readonly hard: string;
  /** Differing is worth a note; undefined asks for none. */
  readonly soft?: string | undefined;
  /** Exactly this one or none. */
  readonly ref?: string | undefined;
  /** Only pinned ones. */
  readonly pinned?: boolean;
}

/** A record that is near but not it. */
export interface Candidate {
  readonly entry: BaselineEntry;
  readonly why: string;
}

export type MatchResult =
  | { readonly status: "resolved"; readonly entry: BaselineEntry; readonly notes: readonly string[] }
  | {
      readonly status: "NO_BASELINE" | "REV_MISMATCH" | "HW_MISMATCH";
      readonly message: string;
      readonly candidates: readonly Candidate[];
    };

const CANDIDATES = 3;

/**
 * The newest recorded baseline that fits: test, then revision, then hardware. Where none does the result says which of them does
 * not, with the nearest candidates; a `ref` that does not fit is never replaced by another record.
 */
export function matchBaseline(
  query: BaselineQuery,
  store: { readonly entries: readonly BaselineEntry[]; readonly quarantined: readonly QuarantinedEntry[] },
): MatchResult {
  const { testId, revision, hard, ref } = query;
  // Newest line of the log first.
  const all = store.entries.filter((entry) => query.pinned !== true || entry.pinned).reverse();
  const named = ref === undefined ? all : all.filter((entry) => entry.ref === ref);
  const what = `${query.pinned === true ? "pinned " : ""}baseline`;
  const ofTest = named.filter((entry) => entry.test_id === testId);
  if (ofTest.length === 0) return noBaseline(query, what, all, named, store.quarantined);
  const ofRevision = ofTest.filter((entry) => entry.revision === revision);
  if (ofRevision.length === 0) {
    return {
      status: "REV_MISMATCH",
      message: `Every ${what} of ${testId}${refText(ref)} is of another task revision than ${revision}`,
      candidates: nearest(ofTest, hard, (entry) => `revision ${entry.revision}`),
    };
  }
  const fitting = ofRevision.filter((entry) => entry.hard === hard);
  const [entry] = fitting;
  if (entry === undefined) {
    return {
      status: "HW_MISMATCH",
      message: `Every ${what} of ${testId}${refText(ref)} was measured on other hardware than ${hard}`,
      candidates: nearest(ofRevision, hard, (other) => `hardware ${other.hard}`),
    };
  }
  const notes: string[] = [];
  if (query.soft !== undefined && entry.soft !== query.soft)
    notes.push("kernel, microcode or image differ from the baseline's machine");
  if (entry.forced) notes.push(`it was recorded by force; its run's verdict is ${entry.verdict}`);
  if (ref === undefined && store.quarantined.some((other) => other.test_id === testId))
    notes.push("another record of this test is in quarantine");
  return { status: "resolved", entry, notes };
}

function noBaseline(
  { testId, ref }: BaselineQuery,
  what: string,
  all: readonly BaselineEntry[],
  named: readonly BaselineEntry[],
  quarantined: readonly QuarantinedEntry[],
): MatchResult {
  const setAside = quarantined.find((entry) => entry.test_id === testId && entry.ref === ref);
  const why = setAside === undefined ? "" : `; it is in quarantine: ${setAside.why}`;
  const message =
    ref === undefined ? `There is no ${what} of ${testId}` : `There is no ${what} ${ref} of ${testId}${why}`;
  return { status: "NO_BASELINE", message, candidates: candidatesFor({ testId, ref, all, named }) };
}

function candidatesFor(options: {
  readonly testId: string;
  readonly ref: string | undefined;
  readonly all: readonly BaselineEntry[];
  readonly named: readonly BaselineEntry[];
}): Candidate[] {
  const { testId, ref, all, named } = options;
  if (named.length > 0 && ref !== undefined)
    return named.slice(0, CANDIDATES).map((entry) => ({ entry, why: `test ${entry.test_id}` }));
  const ofTest = all.filter((entry) => entry.test_id === testId);
  if (ref !== undefined && ofTest.length > 0) {
    const refs = ofTest.slice(0, 1000).map((entry) => entry.ref);
    const near = nearestWord(ref, refs);
    const first = ofTest.find((entry) => entry.ref === near);
    const others = ofTest.filter((entry) => entry !== first);
    return [...(first === undefined ? [] : [first]), ...others]
      .slice(0, CANDIDATES)
      .map((entry) => ({ entry, why: `ref ${entry.ref}` }));
  }
  const near = nearestWord(testId, [...new Set(all.map((entry) => entry.test_id))].slice(0, 1000));
  const chosen = near === undefined ? all : all.filter((entry) => entry.test_id === near);
  return chosen.slice(0, CANDIDATES).map((entry) => ({ entry, why: `test ${entry.test_id}` }));
}

/** Records on the same hardware first, newest first. */
function nearest(entries: readonly BaselineEntry[], hard: string, why: (entry: BaselineEntry) => string): Candidate[] {
  const same = entries.filter((entry) => entry.hard === hard);
  const others = entries.filter((entry) => entry.hard !== hard);
  return [...same, ...others].slice(0, CANDIDATES).map((entry) => ({ entry, why: why(entry) }));
}

function refText(ref: string | undefined): string {
  return ref === undefined ? "" : ` named ${ref}`;
}
