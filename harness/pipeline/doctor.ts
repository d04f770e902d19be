import type { DoctorEntry, DoctorFinding, DoctorReport } from "../domain/doctor.ts";
import { isoTime, systemClock } from "../platform/clock.ts";
import { hostFingerprint } from "../platform/host.ts";
import { checkNoise } from "./doctor-noise.ts";
import { PROBE_CHECKS } from "./doctor-probes.ts";
import { RUNTIME_CHECKS } from "./doctor-runtimes.ts";
import { SERVER_CHECKS } from "./doctor-servers.ts";
import { STORAGE_CHECKS } from "./doctor-storage.ts";

/** What checks may look at. */
export interface DoctorContext {
  /** A config whose models and data are looked for too. */
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly outDir: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** One thing about this machine. A check that throws is a finding itself. */
export interface DoctorCheck {
  /** Unique, e.g. "onnxruntime". */
  readonly id: string;
  readonly area: DoctorEntry["area"];
  readonly look: (context: DoctorContext) => Promise<DoctorFinding> | DoctorFinding;
}

/** Every check, in the order they are told; a new runtime or server adds its own. Noise last: it needs a machine that is at rest. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [
  ...RUNTIME_CHECKS,
  ...SERVER_CHECKS,
  ...PROBE_CHECKS,
  ...STORAGE_CHECKS,
  { id: "noise", area: "noise", look: checkNoise },
];

export interface DoctorOptions extends Partial<DoctorContext> {
  /** Others than all. */
  readonly checks?: readonly DoctorCheck[];
  readonly onEntry?: (entry: DoctorEntry) => void;
}

/** Looks at this machine, one check after the other, so that none disturbs another. Rejects on abort alone. */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const { checks = DOCTOR_CHECKS, onEntry = () => undefined } = options;
  const context: DoctorContext = {
    config: options.config,
    dataDir: options.dataDir,
    outDir: options.outDir ?? "results",
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? process.env,
    signal: options.signal ?? new AbortController().signal,
  };
  const entries: DoctorEntry[] = [];
  for (const { id, area, look } of checks) {
    context.signal.throwIfAborted();
    const entry = { id, area, ...(await attempt(look, context)) };
    entries.push(entry);
    onEntry(entry);
  }
  return {
    schema_version: "quantgate.doctor.v1",
    generated_at: isoTime(systemClock),
    hardware_fingerprint: hostFingerprint().hard,
    able: entries.every(({ status }) => status !== "fail"),
    checks: entries,
  };
}

async function attempt(look: DoctorCheck["look"], context: DoctorContext): Promise<DoctorFinding> {
  try {
    return await look(context);
  } catch (error) {
    context.signal.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    const hint = (error as { hint?: unknown }).hint;
    return { status: "fail", found: said.replace(/\.$/, ""), ...(typeof hint === "string" ? { advice: hint } : {}) };
  }
}
