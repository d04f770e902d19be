import { HarnessError } from "../domain/errors.ts";
import type { ProfileConfig } from "../domain/generated/profile-v1.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { parseYaml } from "../platform/yaml.ts";

/** Reads a profile from a .json, .yaml or .yml file. CONFIG_INVALID for what the schema refuses, unknown keys first. */
export async function readProfile(path: string): Promise<ProfileConfig> {
  const isYaml = /\.ya?ml$/i.test(path);
  if (!isYaml && !/\.json$/i.test(path)) {
    throw new HarnessError("CONFIG_INVALID", `There is no profile named '${path}'.`, {
      hint: "Built-in profiles: edge, local, cloud. A file of your own ends in .json, .yaml or .yml.",
    });
  }
  const text = await readText(path, { what: "profile", code: "CONFIG_INVALID" });
  const parse = isYaml ? parseYaml : parseJson;
  return checkProfile(parse(text, { what: path, code: "CONFIG_INVALID" }), path);
}

/** A profile's door from `unknown`. */
export function checkProfile(value: unknown, what: string): ProfileConfig {
  return validator.validate<ProfileConfig>("profile.v1", value, {
    what,
    code: "CONFIG_INVALID",
    hint: "Every field is described in docs/quantize.md.",
  });
}
