import { HarnessError } from "../domain/errors.ts";
import type { ProfileConfig } from "../domain/generated/profile-v1.ts";
import type { ProfileUsed } from "../domain/generated/quantize-report-v1.ts";

export type ProfileName = "edge" | "local" | "cloud";
export type RungBits = 2 | 4 | 8;
export type QualityMetric = "task" | "cosine";
export type ProfileOrigin = "default" | "file" | "environment" | "flag";

/** Bit widths of the fallback ladder, in the order they are tried. */
export const LADDER: readonly RungBits[] = [2, 4, 8];

/** What a deployment asks of quantization. */
export interface DeploymentProfile {
  readonly name: ProfileName;
  readonly bits: RungBits;
  readonly group_size: number;
  readonly minimum_quality: Readonly<Record<`${RungBits}`, number>>;
  readonly quality_metric: QualityMetric;
  readonly minimum_layer_sqnr_db: number | null;
  readonly calibration_samples: number;
  readonly time_groups: number;
  readonly origins: Readonly<Record<string, ProfileOrigin>>;
}

/** Wider weights cost more, so they must keep more: that is what makes a fallback worth its bytes. */
const MINIMUM_QUALITY = { "2": 0.75, "4": 0.85, "8": 0.95 } as const;

type Values = Omit<DeploymentProfile, "origins">;

/** edge: smallest first, small groups because few bits need them; cloud: room for bytes, none for loss. */
export const PROFILES: Readonly<Record<ProfileName, Values>> = {
  edge: {
    name: "edge",
    bits: 2,
    group_size: 32,
    minimum_quality: MINIMUM_QUALITY,
    quality_metric: "task",
    minimum_layer_sqnr_db: null,
    calibration_samples: 128,
    time_groups: 4,
  },
  local: {
    name: "local",
    bits: 4,
    group_size: 64,
    minimum_quality: MINIMUM_QUALITY,
    quality_metric: "task",
    minimum_layer_sqnr_db: null,
    calibration_samples: 256,
    time_groups: 8,
  },
  cloud: {
    name: "cloud",
    bits: 8,
    group_size: 128,
    minimum_quality: MINIMUM_QUALITY,
    quality_metric: "task",
    minimum_layer_sqnr_db: null,
    calibration_samples: 512,
    time_groups: 16,
  },
};

/** Where each value of a profile may come from, weakest first. */
export interface ProfileSources {
  readonly name: ProfileName;
  /** A file's fields, checked against `profile.v1`. */
  readonly file?: ProfileConfig | undefined;
  /** Fields from the environment, checked likewise. */
  readonly environment?: ProfileConfig | undefined;
  readonly flags?: Partial<Pick<ProfileConfig, "minimum_quality" | "quality_metric">> | undefined;
}

/** Flag over environment over file over the built-in profile, with each value's origin. */
export function resolveProfile(sources: ProfileSources): DeploymentProfile {
  const built = PROFILES[sources.name];
  const origins: Record<string, ProfileOrigin> = {};
  const layers = [
    ["flag", sources.flags],
    ["environment", sources.environment],
    ["file", sources.file],
  ] as const;
  const pick = <T>(name: string, read: (from: ProfileConfig) => T | undefined, otherwise: T): T => {
    for (const [origin, values] of layers) {
      const value = values === undefined ? undefined : read(values as ProfileConfig);
      if (value === undefined) continue;
      origins[name] = origin;
      return value;
    }
    origins[name] = "default";
    return otherwise;
  };
  const minimum = (bits: `${RungBits}`) =>
    pick(`minimum_quality.${bits}`, (from) => from.minimum_quality?.[bits], built.minimum_quality[bits]);
  return {
    name: built.name,
    bits: pick("bits", (from) => from.bits, built.bits),
    group_size: pick<number>("group_size", (from) => from.group_size, built.group_size),
    minimum_quality: { "2": minimum("2"), "4": minimum("4"), "8": minimum("8") },
    quality_metric: pick("quality_metric", (from) => from.quality_metric, built.quality_metric),
    minimum_layer_sqnr_db: pick(
      "minimum_layer_sqnr_db",
      (from) => from.minimum_layer_sqnr_db,
      built.minimum_layer_sqnr_db,
    ),
    calibration_samples: pick("calibration_samples", (from) => from.calibration_samples, built.calibration_samples),
    time_groups: pick("time_groups", (from) => from.time_groups, built.time_groups),
    origins,
  };
}

/** Environment variables that change a profile, and the field each sets. */
export const PROFILE_VARIABLES: Readonly<Record<string, string>> = {
  QUANTGATE_PROFILE_BITS: "bits",
  QUANTGATE_PROFILE_GROUP_SIZE: "group_size",
  QUANTGATE_PROFILE_MINIMUM_QUALITY_2: "minimum_quality.2",
  QUANTGATE_PROFILE_MINIMUM_QUALITY_4: "minimum_quality.4",
  QUANTGATE_PROFILE_MINIMUM_QUALITY_8: "minimum_quality.8",
  QUANTGATE_PROFILE_QUALITY_METRIC: "quality_metric",
  QUANTGATE_PROFILE_MINIMUM_LAYER_SQNR_DB: "minimum_layer_sqnr_db",
  QUANTGATE_PROFILE_CALIBRATION_SAMPLES: "calibration_samples",
  QUANTGATE_PROFILE_TIME_GROUPS: "time_groups",
};

const PREFIX = "QUANTGATE_PROFILE_";

/**
 * The profile document that the environment writes; undefined where no such variable is set. Its values are still to be checked.
 * @throws HarnessError CONFIG_INVALID for a variable of that prefix that means nothing.
 */
export function profileFromEnvironment(env: Readonly<Record<string, string | undefined>>): object | undefined {
  const document: Record<string, unknown> = {};
  const minimum: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined || text === "") continue;
    const field = PROFILE_VARIABLES[name];
    if (field === undefined) {
      throw new HarnessError("CONFIG_INVALID", `There is no environment variable ${name}.`, {
        hint: `Known: ${Object.keys(PROFILE_VARIABLES).join(", ")}.`,
      });
    }
    const value = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    if (field.startsWith("minimum_quality.")) minimum[field.slice("minimum_quality.".length)] = value;
    else document[field] = value;
  }
  if (Object.keys(minimum).length > 0) document["minimum_quality"] = minimum;
  return Object.keys(document).length === 0
    ? undefined
    : { schema_version: "quantgate.profile.v1" satisfies ProfileConfig["schema_version"], ...document };
}

/** The widths that a profile tries, in order. */
export function rungsOf(profile: Pick<DeploymentProfile, "bits">): RungBits[] {
  return LADDER.filter((bits) => bits >= profile.bits);
}

/** The profile as a report records it. */
export function profileRow(profile: DeploymentProfile): ProfileUsed {
  return {
    ...profile,
    minimum_quality: { ...profile.minimum_quality },
    origins: { ...profile.origins },
  };
}
