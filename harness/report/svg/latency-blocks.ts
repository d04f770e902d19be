import { seconds } from "../durations.ts";
import { esc } from "../html/markup.ts";
import { axisTicks } from "../plot-axis.ts";
import { linear, px } from "./scale.ts";

/** Latencies of the calls of one block, seconds; null where the trial failed. */
export interface BlockLatency {
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  /** Calls. */
  readonly n: number;
}

export interface BlockLatencyPlot {
  readonly blocks: readonly (BlockLatency | null)[];
  /** Medians of the baseline in the same blocks. */
  readonly baseline: readonly (number | null)[];
  readonly verdict: string;
  readonly width: number;
  readonly height: number;
}

const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;

/** One box a block (quartiles, 5th to 95th percentile), the baseline's median of the same block as a dash. Undefined where nothing was measured. */
export function latencyBlocks(plot: BlockLatencyPlot): string | undefined {
  const { blocks, baseline, width, height, verdict } = plot;
  const values = blocks.flatMap((block) => (block === null ? [] : [block.p5, block.p95]));
  const bases = baseline.filter((value) => value !== null);
  if (values.length === 0) return undefined;
  const ticks = axisTicks(Math.min(...values, ...bases), Math.max(...values, ...bases), 3);
  const domain = [ticks[0] as number, ticks.at(-1) as number] as const;
  const y = linear(domain, [height - BOTTOM, TOP]);
  const step = (width - LEFT - RIGHT) / Math.max(1, blocks.length);
  const box = Math.min(18, step * 0.5);
  const every = Math.ceil(blocks.length / 14);
  const parts = ticks.flatMap((tick) => [
    `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>`,
    `<text class="tick" x="${LEFT - 6}" y="${px(y(tick) + 4)}" text-anchor="end">${esc(seconds(tick))}</text>`,
  ]);
  for (const [k, block] of blocks.entries()) {
    const x = LEFT + step * (k + 0.5);
    const base = baseline[k];
    if (base !== null && base !== undefined) {
      parts.push(
        `<line class="base" x1="${px(x - box)}" x2="${px(x + box)}" y1="${px(y(base))}" y2="${px(y(base))}"/>`,
      );
    }
    if (k % every === 0)
      parts.push(`<text class="tick" x="${px(x)}" y="${height - 5}" text-anchor="middle">${k + 1}</text>`);
    if (block === null) {
      parts.push(
        `<text class="tick" x="${px(x)}" y="${px((TOP + height - BOTTOM) / 2)}" text-anchor="middle">×</text>`,
      );
      continue;
    }
    const top = y(block.p75);
    parts.push(
      `<line class="whisker ${verdict}" x1="${px(x)}" x2="${px(x)}" y1="${px(y(block.p5))}" y2="${px(y(block.p95))}"/>`,
      `<rect class="box ${verdict}" x="${px(x - box / 2)}" y="${px(top)}" width="${px(box)}" height="${px(Math.max(1, y(block.p25) - top))}"/>`,
      `<line class="median" x1="${px(x - box / 2)}" x2="${px(x + box / 2)}" y1="${px(y(block.p50))}" y2="${px(y(block.p50))}"/>`,
    );
  }
  return `<svg class="blocks" viewBox="0 0 ${width} ${height}" role="img" aria-label="${esc(told(plot))}">${parts.join("")}</svg>`;
}

/** The plot for those who cannot see it: range of the block medians, and the baseline's. */
function told({ blocks, baseline }: BlockLatencyPlot): string {
  const range = (values: readonly number[]) =>
    values.length === 0 ? "not measured" : `${seconds(Math.min(...values))} to ${seconds(Math.max(...values))}`;
  const medians = blocks.flatMap((block) => (block === null ? [] : [block.p50]));
  return `Latency by block. Medians ${range(medians)} over ${medians.length} blocks; the baseline's ${range(baseline.filter((value) => value !== null))}.`;
}
