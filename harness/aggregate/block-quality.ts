import type { BlockPollution } from "../domain/comparison.ts";
import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { RunQualityControls } from "../domain/generated/plan-v1.ts";
import type { CellSamples } from "./cell-samples.ts";

/** What a trial's host readings say against the limits; empty when nothing does. A reading the platform does not give accuses nobody. */
export function starvation(trial: TrialLine, limits: RunQualityControls): string[] {
  const host = trial.measured?.host;
  if (host === undefined) return [];
  const share = (part: number | null, of: number) => (part === null || !(of > 0) ? undefined : part / of);
  const cpu = share(host.loop_cpu_s, host.loop_wall_s);
  const steal = share(host.steal_s, host.wall_s);
  const pressure = share(host.cpu_pressure_s, host.wall_s);
  const percent = (x: number) => `${Math.round(x * 100)} %`;
  return [
    ...(cpu !== undefined && cpu < limits.min_cpu_share ? [`it had the CPU for ${percent(cpu)} of its loop`] : []),
    ...(steal !== undefined && steal > limits.max_steal_share
      ? [`the hypervisor kept ${percent(steal)} of a core`]
      : []),
    ...(pressure !== undefined && pressure > limits.max_pressure_share
      ? [`tasks waited for a CPU ${percent(pressure)} of the time`]
      : []),
  ];
}

/** How many blocks of a pair were starved in either arm, of those in which both completed. */
export function blockPollution(
  candidate: CellSamples,
  baseline: CellSamples,
  limits: RunQualityControls,
): BlockPollution {
  const byBlock = (sample: CellSamples) =>
    new Map(sample.finished.filter(({ measured }) => measured !== null).map((trial) => [trial.block, trial]));
  const others = byBlock(baseline);
  let blocks = 0;
  let starved = 0;
  for (const [block, trial] of byBlock(candidate)) {
    const other = others.get(block);
    if (other === undefined) continue;
    blocks++;
    if (starvation(trial, limits).length > 0 || starvation(other, limits).length > 0) starved++;
  }
  return { blocks, starved, isPolluted: blocks > 0 && starved / blocks > limits.max_starved_blocks };
}
