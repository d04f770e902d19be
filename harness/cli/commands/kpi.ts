import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { judgeKpis } from "../../pipeline/kpi.ts";
import { atomicWrite } from "../../platform/files.ts";
import { renderKpis } from "../../report/kpi-text.ts";

export interface KpiFlags {
  readonly summary: string;
  readonly outDir: string;
  readonly out?: string;
  readonly policy?: string;
  readonly maxMissingTelemetryRate?: number;
  readonly maxPollutedRunRate?: number;
  readonly minFrontierSuccessRate?: number;
  readonly minDeterminismRate?: number;
  readonly maxFallbackRate?: number;
  readonly maxLadderFallbackRate?: number;
  readonly quantizeReports?: string[];
  readonly maxCanaryFailureRate?: number;
  readonly maxInconclusiveRate?: number;
  readonly json?: boolean;
}

/** KPI report and gate: 0, or 3 where a limit is broken. */
export async function runKpi(flags: KpiFlags): Promise<number> {
  const given = {
    max_missing_telemetry_rate: flags.maxMissingTelemetryRate,
    max_polluted_run_rate: flags.maxPollutedRunRate,
    min_frontier_success_rate: flags.minFrontierSuccessRate,
    min_determinism_rate: flags.minDeterminismRate,
    max_fallback_rate: flags.maxFallbackRate,
    max_ladder_fallback_rate: flags.maxLadderFallbackRate,
    max_canary_failure_rate: flags.maxCanaryFailureRate,
    max_inconclusive_rate: flags.maxInconclusiveRate,
  };
  const limits = Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined));
  const { kpis, gates, passed } = await judgeKpis({
    summary: flags.summary,
    outDir: flags.outDir,
    policy: flags.policy,
    quantizeReports: flags.quantizeReports,
    limits,
  });
  if (flags.out !== undefined) await atomicWrite(resolve(flags.out), artifactJson(kpis));
  if (flags.json) process.stdout.write(artifactJson({ passed, gates, kpis }));
  else process.stdout.write(`${renderKpis({ ...kpis.kpis }, gates)}\n`);
  return passed ? 0 : 3;
}
