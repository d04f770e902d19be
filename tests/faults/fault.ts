import type { ErrorCode } from "../../harness/domain/errors.ts";
import type { StoredRun } from "./stored-run.ts";

/** How a run with the fault must end; nothing here is a pass. */
export type Ending =
  | { readonly end: "fail" | "inconclusive"; readonly because: RegExp }
  | { readonly end: "refused"; readonly code: ErrorCode; readonly because: RegExp };

/** One thing that went wrong, in one place. */
export interface Fault {
  readonly name: string;
  readonly ending: Ending;
  /** Changes a run with real weights; plan and journal are sealed afterwards, so that no checksum can tell. */
  readonly run?: (run: StoredRun) => void;
  /** Changes files of that run after it was sealed: what a disk, an editor or a bad copy does. */
  readonly files?: (path: string, run: StoredRun) => void;
  /** The policy to decide by: its text, or what is under `gates` (and `alpha`). */
  readonly policy?: string | { readonly gates: readonly object[]; readonly alpha?: unknown };
}

export function fails(because: RegExp): Ending {
  return { end: "fail", because };
}

export function undecided(because: RegExp): Ending {
  return { end: "inconclusive", because };
}

export function refused(because: RegExp, code: ErrorCode = "STORE_CORRUPT"): Ending {
  return { end: "refused", code, because };
}
