/** Items answered by both arms: a both right, b only the baseline, c only the candidate, d none. The drop is (b - c)/n, + is worse. */
export interface PairedTable {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Paired scores of the same items in baseline and candidate. */
export interface PairedScores {
  /** Items. */
  readonly n: number;
  /** Sum of the candidate's item scores, 0..n. */
  readonly total: number;
  /** Where all scores are 0 or 1. */
  readonly table: PairedTable | undefined;
  /** Baseline minus candidate, an item each (+ is worse), where scores are not all 0 or 1. */
  readonly differences: Float64Array | undefined;
  /** Every item whose runs disagree counted against the candidate; equal to `table` where there is one. */
  readonly strict: PairedTable;
}

/** What host readings say about the blocks of a pair. */
export interface BlockPollution {
  /** Blocks in which both arms completed. */
  readonly blocks: number;
  /** Of those, blocks in which either arm was starved of CPU. */
  readonly starved: number;
  /** Too many were: time gates of this pair are inconclusive instead of wrong. */
  readonly isPolluted: boolean;
}

/** A metric's value in the blocks where it was measured, in its base unit. */
export interface BlockValues {
  /** Of the cell itself, one a block. */
  readonly own: Float64Array;
  /** Candidate minus baseline, one a block with both. */
  readonly differences: Float64Array;
}

export type BlockMetric =
  | "latency.call"
  | "latency.ttft"
  | "memory.peak_rss"
  | "throughput.items"
  | "throughput.decode"
  | "throughput.prefill";

/** Items that both arms evaluated so far, in the run's uniformly random order; what tests that may stop early read. */
export interface ItemSequence {
  /** 1 where the arm was right, one an item. */
  readonly baseline: Uint8Array;
  readonly candidate: Uint8Array;
  /** Class of each item. */
  readonly labels: Int32Array;
}

/** Present where the run may stop early: verdicts then rest on e-processes, which hold whenever one looks. */
export interface EarlyStop {
  readonly claim: "super-population" | "finite-set";
  readonly sequence: ItemSequence;
  /** Items of the whole dataset, and of each class of it. */
  readonly population: number;
  readonly classSizes: readonly number[];
  readonly classNames: readonly string[];
}

/** A drop in average precision (baseline minus candidate, + is worse) and its bootstrap over images, paired. */
export interface PrecisionDrop {
  readonly value: number;
  /** Drops under resampling, ascending. */
  readonly sorted: Float64Array;
  /** Skewness of the jackknife, divided by 6. */
  readonly acceleration: number;
}

/** A detector beside its baseline, by COCO's figures. */
export interface DetectionComparison {
  readonly images: number;
  /** Mean AP of the candidate, 0..1, and its resamples. */
  readonly map: PrecisionDrop | undefined;
  readonly drop: PrecisionDrop | undefined;
  /** Categories that have boxes in these images. */
  readonly categories: readonly { readonly name: string; readonly drop: PrecisionDrop }[];
}

/** Everything the gates may ask about one cell against its baseline. Undefined = not measured. */
export interface Comparison {
  readonly cellId: string;
  readonly role: "baseline" | "required" | "candidate";
  /** Why the variant could not be made at all. */
  readonly variantFailure: string | undefined;
  /** Why nothing was measured: its tool is not here, or says that it cannot make it. */
  readonly variantAbsence?: string | undefined;
  readonly trials: {
    readonly planned: number;
    readonly completed: number;
    readonly failed: number;
    readonly missing: number;
  };
  /** Of its baseline; absent: as planned. */
  readonly baselineTrials?: Pick<Comparison["trials"], "failed" | "missing">;
  readonly overall: PairedScores | undefined;
  /** Absent: the items have labels, not boxes. */
  readonly detection?: DetectionComparison;
  readonly classes: readonly (PairedScores & { readonly name: string })[];
  /** Instructions of form, over the items that have any; absent: there are none. */
  readonly adherence?: PairedScores | undefined;
  /** Rows of the full evaluation with NaN or Inf, in the cell and in its baseline. */
  readonly invalidRows: number;
  readonly baselineInvalidRows: number;
  /** ln(candidate/baseline) of block medians, one a block with both; NaN where a value is none that can be measured. */
  readonly latencyLogRatios: Float64Array;
  readonly memoryLogRatios: Float64Array;
  readonly throughputLogRatios: Float64Array;
  /** The same of language models; absent: none was measured. */
  readonly ttftLogRatios?: Float64Array;
  readonly decodeLogRatios?: Float64Array;
  readonly prefillLogRatios?: Float64Array;
  /** What limits and absolute margins are held against. */
  readonly blocks?: Readonly<Partial<Record<BlockMetric, BlockValues>>>;
  /** Every latency sample of the cell, s, in time order. */
  readonly latencyS?: Float64Array;
  readonly early?: EarlyStop;
  /** True when every latency sample of a cell, or of a long trial, has one value: a clock that does not move is not trusted. */
  readonly isLatencyConstant: boolean;
  /** True when a clock stepped in a trial of either cell; absent: none did. */
  readonly isClockStepped?: boolean;
  readonly bytesOnDisk: number | undefined;
  readonly baselineBytesOnDisk: number | undefined;
  readonly determinism: { readonly n: number; readonly matching: number };
  /** Time gates of a noisy session are inconclusive instead of wrong. */
  readonly isNoisy: boolean;
  /** Why the certificate that was required does not vouch for times; absent: none was required, or it does. */
  readonly certificateDoubt?: string;
  /** Absent: blocks were not judged. */
  readonly pollution?: BlockPollution;
  /** What one more item or block costs, s, for both arms; undefined where unknown. */
  readonly secondsPerItem: number | undefined;
  readonly secondsPerBlock: number | undefined;
}
