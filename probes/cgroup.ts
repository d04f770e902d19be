import type { CpuReading, Value } from "./protocol.ts";
import { elsewhere, fieldIn, numberIn, readSystem, type SystemText, systemFile } from "./system-file.ts";

type Readings = Partial<Record<CpuReading, Value>>;

/** Limits above this are "no limit" in the words of cgroup v1 (a page below 2^63). */
const NO_LIMIT = 2 ** 60;

/** Limits and use of the control group this process runs in, version 2 or 1, whichever counts here. */
export function cgroupReadings(root: string): () => Readings {
  const places = parsePlaces(readSystem(root, "proc/self/cgroup"));
  const v2 = places.get("");
  const unified = v2 === undefined ? undefined : folderOf(root, "sys/fs/cgroup", v2, "cgroup.controllers");
  // On a hybrid system version 2 is mounted without controllers: then version 1 holds the limits.
  if (unified !== undefined && !isEmpty(readSystem(root, `${unified}/cgroup.controllers`)))
    return version2(root, unified);
  return version1(root, places);
}

function version2(root: string, folder: string): () => Readings {
  const limit = systemFile(root, `${folder}/cpu.max`);
  const stat = systemFile(root, `${folder}/cpu.stat`);
  const memoryLimit = systemFile(root, `${folder}/memory.max`);
  const memoryUsed = systemFile(root, `${folder}/memory.current`);
  return () => ({
    cgroup_cpu_limit: quota(limit()),
    cgroup_throttled_s: fieldIn(stat(), "throttled_usec", 1e-6),
    cgroup_memory_limit_bytes: bounded(memoryLimit()),
    cgroup_memory_used_bytes: numberIn(memoryUsed()),
  });
}

function version1(root: string, places: ReadonlyMap<string, string>): () => Readings {
  const file = (controller: string, name: string): (() => SystemText) => {
    const place = places.get(controller);
    const mounts = [controller, "cpu,cpuacct"].map((mount) => `sys/fs/cgroup/${mount}`);
    const folder = mounts
      .map((mount) => (place === undefined ? undefined : folderOf(root, mount, place, name)))
      .find((found) => found !== undefined);
    return folder === undefined ? () => ({ missing: missingWord }) : systemFile(root, `${folder}/${name}`);
  };
  const quotaUs = file("cpu", "cpu.cfs_quota_us");
  const periodUs = file("cpu", "cpu.cfs_period_us");
  const stat = file("cpu", "cpu.stat");
  const memoryLimit = file("memory", "memory.limit_in_bytes");
  const memoryUsed = file("memory", "memory.usage_in_bytes");
  return () => {
    const share = numberIn(quotaUs());
    const period = numberIn(periodUs());
    return {
      cgroup_cpu_limit: typeof share !== "number" || typeof period !== "number" ? share : cores(share, period),
      cgroup_throttled_s: fieldIn(stat(), "throttled_time", 1e-9),
      cgroup_memory_limit_bytes: bounded(memoryLimit()),
      cgroup_memory_used_bytes: numberIn(memoryUsed()),
    };
  };
}

const missingWord = typeof elsewhere === "number" ? "not-available" : elsewhere.missing;

/** Controller to path, "" for version 2. */
function parsePlaces(source: SystemText): Map<string, string> {
  const places = new Map<string, string>();
  if ("missing" in source) return places;
  for (const line of source.text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(",")) places.set(controller, path);
  }
  return places;
}

/** Where a group's files are: at its path, or, in a container that sees its own group as the root, at the mount. */
function folderOf(root: string, mount: string, place: string, probe: string): string | undefined {
  return [`${mount}${place === "/" ? "" : place}`, mount].find(
    (folder) => "text" in readSystem(root, `${folder}/${probe}`),
  );
}

function isEmpty(source: SystemText): boolean {
  return "missing" in source || source.text.trim() === "";
}

function quota(source: SystemText): Value {
  if ("missing" in source) return source;
  const [share = "", period = ""] = source.text.trim().split(/\s+/);
  return share === "max" ? { missing: "not-available" } : cores(Number(share), Number(period));
}

function cores(quotaUs: number, periodUs: number): Value {
  // -1: no limit, which is no number.
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : { missing: "not-available" };
}

function bounded(source: SystemText): Value {
  const value = "text" in source && source.text.trim() === "max" ? Infinity : numberIn(source);
  return typeof value === "number" && value >= NO_LIMIT ? { missing: "not-available" } : value;
}
