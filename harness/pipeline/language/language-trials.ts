import { HarnessError } from "../../domain/errors.ts";
import type { Plan, PlannedVariant } from "../../domain/generated/plan-v1.ts";
import { GREEDY, type LanguageRuntime, type ModelRef } from "../../domain/language-runtime.ts";
import type { LanguageTrialRequest, PromptItem } from "../../domain/language-trial.ts";
import type { ReplyMeasurement, Runtime, TrialRequest } from "../../domain/runtime-port.ts";
import { between, readHost } from "../../platform/host-readings.ts";
import { runPrompts } from "../../runtimes/language/run-prompts.ts";

/** Trials of a plan over tasks: the runtime's replies to the prompts of the items that a trial evaluates. */
export function languageTrials(options: {
  readonly plan: Plan;
  readonly runtime: LanguageRuntime;
  readonly prompts: readonly PromptItem[];
  /** What a variant's tag stands for. */
  readonly refOf: (variant: PlannedVariant) => ModelRef;
}): Runtime<ReplyMeasurement> {
  const { plan, runtime, prompts, refOf } = options;
  const controls = plan.language as NonNullable<Plan["language"]>;
  const places = new Map(plan.trials.map(({ trial_id, seq }) => [trial_id, seq]));
  const requestOf = (request: TrialRequest, variant: PlannedVariant): LanguageTrialRequest => ({
    trialId: request.trialId,
    model: refOf(variant),
    digest: variant.sha256 ?? undefined,
    load: {
      contextTokens: controls.context_tokens,
      threads: controls.threads,
      gpuLayers: controls.gpu_layers ?? undefined,
      trial: { seed: request.seed, index: places.get(request.trialId) ?? 0 },
    },
    prompts: itemsOf(request, prompts.length).map((item) => prompts[item] as PromptItem),
    ...repeatOf(request, controls),
    sampling: { ...GREEDY, temperature: controls.temperature, ...(controls.temperature === 0 ? {} : { topK: 0 }) },
    requestTimeoutMs: controls.request_timeout_sec * 1000,
    stallTimeoutMs: controls.stall_timeout_sec * 1000,
    timeoutMs: request.timeoutMs,
  });
  return {
    kind: "language",
    versions: () => runtime.versions({ signal: AbortSignal.timeout(controls.load_timeout_sec * 1000) }),
    async runTrial(request, { signal }) {
      const variant = plan.variants.find(({ variant_id }) => variant_id === request.variantId);
      if (variant === undefined) {
        throw new HarnessError("RUNTIME_PROTOCOL", `There is no variant ${request.variantId}`, { hint: "Plan again." });
      }
      const before = readHost();
      const trial = await runPrompts(runtime, requestOf(request, variant), { signal });
      const host = between(before, readHost());
      const { simulated } = plan;
      return {
        kind: "replies",
        // Simulated weights have no digest.
        modelSha256Before: simulated ? undefined : trial.before.digest,
        modelSha256After: simulated ? undefined : trial.after.digest,
        trial,
        host: {
          // The server's CPU time is its own.
          loopCpuS: undefined,
          loopWallS: trial.repliesS,
          involuntarySwitches: undefined,
          stealS: simulated ? 0 : host.stealS,
          cpuPressureS: simulated ? 0 : host.cpuPressureS,
          load1: simulated ? 0 : host.load1,
          wallS: simulated ? trial.wallS : host.wallS,
          systemClockS: simulated ? trial.wallS : host.systemClockS,
        },
      };
    },
    close: () => runtime.close(),
  };
}

/** Plans of old ask nothing twice. */
function repeatOf(
  { subset }: TrialRequest,
  { repeat = "none", top_logprobs: topLogprobs }: NonNullable<Plan["language"]>,
): Pick<LanguageTrialRequest, "repeat"> {
  if (repeat === "none") return {};
  return { repeat: { items: repeat === "all" ? "all" : new Set(subset), topLogprobs } };
}

/** Dataset indices that a trial asks, each once: the evaluated ones, and the subset that every trial has. */
export function itemsOf({ evaluateAll, items, subset }: TrialRequest, count: number): number[] {
  if (evaluateAll) return Array.from({ length: count }, (_, item) => item);
  return [...new Set([...subset, ...(items ?? [])])];
}
