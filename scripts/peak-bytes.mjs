import { existsSync, readFileSync } from "node:fs";

/** Most memory this process had, B. Linux hands `maxRSS` down from the process that started it, which may be the larger. */
export function peakBytes() {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "utf8") : "";
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kilobytes) * 1024;
}
