import type { VariantLine } from "../../domain/generated/journal-v1.ts";
import type { SessionPort } from "../../domain/session-port.ts";
import type { JournalWriter } from "../../store/journal.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import type { VariantCache } from "../../store/variant-cache.ts";
import type { SweepInputs } from "../gather-inputs.ts";
import type { OnProgress } from "../progress.ts";
import type { TorchChecker } from "../steps/check-model.ts";
import type { StepResults } from "../steps/step-results.ts";

/** A variant that can run, or why it cannot. */
export type PreparedVariant =
  | {
      readonly state: "ready";
      /** Undefined for simulated variants. */
      readonly model: { readonly path: string; readonly sha256: string } | undefined;
      readonly sessionConfig: Readonly<Record<string, string>>;
    }
  | { readonly state: "failed" | "unavailable" | "unsupported"; readonly failure: string };

export interface PrepareContext {
  /** What the prepare steps gave. */
  readonly steps: StepResults;
  readonly inputs: SweepInputs;
  readonly folder: RunFolder;
  readonly writer: JournalWriter;
  readonly cache: VariantCache;
  readonly session: SessionPort;
  readonly torch: TorchChecker;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** A variant with its line of the journal. */
export interface Prepared {
  readonly line: VariantLine;
  readonly result: PreparedVariant;
  readonly cached: boolean;
}

/** A variant that cannot be made. */
export function failedVariant(variantId: string, failure: string): Prepared {
  return absentVariant(variantId, "failed", failure);
}

/** A variant that cannot run here, or at all. */
export function absentVariant(
  variantId: string,
  state: "failed" | "unavailable" | "unsupported",
  failure: string,
): Prepared {
  const line: VariantLine = {
    kind: "variant",
    variant_id: variantId,
    state,
    sha256: null,
    bytes_on_disk: null,
    bytes_packed: null,
    kernels: null,
    slow_layers: [],
    layers: 0,
    manifest: null,
    failure,
  };
  return { line, result: { state, failure }, cached: false };
}

/** The line of a variant that can run; what is known of its file goes over it. */
export function readyLine(variantId: string, known: Partial<VariantLine>): VariantLine {
  return { ...failedVariant(variantId, "").line, state: "ready", failure: null, ...known };
}
