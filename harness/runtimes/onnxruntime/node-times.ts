import type { NodeTime } from "../../domain/session-port.ts";

/** ONNX Runtime ends the names of what a node itself took, beside fences before and after it, with this. */
const KERNEL = "_kernel_time";

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

/**
 * Each node's time from the events of ONNX Runtime's profiler: the median over its runs, the first left out, which is slower for want of
 * memory and caches. In the order in which the nodes first ran.
 */
export function nodeTimes(events: unknown): NodeTime[] {
  const byNode = new Map<string, { op: string; times: number[] }>();
  for (const event of Array.isArray(events) ? (events as readonly ProfileEvent[]) : []) {
    const { cat, name = "", dur, args } = event;
    if (cat !== "Node" || !name.endsWith(KERNEL) || dur === undefined) continue;
    const node = name.slice(0, -KERNEL.length);
    const known = byNode.get(node) ?? { op: args?.op_name ?? "", times: [] };
    known.times.push(dur * 1e-6);
    byNode.set(node, known);
  }
  return [...byNode].map(([node, { op, times }]) => {
    const counted = (times.length > 1 ? times.slice(1) : times).sort((a, b) => a - b);
    return { node, op, seconds: counted[counted.length >> 1] as number };
  });
}
