import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Missing } from "./protocol.ts";

/** A driver's report of a fault of a GPU. */
export interface Xid {
  /** As the kernel writes it, e.g. "0000:83:00". */
  readonly bus: string;
  /** NVIDIA's number of the fault. */
  readonly code: number;
}

/** The Xid in a line of the kernel's log; undefined where it has none. */
export function xidOfLine(line: string): Xid | undefined {
  const match = /NVRM: Xid \(PCI:([0-9a-f:.]+)\): (\d+)/i.exec(line);
  return match === null ? undefined : { bus: (match[1] as string).toLowerCase(), code: Number(match[2]) };
}

/** Whether a bus id of nvidia-smi ("00000000:83:00.0") and one of the kernel ("0000:83:00") name one device. */
export function isSameBus(smi: string, kernel: string): boolean {
  const plain = (id: string): string =>
    id
      .toLowerCase()
      .replace(/\.\d+$/, "")
      .replace(/^0+(?=[0-9a-f]{4}:)/, "");
  return plain(smi) === plain(kernel);
}

export type XidLog = { readonly poll: () => readonly Xid[] } | { readonly missing: Missing };

/** Faults the kernel logs from now on; those of before are passed over. Costs a few system calls a poll. */
export function openXidLog(path = "/dev/kmsg"): XidLog {
  if (process.platform !== "linux") return { missing: "not-on-this-platform" };
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { missing: code === "EPERM" || code === "EACCES" ? "no-permission" : "not-available" };
  }
  const buffer = Buffer.alloc(8192);
  const readNew = (): string[] => {
    const lines: string[] = [];
    // A log that is written faster than we read it must not hold us.
    for (let i = 0; i < 20_000; i++) {
      try {
        const length = readSync(fd, buffer);
        if (length === 0) break;
        lines.push(...buffer.toString("utf8", 0, length).split("\n"));
      } catch (error) {
        // EPIPE: records were overwritten before we came; the next read goes on behind them.
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") break;
      }
    }
    return lines;
  };
  readNew();
  process.once("exit", () => closeSync(fd));
  return { poll: () => readNew().flatMap((line) => xidOfLine(line) ?? []) };
}
