import { join } from "node:path";
import type { Backend } from "../../probes/protocol.ts";
import type { Finding } from "../domain/codes.ts";
import type { ProbeLine, ProbeProblem } from "../domain/generated/probe-reading-v1.ts";
import { systemClock } from "../platform/clock.ts";
import { packageRoot } from "../platform/package-root.ts";
import { type ProgramOutcome, runProgram } from "../platform/process-host.ts";
import { probeLineReader } from "./probe-lines.ts";
import { type DeviceWindow, type StoredSample, summarizeWindow } from "./summarize-window.ts";

/** Something that made readings missing or doubtful: told by the probe, or seen from outside. */
export interface ProbeNote {
  readonly code: ProbeProblem["code"] | "PROBE_MISSING" | "PROBE_DIED" | "PROBE_UNREADABLE";
  readonly message: string;
  readonly atNs: bigint;
}

/** The hardware between two moments. */
export interface ProbeWindow {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Samples within. */
  readonly samples: number;
  readonly devices: readonly DeviceWindow[];
  /** What went wrong until the window's end, as far as it still matters within: since the last good sample before it. */
  readonly notes: readonly ProbeNote[];
}

/** A running probe. Nothing it does or fails to do throws. */
export interface ProbeClient {
  readonly backend: Backend;
  /** Waits for the first sample; false where the probe ended before, or `timeoutMs` passed. */
  ready(timeoutMs: number): Promise<boolean>;
  /** Waits for a sample taken at or after a moment, so that a window that ends there is whole; false as in {@link ready}. */
  caughtUp(atNs: bigint, timeoutMs: number): Promise<boolean>;
  /** Summarizes the samples of a stretch of systemClock.monotonicNs(). */
  window(startNs: bigint, endNs: bigint): ProbeWindow;
  /** Samples of a stretch, for plots and thermal traces. */
  samples(startNs: bigint, endNs: bigint): readonly StoredSample[];
  /** Samples of a stretch, the last one before it, and any after it: what its window was made of. */
  around(startNs: bigint, endNs: bigint): readonly StoredSample[];
  /** False once the probe's process has ended. */
  isRunning(): boolean;
  /** Everything that went wrong so far; findings for the run. */
  notes(): readonly ProbeNote[];
  findings(subject: string): Finding[];
  /** Kills the probe and all it started. Afterwards windows can still be cut. */
  stop(): Promise<void>;
}

export interface ProbeOptions {
  readonly backend: Backend;
  /** Time between samples; 200 by default. */
  readonly intervalMs?: number;
  /** GPU by index, UUID or bus id; undefined: all. */
  readonly device?: string;
  /** Processes whose share is told apart. */
  readonly pids?: readonly number[];
  /** The vendor's tool, where it is not in PATH. */
  readonly tool?: string;
  /** Another probe than the package's own: a compiled module. */
  readonly module?: string;
}

/** Two hours at 5 Hz; older samples are let go. */
const KEPT_SAMPLES = 36_000;
const KEPT_NOTES = 1000;
/** Longest delay a Node timer takes: 24 days. */
const FOREVER_MS = 2 ** 31 - 1;

