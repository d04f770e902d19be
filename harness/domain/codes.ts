/** Why a gate is not a plain pass or fail, or why a row is doubtful. One sentence each, for people. */
export const REASONS = {
  "missing-metric": "The metric was not measured, so nothing was decided.",
  "missing-baseline": "The baseline was not measured, so there is nothing to compare with.",
  "missing-trials": "Some planned trials are missing.",
  "failed-trials": "Some trials failed; a failed trial scores zero, it does not vanish.",
  "invalid-values": "Outputs or samples hold NaN or Inf.",
  "implausible-ratio": "Variant and baseline differ by so large a factor that one of them is in another unit.",
  "clock-step": "A clock was set or stood still while this was measured, so its times are not trusted.",
  "constant-where-it-cannot-be": "A quantity that always varies was constant, so its clock or counter is not trusted.",
  underpowered: "The interval spans the margin: more observations would decide.",
  noisy: "The machine was too noisy during the run for a time to be trusted.",
  polluted: "Something else used the machine while this was measured.",
  uncertified: "A certificate was required for times on this machine, and the one given does not vouch for them.",
  "hardware-mismatch": "The baseline was measured on other hardware.",
  "digest-mismatch": "The weights that ran are not the weights that were planned.",
  "not-paired": "Baseline and variant did not evaluate the same items.",
  "stopped-early":
    "One of the two runs stopped as soon as it was decided, so it has no interval for a planned number of observations.",
  "variant-failed": "The variant could not be made, so it cannot be shipped.",
  "fixed-sequence-stop": "A variant with more bits did not pass, so the fixed sequence stops before this one.",
  "slower-than-baseline": "The variant is slower than the baseline beyond the margin.",
  "outputs-vary": "Repeated trials of the same weights gave different outputs.",
} as const;

export type Reason = keyof typeof REASONS;

/** Doubts that stop nothing. One sentence each. */
export const FINDINGS = {
  ACCURACY_DROP_ABOVE_FLAG: "Accuracy dropped by more than the flag, overall or in a class.",
  EMULATED_KERNELS: "Layers are stored in low precision but computed in floating point.",
  SLOWER_WITH_EMULATION: "The variant is slower than the baseline and some of its layers are emulated.",
  TRIALS_FAILED: "Trials failed.",
  TRIALS_MISSING: "Planned trials were not run.",
  CANARY_NOISY: "The latency of a canary or sentinel varied more than the threshold.",
  SPLIT_HALF_DISAGREES: "The baseline's odd and even blocks disagree by more than the margin.",
  OUTPUTS_VARY: "Repeated trials of the same weights gave different outputs.",
  TRIAL_STARVED: "A trial had too little of the CPU, as its host readings show.",
  CLOCK_STEP: "The system clock and the monotonic clock disagreed during a trial.",
  TORN_LINE_SET_ASIDE: "The journal's last line was torn by a crash and set aside.",
  VARIANT_FAILED: "A variant could not be made.",
  LAYERS_SKIPPED: "Layers were left in full precision.",
  IDENTICAL_WEIGHTS: "Two variants have the same bytes.",
  CERTIFICATION_RUN: "The variants are twins of the baseline, some slowed on purpose, to test the gates themselves.",
  INVALID_OUTPUTS: "Outputs hold NaN or Inf.",
  PROBE_INCOMPLETE: "A probe was missing, ended early or could not be read; only its readings are absent.",
} as const;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  /** A cell, variant, block or trial id, or `run`. */
  readonly subject: string;
  readonly message: string;
}
