import type { SidecarParse } from "../domain/generated/sidecar-parse-v1.ts";
import { parseJson } from "../platform/json.ts";
import {
  SIDECAR_KEYS,
  SIDECAR_PROFILES,
  type SidecarKey,
  type SidecarProfile,
  type SidecarProfileName,
} from "./sidecar-contract.ts";
import { readPayload, type SidecarValue } from "./sidecar-payload.ts";

export interface SidecarParseOptions {
  /** `auto` takes the profile from what the payload says of itself; `none`: nothing applies. */
  readonly profile: SidecarProfileName | "auto" | "none";
  /** Other requirements than {@link SIDECAR_PROFILES}', e.g. out of a config. */
  readonly profiles?: Readonly<Partial<Record<SidecarProfileName, SidecarProfile>>>;
}

/**
 * Reads what a sidecar wrote into `sidecar.parse.v1`: every canonical key, a status, and sorted tokens of what is wrong
 * (`missing:KEY`, `invalid:KEY`, `unit:KEY`, `conflict:KEY`, `payload:unreadable`). Never throws: a sidecar's fault is a status.
 */
export function parseSidecar(
  source: string | undefined,
  { profile, profiles = {} }: SidecarParseOptions,
): SidecarParse {
  if (profile === "none") return assemble("none", { required: [], optional: [] }, {}, []);
  const payload = readObject(source);
  const name = profile === "auto" ? profileOf(payload) : profile;
  const keys = profiles[name] ?? SIDECAR_PROFILES[name];
  if (payload === undefined) return assemble(name, keys, undefined, ["payload:unreadable"]);
  return assemble(name, keys, readPayload(payload), []);
}

function assemble(
  profile: SidecarParse["profile"],
  keys: SidecarProfile,
  read: Partial<Readonly<Record<SidecarKey, SidecarValue>>> | undefined,
  faults: readonly string[],
): SidecarParse {
  const applies = new Set([...keys.required, ...keys.optional].filter((key) => read?.[key]?.kind !== "not-applicable"));
  const errors = [...faults];
  let isBroken = faults.length > 0;
  let isRequiredMissing = false;
  for (const key of applies) {
    const entry = read?.[key];
    const isRequired = keys.required.includes(key);
    if (entry === undefined) continue;
    if (entry.kind === "value") {
      if (entry.isDoubtful) errors.push(`conflict:${key}`);
    } else {
      errors.push(`${entry.kind}:${key}`);
      if (isRequired && entry.kind === "missing") isRequiredMissing = true;
      else if (isRequired) isBroken = true;
    }
  }
  const hasGap = errors.some((token) => !token.startsWith("conflict:"));
  const status: SidecarParse["sidecar_parse_status"] = isBroken
    ? "PARSE_ERROR"
    : isRequiredMissing
      ? "REQUIRED_FIELD_MISSING"
      : applies.size === 0
        ? "NOT_APPLICABLE"
        : hasGap
          ? "OPTIONAL_FIELD_MISSING"
          : "OK";
  const values = Object.fromEntries(
    SIDECAR_KEYS.map((key) => {
      const entry = applies.has(key) ? read?.[key] : undefined;
      return [key, entry?.kind === "value" ? entry.value : null];
    }),
  ) as Record<SidecarKey, number | null>;
  return {
    schema_version: "sidecar.parse.v1",
    profile,
    ...values,
    not_applicable: SIDECAR_KEYS.filter((key) => !applies.has(key)).sort(),
    sidecar_parse_status: status,
    sidecar_parse_errors: errors.sort(),
  };
}

/** The last JSON object of an output: programs talk before it. */
function readObject(source: string | undefined): Readonly<Record<string, unknown>> | undefined {
  const text = source?.trim() ?? "";
  const starts = [...text.matchAll(/^\s*\{/gm)].map((match) => match.index);
  for (const start of [...starts.slice(0, 20), ...starts.slice(-20).reverse()]) {
    const end = text.lastIndexOf("}") + 1;
    try {
      const value = parseJson(text.slice(start, end), { what: "the sidecar's output" });
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch {
      // Another brace may begin it.
    }
  }
  return undefined;
}

function profileOf(payload: Readonly<Record<string, unknown>> | undefined): SidecarProfileName {
  const told = String(payload?.["backend"] ?? payload?.["profile"] ?? "").toLowerCase();
  if (/nvidia|cuda/.test(told)) return "nvidia";
  if (/amd|rocm|hip/.test(told)) return "amd";
  if (/cpu/.test(told)) return "cpu_only";
  // Who reports memory of a card has one.
  const hasCard = payload !== undefined && readPayload(payload).vram_total_mb.kind === "value";
  return hasCard ? "nvidia" : "cpu_only";
}
