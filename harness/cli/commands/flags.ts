import { resolve } from "node:path";
import { HarnessError } from "../../domain/errors.ts";
import type { SweepOptions } from "../../pipeline/sweep.ts";

import type { CiFlags } from "../ci-outputs.ts";

/** What commander hands to sweep and plan. */
export interface SweepFlags extends CiFlags {
  readonly matrixConfig?: string;
  readonly dataDir?: string;
  readonly modelId?: string[];
  readonly quantTags?: string[];
  readonly only?: string;
  readonly taskBank?: string;
  readonly maxImages?: number;
  readonly imageIdsList?: string;
  readonly runs?: number;
  readonly seed?: number;
  readonly executionLane?: "ci" | "lab";
  readonly vramProfile?: "safe" | "balanced" | "stress";
  readonly canaryRuns?: number;
  readonly canaryLatencyVarianceThreshold?: number;
  readonly outDir: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly summaryOut?: string;
  readonly hardwareSidecarTemplate?: string;
  readonly hardwareSidecarTimeoutSec?: number;
  readonly hardwareSidecarProfile?: "nvidia" | "amd" | "cpu_only" | "auto" | "none";
  readonly sidecarProfilesConfig?: string;
  readonly allowPollutedFrontier?: boolean;
}

/** Flags as the pipeline takes them. */
export function sweepOptionsFrom(config: string | undefined, flags: SweepFlags): SweepOptions {
  if (config !== undefined && flags.matrixConfig !== undefined && config !== flags.matrixConfig) {
    throw new HarnessError(
      "CONFIG_USAGE",
      `Two configs are given: ${config} and --matrix-config ${flags.matrixConfig}`,
      {
        hint: "Give one of them.",
      },
    );
  }
  return {
    config: config ?? flags.matrixConfig,
    dataDir: flags.dataDir,
    only: flags.only,
    outDir: flags.outDir,
    flags: {
      modelIds: flags.modelId,
      quantTags: flags.quantTags,
      ...(flags.taskBank === undefined ? {} : { taskBank: resolve(flags.taskBank) }),
      maxImages: flags.maxImages,
      ...(flags.imageIdsList === undefined ? {} : { imageIdsList: resolve(flags.imageIdsList) }),
      runs: flags.runs,
      seed: flags.seed,
      executionLane: flags.executionLane,
      vramProfile: flags.vramProfile,
      canaryRuns: flags.canaryRuns,
      canaryLatencyVarianceThreshold: flags.canaryLatencyVarianceThreshold,
      sidecarTemplate: flags.hardwareSidecarTemplate,
      sidecarTimeoutSec: flags.hardwareSidecarTimeoutSec,
      sidecarProfile: flags.hardwareSidecarProfile,
      allowPollutedFrontier: flags.allowPollutedFrontier,
    },
    sidecarProfilesConfig: flags.sidecarProfilesConfig,
  };
}
