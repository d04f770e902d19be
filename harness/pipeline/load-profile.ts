import { resolve } from "node:path";
import {
  type DeploymentProfile,
  PROFILES,
  type ProfileName,
  type ProfileSources,
  profileFromEnvironment,
  resolveProfile,
} from "../quantize/deployment-profile.ts";
import { checkProfile, readProfile } from "../store/profile-file.ts";

/** A profile by name or by file, changed by the environment and then by flags. */
export async function loadProfile(options: {
  /** edge, local, cloud, or the path of a JSON or YAML file. */
  readonly profile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly flags?: ProfileSources["flags"];
}): Promise<DeploymentProfile> {
  const { profile, env, cwd, flags } = options;
  const isBuiltIn = Object.hasOwn(PROFILES, profile);
  const file = isBuiltIn
    ? undefined
    : await readProfile(/\.(json|ya?ml)$/i.test(profile) ? resolve(cwd, profile) : profile);
  const document = profileFromEnvironment(env);
  const environment = document === undefined ? undefined : checkProfile(document, "the environment");
  const name = isBuiltIn ? (profile as ProfileName) : (environment?.extends ?? file?.extends ?? "local");
  // Flags are as foreign as files.
  if (flags !== undefined) checkProfile({ schema_version: "quantgate.profile.v1", ...flags }, "The command line");
  return resolveProfile({ name, file, environment, flags });
}
