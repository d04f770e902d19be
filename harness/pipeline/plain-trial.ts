import type { RowMapping, TrialRequest } from "../domain/runtime-port.ts";
import type { ResolvedConfig } from "../plan/resolve-config.ts";

/** A trial of one model outside a sweep: session, warm-up and limits as the config has them, calls of one item. */
export function plainTrial(given: {
  readonly trialId: string;
  readonly cellId: string;
  readonly config: ResolvedConfig;
  readonly model: { readonly path: string; readonly sha256: string };
  /** Prepared items. */
  readonly itemsPath: string;
  readonly threads: number;
  /** Items whose calls are timed. */
  readonly subset: readonly number[];
  readonly framework?: "pytorch";
  readonly block?: number;
  /** Every item is evaluated, so many at once; nothing is unless given. */
  readonly evaluation?: { readonly batchSize: number; readonly rows: RowMapping | undefined };
}): TrialRequest {
  const { trialId, cellId, model, itemsPath, threads, subset, framework, block = 0, evaluation } = given;
  const { seed, runtime, warmup, latency } = given.config;
  return {
    trialId,
    cellId,
    variantId: cellId,
    block,
    seed,
    ...(framework === undefined ? {} : { framework }),
    model,
    itemsPath,
    session: {
      threads,
      optimizationLevel: runtime.optimization_level,
      cpuMemArena: runtime.cpu_mem_arena,
      memPattern: runtime.mem_pattern,
      sessionConfig: runtime.session_config,
    },
    latency: {
      batchSize: 1,
      warmupIterations: warmup.iterations,
      warmupMs: warmup.min_ms,
      minSamples: latency.min_samples,
      maxSamples: latency.max_samples,
      timeBudgetMs: latency.time_budget_ms,
    },
    subset: [...subset],
    evaluateAll: evaluation !== undefined,
    ...(evaluation?.rows === undefined ? {} : { rows: evaluation.rows }),
    evaluateBatchSize: evaluation?.batchSize ?? 1,
    timeoutMs: runtime.timeout_sec * 1000,
  };
}
