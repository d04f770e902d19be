import { HarnessError } from "../domain/errors.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { ResolvedConfig } from "./resolve-config.ts";

/** Numbers of samples that contradict each other: CONFIG_INVALID. */
export function refuseImpossibleNumbers(config: ResolvedConfig): void {
  const { latency, canary } = config;
  if (latency.max_samples < latency.min_samples) {
    throw new HarnessError(
      "CONFIG_INVALID",
      `Config: latency.max_samples (${latency.max_samples}) is below latency.min_samples (${latency.min_samples})`,
      { hint: "Raise max_samples or lower min_samples." },
    );
  }
  if (latency.max_samples < canary.min_samples) {
    throw new HarnessError(
      "CONFIG_INVALID",
      `Config: canary.min_samples (${canary.min_samples}) can never be reached with latency.max_samples ${latency.max_samples}`,
      { hint: "Raise latency.max_samples or lower canary.min_samples." },
    );
  }
}

/** Slices ask for processes that wait between two calls, and for nothing that is read beside a single trial: else CONFIG_INVALID. */
export function refuseSlices({ latency, runtime, telemetry }: ResolvedConfig, variants: Plan["variants"]): void {
  const { slice_ms, time_budget_ms } = latency;
  if (slice_ms === undefined) return;
  const problem =
    runtime.kind !== "onnxruntime" || variants.some(({ kind }) => kind === "pytorch")
      ? "needs variants that all run in ONNX Runtime"
      : telemetry.probe !== "none"
        ? 'needs telemetry.probe "none": probes read one trial after the other'
        : slice_ms * 2 > time_budget_ms
          ? `(${slice_ms}) leaves less than two slices of latency.time_budget_ms (${time_budget_ms})`
          : undefined;
  if (problem === undefined) return;
  throw new HarnessError("CONFIG_INVALID", `Config: latency.slice_ms ${problem}`, {
    hint: "Change that, or leave latency.slice_ms out to time one trial after the other.",
  });
}
