import type { RunRecord } from "../aggregate/run-record.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { Certificate } from "../domain/generated/certificate-v1.ts";
import type { GateArtifact } from "../domain/generated/gate-v1.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { DEFAULTS } from "../plan/defaults.ts";
import { resolveGates } from "../plan/resolve-gates.ts";
import { sha256 } from "../platform/digest.ts";
import { renderMarkdown } from "../report/markdown.ts";
import { readCertificate, readPolicy } from "../store/config-file.ts";
import { RunFolder } from "../store/run-folder.ts";
import { kpisOf } from "./kpi.ts";
import { readPlan, readRun } from "./read-run.ts";
import { summarize } from "./summarize.ts";

/** Decides a stored run again from its journal; nothing is run. `gates` replaces the plan's. */
export async function decide(
  folder: RunFolder,
  options: {
    readonly gates?: readonly GateSpecDoc[];
    readonly ref?: string | undefined;
    readonly certificate?: Certificate | undefined;
  } = {},
): Promise<{ summary: Summary; gate: GateArtifact }> {
  const { summary, gate } = await decideRecord(folder, options);
  return { summary, gate };
}

async function decideRecord(
  folder: RunFolder,
  options: NonNullable<Parameters<typeof decide>[1]>,
): Promise<{ record: RunRecord; summary: Summary; gate: GateArtifact }> {
  const { record, journal } = await readRun(folder);
  const gates = options.gates ?? record.plan.gates;
  const { ref, certificate } = options;
  const policyDigest = sha256(canonicalJson(gates));
  return { record, ...summarize(record, journal, { gates, policyDigest, ref, certificate }) };
}

/** Decides and writes the artifacts that follow from plan and journal alone: equal journals give equal bytes. */
export async function writeDecision(
  folder: RunFolder,
  options: { readonly ref?: string | undefined } = {},
): Promise<Summary> {
  const { record, summary, gate } = await decideRecord(folder, options);
  await folder.write("summary.json", summary);
  await folder.write("gate.json", gate);
  await folder.write("kpis.json", kpisOf(record, summary));
  await folder.writeText("summary.md", renderMarkdown(summary));
  return summary;
}

/**
 * Decides a stored run by a policy file: `{ "gates": [...], "alpha": ... }` as in a config. Changes apply to the run's own gates
 * by id, or to those of a `gate_preset` that the file names; an alpha applies to all that the file does not name one for.
 */
export async function decideWithPolicy(options: {
  readonly run: string;
  readonly outDir: string;
  readonly policy: string | undefined;
  /** Path of a certificate that must vouch for times; without one they are decided as they are. */
  readonly certificate?: string | undefined;
}): Promise<{ summary: Summary; gate: GateArtifact }> {
  const folder = await RunFolder.open(options.run, options.outDir);
  const certificate = options.certificate === undefined ? undefined : await readCertificate(options.certificate);
  if (options.policy === undefined) return decide(folder, { certificate });
  const plan = await readPlan(folder);
  const { gates: changes, alpha, gate_preset: preset } = await readPolicy(options.policy);
  const base = alpha === undefined ? plan.gates : plan.gates.map((gate) => ({ ...gate, alpha }));
  const config = plan.config as { alpha?: number };
  const resolved = resolveGates({
    ...(preset === undefined ? { base } : { preset }),
    changes,
    alpha: alpha ?? config.alpha ?? DEFAULTS.alpha,
    lane: plan.execution_lane,
  });
  if (resolved.problems.length > 0) {
    throw new HarnessError("CONFIG_INVALID", `${options.policy}: ${resolved.problems.join("; ")}`, {
      hint: "See docs/configs.md, gates.",
    });
  }
  return decide(folder, { gates: resolved.gates, certificate });
}
