import { dirname, isAbsolute, join, resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { MatrixConfig } from "../domain/generated/config-v1.ts";
import type { GatePolicy } from "../domain/generated/policy-v1.ts";
import type { SidecarProfiles } from "../domain/generated/sidecar-profiles-v1.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { packageRoot } from "../platform/package-root.ts";
import { validator } from "../platform/schema.ts";

/** Where the paths of a config start. */
export interface PathRoots {
  /** Folder of the config file. */
  readonly configDir: string;
  /** Root of `data:` paths. */
  readonly dataDir: string;
}

/** The config that `sweep` runs when none is named. */
export function embeddedConfigPath(): string {
  return join(packageRoot(), "configs", "digits.json");
}

/** The model that the embedded config judges. */
export function embeddedModelPath(): string {
  return join(packageRoot(), "configs", "digits", "digits-cnn.onnx");
}

/** Reads a config through its schema. CONFIG_INVALID names the first problem and the nearest valid key. */
export async function readConfig(path: string): Promise<MatrixConfig> {
  const text = await readText(path, { what: "config", code: "CONFIG_INVALID" });
  return checkConfig(parseJson(text, { what: path, code: "CONFIG_INVALID" }), path);
}

/** The config's door from `unknown`: CONFIG_INVALID for anything its schema refuses. */
export function checkConfig(value: unknown, what: string): MatrixConfig {
  return validator.validate<MatrixConfig>("config.v1", value, {
    what,
    code: "CONFIG_INVALID",
    hint: "Every field is described in docs/configs.md.",
  });
}

/** Reads a policy file: gates and alpha as in a config. */
export async function readPolicy(path: string): Promise<GatePolicy> {
  const text = await readText(path, { what: "policy", code: "CONFIG_INVALID" });
  const value = parseJson(text, { what: path, code: "CONFIG_INVALID" });
  return validator.validate<GatePolicy>("policy.v1", value, { what: path, code: "CONFIG_INVALID" });
}

/** Reads the file of --sidecar-profiles-config. */
export async function readSidecarProfiles(path: string): Promise<SidecarProfiles["profiles"]> {
  const text = await readText(path, { what: "sidecar profiles", code: "CONFIG_INVALID" });
  const value = parseJson(text, { what: path, code: "CONFIG_INVALID" });
  const document = validator.validate<SidecarProfiles>("sidecar_profiles.v1", value, {
    what: path,
    code: "CONFIG_INVALID",
    hint: "See docs/probes.md, the sidecar contract.",
  });
  return document.profiles;
}

/** Reads a certificate. STORE_MISSING, STORE_SCHEMA. */
export async function readCertificate(path: string): Promise<Certificate> {
  const text = await readText(path, { what: "certificate", code: "STORE_MISSING" });
  const value = parseJson(text, { what: path });
  return validator.validate<Certificate>("certificate.v1", value, { what: path, code: "STORE_SCHEMA" });
}

/** `--data-dir` > QUANTGATE_DATA_DIR > the config's `data_dir` (relative to the config) > `./data`. */
export function pathRoots(options: {
  readonly configPath: string;
  readonly flag: string | undefined;
  readonly env: string | undefined;
  readonly config: string | undefined;
  readonly cwd: string;
}): PathRoots {
  const configDir = dirname(resolve(options.cwd, options.configPath));
  const dataDir =
    options.flag !== undefined
      ? resolve(options.cwd, options.flag)
      : options.env !== undefined && options.env !== ""
        ? resolve(options.cwd, options.env)
        : options.config !== undefined
          ? resolve(configDir, options.config)
          : resolve(options.cwd, "data");
  return { configDir, dataDir };
}

/** `data:x` is under the data folder (and may not leave it); other paths are absolute or relative to the config. */
export function resolvePath(path: string, roots: PathRoots): string {
  if (!path.startsWith("data:")) return isAbsolute(path) ? path : resolve(roots.configDir, path);
  const inside = resolve(roots.dataDir, path.slice("data:".length));
  if (inside !== roots.dataDir && !inside.startsWith(join(roots.dataDir, "/"))) {
    throw new HarnessError("CONFIG_INVALID", `The path ${path} leaves the data folder`, {
      hint: "Paths with data: stay under --data-dir.",
    });
  }
  return inside;
}
