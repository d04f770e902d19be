import type { EstimateDoc } from "./generated/summary-v1.ts";

/** What COCO's evaluation says of a detector: AP over IoU .50:.05:.95 unless it says otherwise. */
export interface DetectionFigures {
  readonly images: number;
  /** Boxes to be found, crowds left out, and boxes detected. */
  readonly boxes: number;
  readonly detections: number;
  readonly ap: number | null;
  readonly ap50: number | null;
  readonly ap75: number | null;
  readonly ap_small: number | null;
  readonly ap_medium: number | null;
  readonly ap_large: number | null;
  readonly ar1: number | null;
  readonly ar10: number | null;
  readonly ar100: number | null;
  readonly per_category: readonly { readonly category: string; readonly ap: number | null }[];
}

/** One model on one dataset: what `evaluate` finds. Times in seconds, sizes in bytes; intervals two-sided at `level`. */
export interface Evaluation {
  readonly model: { readonly path: string; readonly sha256: string; readonly bytes: number };
  readonly dataset: {
    readonly id: string;
    readonly digest: string;
    readonly count: number;
    readonly item_noun: string;
  };
  /** Share of items right; of a detector, the share of images whose surest box is. */
  readonly accuracy: EstimateDoc;
  readonly correct: number;
  readonly top_k: { readonly k: number; readonly correct: number };
  readonly invalid_rows: number;
  readonly per_class: readonly {
    readonly class: string;
    readonly n: number;
    readonly correct: number;
    readonly accuracy: EstimateDoc;
  }[];
  /** COCO's figures, 0..1, where items have boxes; null where there is no box of the kind. */
  readonly detection?: DetectionFigures;
  readonly latency: {
    readonly batch_size: number;
    readonly samples: number;
    readonly p50: EstimateDoc;
    readonly p90: EstimateDoc;
    readonly p99: EstimateDoc;
  };
  readonly throughput: { readonly batch_size: number; readonly items_per_second: number };
  readonly load_s: number;
  readonly peak_rss_bytes: number;
  readonly threads: number;
}
