import type { MeasuredDoc } from "../domain/generated/journal-v1.ts";
import type { ExperimentalControls } from "../domain/generated/plan-v1.ts";

/**
 * Why the experimental controls of a trial are not those of the plan, as a clause; undefined when they are. What the trial's own process
 * saw decides, not what it was told: a control that it could not see is not verified. Journals of before have none and are not judged.
 */
export function controlsProblem(
  { controls, warmup }: MeasuredDoc,
  planned: ExperimentalControls,
  { threads, seed }: { readonly threads: number; readonly seed: number | undefined },
): string | undefined {
  if (controls === undefined) return undefined;
  const wanted = planned.cpu_affinity ?? [];
  const pinned = controls.cpu_affinity;
  const isPinned = wanted.length === 0 || (pinned !== null && sameSet(pinned, wanted));
  const problems = [
    // No figure on this platform accuses nobody; a wrong one does.
    ...(controls.threads === null || controls.threads === threads
      ? []
      : [`it ran ${controls.threads} threads of ${threads}`]),
    ...(seed === undefined || controls.seed === seed ? [] : [`it was given the seed ${controls.seed}`]),
    ...(isPinned
      ? []
      : [pinned === null ? "its affinity could not be seen" : `it may use the processors ${pinned.join(", ")}`]),
    ...(warmup.iterations < planned.warmup_iterations
      ? [`it warmed up with ${warmup.iterations} of ${planned.warmup_iterations} calls`]
      : []),
  ];
  return problems.length === 0 ? undefined : problems.join("; ");
}

function sameSet(x: readonly number[], y: readonly number[]): boolean {
  const [a, b] = [new Set(x), new Set(y)];
  return a.size === b.size && [...a].every((one) => b.has(one));
}
