/** What a metric is measured in, and which way is better: no call site decides that again. */
export interface Metric {
  readonly id: MetricId;
  /** Base unit; 1 = a fraction or a count. */
  readonly unit: "s" | "B" | "1" | "1/s";
  readonly better: "higher" | "lower";
  /** Time metrics advise, not decide, on lane `ci`. */
  readonly isTime: boolean;
}

export type MetricId =
  | "quality.accuracy"
  | "quality.class_accuracy"
  | "quality.map"
  | "quality.category_ap"
  | "quality.adherence"
  | "latency.call"
  | "latency.ttft"
  | "size.bytes_on_disk"
  | "memory.peak_rss"
  | "determinism.rate"
  | "throughput.items"
  | "throughput.decode"
  | "throughput.prefill";

export const METRICS: { readonly [id in MetricId]: Metric } = {
  "quality.accuracy": { id: "quality.accuracy", unit: "1", better: "higher", isTime: false },
  "quality.class_accuracy": { id: "quality.class_accuracy", unit: "1", better: "higher", isTime: false },
  "quality.map": { id: "quality.map", unit: "1", better: "higher", isTime: false },
  "quality.category_ap": { id: "quality.category_ap", unit: "1", better: "higher", isTime: false },
  "quality.adherence": { id: "quality.adherence", unit: "1", better: "higher", isTime: false },
  "latency.call": { id: "latency.call", unit: "s", better: "lower", isTime: true },
  "size.bytes_on_disk": { id: "size.bytes_on_disk", unit: "B", better: "lower", isTime: false },
  "memory.peak_rss": { id: "memory.peak_rss", unit: "B", better: "lower", isTime: false },
  "determinism.rate": { id: "determinism.rate", unit: "1", better: "higher", isTime: false },
  "latency.ttft": { id: "latency.ttft", unit: "s", better: "lower", isTime: true },
  "throughput.items": { id: "throughput.items", unit: "1/s", better: "higher", isTime: true },
  "throughput.decode": { id: "throughput.decode", unit: "1/s", better: "higher", isTime: true },
  "throughput.prefill": { id: "throughput.prefill", unit: "1/s", better: "higher", isTime: true },
};

/**
 * What a frontier is about where nothing else is declared: what is lost, how long a call takes, how many bytes are shipped. Peak memory
 * and throughput are further objectives: each adds rows to the front, and the resident set of a small model is mostly its runtime's.
 */
export const FRONTIER_OBJECTIVES = ["quality.accuracy", "latency.call", "size.bytes_on_disk"] as const;
