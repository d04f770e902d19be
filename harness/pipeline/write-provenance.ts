import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Provenance } from "../domain/generated/provenance-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { redact, secretValues } from "../domain/redact.ts";
import { ciFacts, recordedEnvironment } from "../platform/ci-environment.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { readRun } from "./read-run.ts";

/**
 * Writes where every number came from: the run's config with the origin of each value, host, versions, digests, the CI and what of the
 * environment can change a measurement. Secrets are left out, by name and by value (domain/redact).
 */
export async function writeProvenance(
  folder: RunFolder,
  plan: Plan,
  { summary, env }: { readonly summary: Summary; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const { record } = await readRun(folder);
  const secrets = secretValues(env);
  const models = plan.models.flatMap(({ id, sha256 }) => (sha256 === null ? [] : [[id, sha256] as const]));
  const provenance: Provenance = {
    schema_version: "quantgate.provenance.v1",
    generated_at: summary.generated_at,
    hardware_fingerprint: summary.hardware_fingerprint,
    execution_lane: summary.execution_lane,
    vram_profile: summary.vram_profile,
    run_id: summary.run_id,
    simulated: plan.simulated,
    provenance: summary.provenance,
    host: record.header.host,
    config: redact(plan.config, secrets),
    origins: plan.origins,
    ci: redact(ciFacts(env), secrets),
    environment: redact(recordedEnvironment(env), secrets),
    digests: {
      config: plan.config_digest,
      plan: plan.plan_digest,
      journal: summary.journal.sha256,
      dataset: plan.dataset.digest,
      models: Object.fromEntries(models),
    },
    artifacts: await folder.inventory(),
  };
  await folder.write("provenance.json", provenance);
}
