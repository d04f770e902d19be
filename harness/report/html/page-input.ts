import type { CanaryReport } from "../../domain/generated/canary-v1.ts";
import type { Frontier } from "../../domain/generated/frontier-v1.ts";
import type { Summary } from "../../domain/generated/summary-v1.ts";
import type { BlockLatency } from "../svg/latency-blocks.ts";

/** A picture over time, as SVG that was made by the project itself. */
export interface TimeLine {
  readonly title: string;
  readonly svg: string;
}

/** All that a page is made of. Only summary and frontier must be there; a section without its source is left out or says so. */
export interface PageInput {
  readonly summary: Summary;
  readonly frontier: Frontier;
  readonly canary?: CanaryReport | undefined;
  /** Latencies of every call by cell and block; the summary's block medians are shown where it is absent. */
  readonly latencies?: ReadonlyMap<string, readonly (BlockLatency | null)[]> | undefined;
  readonly timeLines?: readonly TimeLine[] | undefined;
  /** Shows the rows that are kept out of the front, marked. */
  readonly includeInvalid?: boolean | undefined;
}

/** How much a page tells of each row, so that many rows stay within the size that opens everywhere. */
export type Detail = "full" | "short" | "rows";
