import type { EstimateDoc } from "./generated/summary-v1.ts";

/** One model on one dataset: what `evaluate` finds. Times in seconds, sizes in bytes; intervals two-sided at `level`. */
export interface Evaluation {
  readonly model: { readonly path: string; readonly sha256: string; readonly bytes: number };
  readonly dataset: {
    readonly id: string;
    readonly digest: string;
    readonly count: number;
    readonly item_noun: string;
  };
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
