import type { Plan } from "../domain/generated/plan-v1.ts";

/** Share of a card's memory that a profile may plan for. */
export const VRAM_CAPS: Readonly<Record<Plan["vram_profile"], number>> = { safe: 0.5, balanced: 0.8, stress: 0.95 };

/** Less than this share of what is allowed is hardly any headroom. */
const LOW_HEADROOM = 0.1;

export type VramFinding = "VRAM_DOES_NOT_FIT" | "VRAM_OVER_PROFILE" | "VRAM_LOW_HEADROOM";

/** How a model sits in a card's memory under a profile; the worst of the findings, undefined where there is none or no card. */
export function vramFit(
  memory: {
    readonly totalBytes: number | undefined;
    readonly usedBytes: number | undefined;
    readonly modelBytes: number | undefined;
  },
  profile: Plan["vram_profile"],
): { readonly code: VramFinding; readonly message: string } | undefined {
  const { totalBytes, usedBytes, modelBytes } = memory;
  if (totalBytes === undefined || !(totalBytes > 0)) return undefined;
  const cap = VRAM_CAPS[profile];
  const allowed = cap * totalBytes;
  const allowance = `${gib(allowed)} (${Math.round(cap * 100)} % of ${gib(totalBytes)}, profile ${profile})`;
  if (modelBytes !== undefined && modelBytes > allowed) {
    return { code: "VRAM_DOES_NOT_FIT", message: `The model's ${gib(modelBytes)} do not fit into ${allowance}.` };
  }
  if (usedBytes === undefined) return undefined;
  if (usedBytes > allowed) {
    return { code: "VRAM_OVER_PROFILE", message: `${gib(usedBytes)} were in use, of ${allowance} that are allowed.` };
  }
  if (allowed - usedBytes < LOW_HEADROOM * allowed) {
    return { code: "VRAM_LOW_HEADROOM", message: `${gib(allowed - usedBytes)} were left of ${allowance}.` };
  }
  return undefined;
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
