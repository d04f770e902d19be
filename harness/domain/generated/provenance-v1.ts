// Generated from schemas/provenance.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Where every number came from.
 */
export interface Provenance {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.provenance.v1";
  /**
   * Creation time of the journal, ISO 8601 UTC.
   */
  generated_at: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hardware_fingerprint: string;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane: "ci" | "lab";
  /**
   * How much device memory may be planned for.
   */
  vram_profile: "safe" | "balanced" | "stress";
  /**
   * Run.
   */
  run_id: string;
  provenance: ProvenanceDoc;
  host: HostFingerprintDoc;
  /**
   * Resolved config.
   */
  config: {};
  /**
   * Where each value came from.
   */
  origins: {
    [k: string]: string;
  };
  /**
   * Where the run was started; null outside of a CI, absent in files of earlier versions.
   */
  ci?: null | CiDoc;
  /**
   * Variables that can change a measurement, without secrets.
   */
  environment?: {
    [k: string]: string;
  };
  digests?: DigestsDoc;
  /**
   * Files written, with digests.
   */
  artifacts: ArtifactRef[];
  /**
   * True when no real model ran.
   */
  simulated: boolean;
}
/**
 * Where it came from.
 */
export interface ProvenanceDoc {
  /**
   * Commit.
   */
  commit_sha: string | null;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  config_digest: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  plan_digest: string;
  /**
   * Versions.
   */
  tool_versions: {
    [k: string]: string;
  };
  /**
   * Reference given by the caller.
   */
  ref: string | null;
}
/**
 * Host fingerprint.
 */
export interface HostFingerprintDoc {
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  hard: string;
  /**
   * First 16 hex digits of the SHA-256 of the facts.
   */
  soft: string;
  /**
   * What the hashes were made of.
   */
  facts: {};
}
/**
 * What the CI says of itself; a field it does not say is null.
 */
export interface CiDoc {
  /**
   * CI system.
   */
  provider: "github" | "gitlab" | "other";
  /**
   * Workflow or pipeline.
   */
  workflow: string | null;
  /**
   * Job.
   */
  job: string | null;
  /**
   * Run of the workflow.
   */
  run_id: string | null;
  /**
   * Attempt of that run; on GitLab the job's id.
   */
  run_attempt: string | null;
  /**
   * What started it.
   */
  event: string | null;
  /**
   * Repository.
   */
  repository: string | null;
  /**
   * Commit that the CI was started for.
   */
  sha: string | null;
  /**
   * Branch or tag that it was started for.
   */
  ref: string | null;
  /**
   * Page of the run.
   */
  url: string | null;
}
/**
 * SHA-256 of what the numbers are made of.
 */
export interface DigestsDoc {
  /**
   * Resolved config.
   */
  config: string;
  /**
   * Plan.
   */
  plan: string;
  /**
   * Journal.
   */
  journal: string;
  /**
   * Items and labels.
   */
  dataset: string;
  /**
   * Files of the base models, by model id.
   */
  models: {
    [k: string]: string;
  };
}
/**
 * A file of the run.
 */
export interface ArtifactRef {
  /**
   * Relative path.
   */
  path: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Size.
   */
  bytes: number;
}
