import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import { DEFAULT_GATES, LANGUAGE_GATES } from "./defaults.ts";

export type GatePreset = "strict" | "default" | "exploratory";

/**
 * Margins of each preset by gate, and the run they are sized for: there a variant that is truly identical in quality and speed
 * (items that differ at random at `discordance`, log ratios of blocks with standard deviation `logRatioSd`) passes all primary gates
 * with probability ≥ .9. tests/plan/gate-presets.test.ts simulates it through the gates themselves.
 */
export const GATE_PRESETS = {
  strict: {
    margins: { accuracy_drop: 0.005, worst_class_drop: 0.03, latency_ratio: 0.02, bytes: 0, peak_memory: 0.05 },
    sizedFor: { items: 10_000, classes: 10, blocks: 20, discordance: 0.02, logRatioSd: 0.02 },
  },
  default: {
    margins: { accuracy_drop: 0.01, worst_class_drop: 0.05, latency_ratio: 0.05, bytes: 0, peak_memory: 0.1 },
    sizedFor: { items: 3000, classes: 10, blocks: 10, discordance: 0.02, logRatioSd: 0.03 },
  },
  exploratory: {
    margins: { accuracy_drop: 0.025, worst_class_drop: 0.15, latency_ratio: 0.1, bytes: 0, peak_memory: 0.2 },
    sizedFor: { items: 500, classes: 10, blocks: 8, discordance: 0.02, logRatioSd: 0.03 },
  },
} as const satisfies {
  readonly [preset in GatePreset]: {
    readonly margins: { readonly [gate: string]: number };
    readonly sizedFor: {
      readonly items: number;
      readonly classes: number;
      readonly blocks: number;
      readonly discordance: number;
      readonly logRatioSd: number;
    };
  };
};

/** Margins for tasks by the preset's own spirit: half, as they are, and twice as wide. */
const LANGUAGE_FACTOR: { readonly [preset in GatePreset]: number } = { strict: 0.5, default: 1, exploratory: 2 };

/** The gates of sweeps over tasks, with the preset's margins. */
export function languagePresetGates(preset: GatePreset): GateSpecDoc[] {
  return LANGUAGE_GATES.map((gate) => ({ ...gate, margin: (gate.margin ?? 0) * LANGUAGE_FACTOR[preset] }));
}

/** The gates of a preset: the default ones, with its margins. */
export function presetGates(preset: GatePreset): GateSpecDoc[] {
  const margins: { readonly [gate: string]: number } = GATE_PRESETS[preset].margins;
  return DEFAULT_GATES.map((gate) => ({ ...gate, margin: margins[gate.id] ?? gate.margin }));
}
