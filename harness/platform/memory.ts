import { readFileSync } from "node:fs";

/** Largest resident set of this process so far, bytes. */
export function peakRssBytes(): number {
  // VmHWM starts anew at exec; getrusage's figure is inherited from the parent on Linux and would measure that.
  const peak = statusBytes("VmHWM");
  return peak ?? process.resourceUsage().maxRSS * 1024;
}

/** Resident set of this process now, bytes. */
export function rssBytes(): number {
  return statusBytes("VmRSS") ?? process.memoryUsage.rss();
}

function statusBytes(field: string): number | undefined {
  try {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