/** Starts a probe in a process group of its own, which dies with this process. */
export function startProbe(options: ProbeOptions): ProbeClient {
  const stored: StoredSample[] = [];
  const notes: ProbeNote[] = [];
  const waiting = new Set<() => void>();
  let hasEnded = false;
  let faults = 0;
  let endLine: Extract<ProbeLine, { kind: "end" }> | undefined;

  const note = (code: ProbeNote["code"], message: string, atNs = systemClock.monotonicNs()): void => {
    if (notes.length < KEPT_NOTES) notes.push({ code, message, atNs });
  };
  const wake = (): void => {
    for (const check of [...waiting]) check();
  };
  const onText = probeLineReader({
    onFault: (reason) => {
      // One sentence is enough for a probe that speaks another language.
      if (faults++ === 0) note("PROBE_UNREADABLE", `The ${options.backend} probe wrote what is no reading: ${reason}`);
    },
    onLine: (line) => {
      if (line.kind === "problem") note(line.code, line.message, BigInt(line.monotonic_ns));
      if (line.kind === "end") endLine = line;
      if (line.kind !== "sample") return;
      stored.push({ atNs: BigInt(line.monotonic_ns), devices: line.devices, line });
      // Seldom, since moving the rest costs.
      if (stored.length > 1.1 * KEPT_SAMPLES) stored.splice(0, stored.length - KEPT_SAMPLES);
      wake();
    },
  });

  const stopping = new AbortController();
  const module = options.module ?? join(packageRoot(), "dist/probes/sidecar.js");
  const done = runProgram(process.execPath, [module, ...argumentsOf(options)], {
    timeoutMs: FOREVER_MS,
    signal: stopping.signal,
    onStdout: onText,
  })
    .then((outcome) => {
      const why = endLine === undefined ? describe(options.backend, outcome) : undefined;
      if (why !== undefined) note(why.code, why.message);
    })
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true;
      wake();
    });

  const until = (isThere: () => boolean, timeoutMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        waiting.delete(check);
        resolve(isThere());
      };
      const check = (): void => {
        if (isThere() || hasEnded) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      waiting.add(check);
      check();
    });
  const slice = (startNs: bigint, endNs: bigint): StoredSample[] =>
    stored.filter(({ atNs }) => atNs >= startNs && atNs <= endNs);

  return {
    backend: options.backend,
    ready: (timeoutMs) => until(() => stored.length > 0, timeoutMs),
    caughtUp: (atNs, timeoutMs) => until(() => (stored.at(-1)?.atNs ?? -1n) >= atNs, timeoutMs),
    samples: slice,
    around: (startNs, endNs) => {
      const before = stored.findLast(({ atNs }) => atNs < startNs);
      const after = stored.find(({ atNs }) => atNs > endNs);
      return [before, ...slice(startNs, endNs), after].filter((sample) => sample !== undefined);
    },
    isRunning: () => !hasEnded,
    window: (startNs, endNs) => ({
      startNs,
      endNs,
      samples: slice(startNs, endNs).length,
      devices: summarizeWindow(stored, { startNs, endNs }),
      notes: notesUntil(notes, stored, { startNs, endNs }),
    }),
    notes: () => notes,
    findings: (subject) => findingsOf(notes, subject),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

function argumentsOf({ backend, intervalMs = 200, device, pids = [], tool }: ProbeOptions): string[] {
  return [
    ...["--backend", backend, "--interval-ms", String(intervalMs)],
    ...(device === undefined ? [] : ["--device", device]),
    ...(tool === undefined ? [] : ["--tool", tool]),
    ...pids.flatMap((pid) => ["--pid", String(pid)]),
  ];
}

function describe(backend: Backend, outcome: ProgramOutcome): { code: ProbeNote["code"]; message: string } | undefined {
  if (outcome.status === "not-started") {
    return { code: "PROBE_MISSING", message: `The ${backend} probe could not be started: ${outcome.reason}.` };
  }
  if (outcome.status === "timed-out") return undefined;
  const how = outcome.signal === null ? `with exit code ${outcome.exitCode}` : `by signal ${outcome.signal}`;
  const tail = outcome.stderr.trim().split("\n").at(-1) ?? "";
  const words = tail === "" ? "" : ` It said: ${tail.slice(0, 300)}`;
  return { code: "PROBE_DIED", message: `The ${backend} probe ended ${how} before it was told to.${words}` };
}

function notesUntil(
  notes: readonly ProbeNote[],
  stored: readonly StoredSample[],
  { startNs, endNs }: { startNs: bigint; endNs: bigint },
): ProbeNote[] {
  const lastGood = stored.findLast(({ atNs, devices }) => atNs < startNs && devices.some(isGood))?.atNs ?? -1n;
  return notes.filter(({ atNs }) => atNs >= lastGood && atNs <= endNs);
}

function isGood({ readings }: StoredSample["devices"][number]): boolean {
  return Object.values(readings).some((value) => typeof value === "number");
}

/** One finding for each kind of trouble, with the first words about it. A word of warning from a tool is none. */
function findingsOf(notes: readonly ProbeNote[], subject: string): Finding[] {
  const serious = notes.filter(({ code }) => code !== "TOOL_WARNING" && code !== "XID");
  const codes = [...new Set(serious.map(({ code }) => code))];
  return codes.map((code) => {
    const said = serious.filter((one) => one.code === code);
    const more = said.length > 1 ? ` (${said.length} times)` : "";
    return { code: "PROBE_INCOMPLETE", subject, message: `${said[0]?.message ?? code}${more}` };
  });
}
