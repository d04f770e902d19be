import type { DetectionSet } from "../domain/detection-set.ts";
import type {
  ArrayRef,
  JournalHeader,
  SidecarLine,
  StepLine,
  TrialLine,
  VariantLine,
} from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Replies } from "../domain/generated/replies-v1.ts";

/** What a run left behind, read back: all that aggregation needs. */
export interface RunRecord {
  readonly plan: Plan;
  readonly header: JournalHeader;
  /** Prepare steps; absent: the run had none. */
  readonly steps?: readonly StepLine[];
  readonly variants: readonly VariantLine[];
  readonly trials: readonly TrialLine[];
  /** Absent: no cell had one. */
  readonly sidecars?: readonly SidecarLine[];
  /** Label of each item, in dataset order. */
  readonly labels: Int32Array;
  /** Boxes to be found, where items have no labels. */
  readonly boxes?: DetectionSet;
  /** The random item order of a run that may stop early, and what its stopping rule made needless. */
  readonly early?: { readonly order: Int32Array; readonly skipped: ReadonlySet<string> };
  /** Answers of language models, by trial; absent: there are none. */
  readonly replies?: ReadonlyMap<string, Replies>;
  /** Stored arrays by reference; every one that the journal names has been read and its digest checked. */
  readonly floats: (ref: ArrayRef) => Float32Array;
}

/** Bit i (least significant first) of base64 text, as one byte an item. Throws RangeError when the text is too short. */
export function unpackBits(base64: string, count: number): Uint8Array {
  const text = atob(base64);
  if (text.length * 8 < count) throw new RangeError(`${text.length * 8} bits for ${count} items`);
  return Uint8Array.from({ length: count }, (_, i) => (text.charCodeAt(i >> 3) >> (i & 7)) & 1);
}

/** The inverse of {@link unpackBits}. */
export function packBits(flags: ArrayLike<number>): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) if (flags[i]) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
