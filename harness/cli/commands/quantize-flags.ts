import { HarnessError } from "../../domain/errors.ts";
import type { ProfileSources } from "../../quantize/deployment-profile.ts";
import type { StrategyStep } from "../../quantize/strategy.ts";

/** What commander hands to quantize. A part of a strategy is true unless its `--no-` form is given. */
export interface QuantizeFlags {
  readonly recipe?: string[];
  readonly profile?: string;
  readonly config?: string;
  readonly calibration?: string;
  readonly modality?: string;
  readonly minQuality?: string[];
  readonly qualityMetric?: "task" | "cosine";
  readonly failFast?: boolean;
  readonly targetBytes?: number;
  readonly maxDrop?: number;
  readonly cleanOnly?: boolean;
  readonly compare: boolean;
  readonly gptq: boolean;
  readonly residualCodes: boolean;
  readonly timeScales: boolean;
  readonly spatialGroups: boolean;
  readonly seed?: number;
  readonly workers?: number;
  readonly memoryBudget?: number;
  readonly dataDir?: string;
  readonly outDir: string;
  readonly summaryOut?: string;
  readonly json?: boolean;
}

export type QuantizeMode = "clean" | "target" | "profile" | "recipes";

/** What the flags ask for. CONFIG_USAGE where they ask for two things at once. */
export function quantizeMode(flags: QuantizeFlags, isFolder: boolean): QuantizeMode {
  const asked = [
    ["clean", "--clean-only", flags.cleanOnly === true],
    [
      "target",
      flags.targetBytes === undefined ? "--max-drop" : "--target-bytes",
      flags.targetBytes !== undefined || flags.maxDrop !== undefined,
    ],
    ["profile", "--profile", flags.profile !== undefined],
    ["recipes", "--recipe", flags.recipe !== undefined],
  ] as const;
  const [first, second] = asked.filter(([, , isAsked]) => isAsked);
  // A target starts from a recipe.
  const together = first?.[0] === "target" && second?.[0] === "recipes";
  if (first !== undefined && second !== undefined && !together) {
    throw new HarnessError("CONFIG_USAGE", `${first[1]} and ${second[1]} ask for two different things`, {
      hint: "Give one of them.",
    });
  }
  const mode = first?.[0] ?? (isFolder || ladderFlag(flags) !== undefined ? "profile" : "recipes");
  if (isFolder && mode !== "profile") {
    throw new HarnessError("CONFIG_USAGE", `${first?.[1] ?? "This"} works on an ONNX file, not on a folder`, {
      hint: "A folder is quantized by --profile.",
    });
  }
  const ladder = ladderFlag(flags);
  if (mode !== "profile" && ladder !== undefined) {
    throw new HarnessError("CONFIG_USAGE", `${ladder} belongs to a profile's ladder`, {
      hint: "Add --profile edge, local, cloud, or a file, and leave the other out.",
    });
  }
  return mode;
}

/** The first flag given that only a ladder has. */
function ladderFlag(flags: QuantizeFlags): string | undefined {
  const given: [string, boolean][] = [
    ["--fail-fast", flags.failFast === true],
    ["--min-quality", flags.minQuality !== undefined],
    ["--quality-metric", flags.qualityMetric !== undefined],
    ["--modality", flags.modality !== undefined],
    ["--calibration", flags.calibration !== undefined],
    ...disabledSteps(flags).map((step): [string, boolean] => [`--no-${step}`, true]),
  ];
  return given.find(([, isGiven]) => isGiven)?.[0];
}

export function disabledSteps(flags: QuantizeFlags): StrategyStep[] {
  const steps: [StrategyStep, boolean][] = [
    ["residual-codes", flags.residualCodes],
    ["time-scales", flags.timeScales],
    ["gptq", flags.gptq],
    ["spatial-groups", flags.spatialGroups],
  ];
  return steps.flatMap(([step, isOn]) => (isOn ? [] : [step]));
}

/** `--min-quality 2=0.9,4=0.95` and `--quality-metric` as a profile's fields. */
export function profileFlags({ minQuality, qualityMetric }: QuantizeFlags): ProfileSources["flags"] {
  const minimum = Object.fromEntries(
    (minQuality ?? []).map((text) => {
      const [bits = "", share = ""] = text.split("=");
      if (!["2", "4", "8"].includes(bits) || share.trim() === "" || !Number.isFinite(Number(share))) {
        throw new HarnessError("CONFIG_USAGE", `--min-quality cannot read '${text}'`, {
          hint: "Write bits=share, for instance 2=0.9,4=0.95.",
        });
      }
      return [bits, Number(share)];
    }),
  );
  return {
    ...(minQuality === undefined ? {} : { minimum_quality: minimum }),
    ...(qualityMetric === undefined ? {} : { quality_metric: qualityMetric }),
  };
}
