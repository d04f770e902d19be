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
  "variant-unavailable": "The variant could not be made or run here, so nothing was measured.",
  "fixed-sequence-stop": "A variant with more bits did not pass, so the fixed sequence stops before this one.",
  "slower-than-baseline": "The variant is slower than the baseline beyond the margin.",
  "outputs-vary": "Repeated trials of the same weights gave different outputs.",
} as const;

export type Reason = keyof typeof REASONS;

/** What readings of a trial's own window say against it; `pollutes`: its figures are not those of an undisturbed machine. */
export const RUN_QUALITY_REASONS = {
  CPU_STARVED: { pollutes: true, text: "The trial had the processor for too little of its latency loop." },
  HYPERVISOR_STEAL: { pollutes: true, text: "A hypervisor kept processor time from the machine." },
  HIGH_CPU_SATURATION: {
    pollutes: true,
    text: "Other programs used much of the processors; the harness's own use is subtracted.",
  },
  HIGH_SYSTEM_LOAD: { pollutes: true, text: "Foreign tasks were waiting for a processor." },
  HIGH_ORCHESTRATION_OVERHEAD: {
    pollutes: true,
    text: "The harness and its probes used much of a processor beside the trial.",
  },
  THERMAL_THROTTLE: { pollutes: true, text: "Heat held the clocks down." },
  HIGH_TEMPERATURE: { pollutes: true, text: "A processor or card was hotter than the limit." },
  FOREIGN_GPU_LOAD: { pollutes: true, text: "Other processes held memory of the graphics card." },
  GPU_FAULT: { pollutes: true, text: "The driver reported a fault or a memory error that could not be corrected." },
  MEMORY_PRESSURE: { pollutes: true, text: "Memory was short: tasks waited for it, or hardly any was free." },
  CLOCK_STEP: { pollutes: true, text: "A clock was set while the trial ran, or before it." },
  MISSING_EXPERIMENTAL_CONTROLS: {
    pollutes: true,
    text: "Threads, affinity, seed or warm-up were not those of the plan, or could not be seen.",
  },
  MISSING_TOKEN_TIMINGS: { pollutes: false, text: "Tokens were generated, and their times were not told." },
  MISSING_TELEMETRY: { pollutes: false, text: "A probe that was asked for gave no reading during the trial." },
} as const satisfies Readonly<Record<string, { readonly pollutes: boolean; readonly text: string }>>;

export type RunQualityReason = keyof typeof RUN_QUALITY_REASONS;

/** Doubts that stop nothing. One sentence each. */
export const FINDINGS = {
  ACCURACY_DROP_ABOVE_FLAG: "Accuracy dropped by more than the flag, overall or in a class.",
  EMULATED_KERNELS: "Layers are stored in low precision but computed in floating point.",
  SLOWER_WITH_EMULATION: "The variant is slower than the baseline and some of its layers are emulated.",
  SLOWER_ON_INTEGERS: "The variant is slower than the baseline though its layers run on integer kernels.",
  GRANULARITY_CONFOUNDED:
    "Two variants differ in bits and in how many weights share a scale, so that a comparison of them is not one of bits.",
  TRIALS_FAILED: "Trials failed.",
  TRIALS_MISSING: "Planned trials were not run.",
  CANARY_NOISY: "The latency of a canary or sentinel varied more than the threshold.",
  SPLIT_HALF_DISAGREES: "The baseline's odd and even blocks disagree by more than the margin.",
  OUTPUTS_VARY: "Repeated trials of the same weights gave different outputs.",
  TRIAL_STARVED: "A trial had too little of the CPU, as its host readings show.",
  CLOCK_STEP: "The system clock and the monotonic clock disagreed during a trial.",
  VARIANT_FAILED: "A variant could not be made.",
  VARIANT_UNAVAILABLE: "A variant could not be made or run here: its tool is missing, or says that it cannot.",
  STEP_NOT_OK: "A prepare step did not succeed; the variants that need it are left out.",
  MODEL_CHANGED_SHAPE: "A prepare step gave a model of another structure than it was given.",
  LAYERS_SKIPPED: "Layers were left in full precision.",
  IDENTICAL_WEIGHTS: "Two variants have the same bytes.",
  CERTIFICATION_RUN: "The variants are twins of the baseline, some slowed on purpose, to test the gates themselves.",
  QUANT_LABEL_LIES: "A file's bits per weight, as measured, are not those of its label.",
  UNVERIFIED_WEIGHTS: "The provider gives no digest of the weights, so nothing proves which ones ran.",
  PROMPT_TRUNCATED: "A server did not process a whole prompt.",
  TOKEN_COUNT_ODD: "A server's token counts cannot be true, so no rate was computed from them.",
  REQUESTS_FAILED: "Single requests of trials failed or timed out; their tasks score zero.",
  OFFLOADED_TO_CPU: "A part of the model did not fit the accelerator and ran on the CPU.",
  SLOWER_OVER_TIME: "The decode rate fell over the session, as it does when a machine gets hot.",
  INVALID_OUTPUTS: "Outputs hold NaN or Inf.",
  PROBE_INCOMPLETE: "A probe was missing, ended early or could not be read; only its readings are absent.",
  TRIALS_POLLUTED:
    "Something disturbed trials of the row; they are left out of its own figures and, where they are too many, of the recommendation.",
  POLLUTED_ALLOWED:
    "Polluted rows count in frontier and recommendation, because the config or --allow-polluted-frontier says so.",
  CONTROLS_NOT_VERIFIED:
    "Threads, affinity, seed or warm-up of a trial were not those of the plan, or could not be seen.",
  SIDECAR_FAILED: "A hardware sidecar failed, hung or was not there; only its values are absent.",
  SIDECAR_INCOMPLETE: "A hardware sidecar's answer lacks what its profile requires, or cannot be read.",
  SIDECAR_DIVERGES: "Sidecar and harness measured the same quantity and differ by more than a tenth.",
  VRAM_DOES_NOT_FIT: "The model's file is larger than the device memory that the profile allows.",
  VRAM_OVER_PROFILE: "More device memory was in use than the profile allows.",
  VRAM_LOW_HEADROOM: "Less than a tenth of what the profile allows of the device memory was left.",
} as const;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  /** A cell, variant, block or trial id, or `run`. */
  readonly subject: string;
  readonly message: string;
}
