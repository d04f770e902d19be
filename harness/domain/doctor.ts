/** How a check of this machine ended. */
export type DoctorStatus =
  /** It is there and works. */
  | "ok"
  /** It works, and something about it should be known. */
  | "warn"
  /** It is not there, and nothing depends on it but what it is for. */
  | "missing"
  /** Without it nothing can be measured. */
  | "fail";

/** What one check found. */
export interface DoctorFinding {
  readonly status: DoctorStatus;
  /** What was found, one sentence without its end. */
  readonly found: string;
  /** What to do about it; undefined where nothing needs to be done. */
  readonly advice?: string;
  /** Figures behind it, for programs. */
  readonly facts?: Readonly<Record<string, number | string | boolean | null>>;
}

export const DOCTOR_AREAS = ["runtime", "probe", "data", "noise", "storage"] as const;

/** A finding with the check that made it. */
export interface DoctorEntry extends DoctorFinding {
  readonly id: string;
  readonly area: (typeof DOCTOR_AREAS)[number];
}

export interface DoctorReport {
  readonly schema_version: "quantgate.doctor.v1";
  readonly generated_at: string;
  readonly hardware_fingerprint: string;
  /** Whether the embedded sweep can run here. */
  readonly able: boolean;
  readonly checks: readonly DoctorEntry[];
}
