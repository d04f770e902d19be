import { setTimeout as sleep } from "node:timers/promises";
import { HarnessError } from "../domain/errors.ts";
import type { SimulatedQuantConfig } from "../domain/generated/config-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Runtime, TrialMeasurement, TrialRequest } from "../domain/runtime-port.ts";
import { simulateOutputs } from "./simulated-outputs.ts";
import { type Draws, drawsFor } from "./split-mix.ts";

/** How a simulated variant behaves. */
export interface SimulatedSettings {
  readonly modelId: string;
  readonly isBaseline: boolean;
  /** True accuracy, 0..1. */
  readonly accuracy: number;
  /** Share of items where exactly one of baseline and variant is right; absent: as little as its accuracy allows, but at least 1 %. */
  readonly discordance?: number;
  /** Median of a call, and its coefficient of variation; calls are lognormal. */
  readonly latencyMs: number;
  readonly latencyCv: number;
  readonly peakMemoryBytes: number;
  readonly loadMs: number;
  /** Chance that a trial crashes. */
  readonly failureRate: number;
  /** Chance that a trial's outputs differ from the other trials', in one score; predictions stay. */
  readonly flipRate: number;
  /** How long a trial really takes, so that there is something to kill or interrupt. */
  readonly trialMs: number;
}

export interface SimulatedRuntimeOptions {
  readonly seed: number;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly variants: ReadonlyMap<string, SimulatedSettings>;
}

/** What an unset setting is. Unremarkable values: nothing fails, nothing flips, nothing waits. */
const DEFAULTS = {
  accuracy: 0.95,
  latencyMs: 1,
  latencyCv: 0.02,
  peakMemoryBytes: 100_000_000,
  loadMs: 10,
  failureRate: 0,
  flipRate: 0,
  trialMs: 0,
} as const;

/** Memory of a process before it loads a model, as real children have it. */
const RSS_BEFORE_LOAD_BYTES = 60_000_000;
const LEAST_DISCORDANCE = 0.01;

/**
 * A runtime without processes, models and clocks. Outputs follow from the dataset's seed (the plan's, unless told) and the settings, all else of a trial from its
 * own seed and the settings: neither the order of trials nor an interruption changes a measurement.
 */
export function simulatedRuntime(options: SimulatedRuntimeOptions): Runtime {
  const outputs = new Map(
    [...options.variants].map(([variantId, settings]) => [variantId, outputsOf(options, variantId, settings)]),
  );
  return {
    kind: "simulated",
    async versions() {
      return { simulated: "1" };
    },
    async runTrial(request, { signal }) {
      const settings = options.variants.get(request.variantId);
      const all = outputs.get(request.variantId);
      if (settings === undefined || all === undefined) {
        throw new HarnessError("RUNTIME_PROTOCOL", `There is no simulated variant ${request.variantId}.`, {
          hint: "Plan the run again.",
        });
      }
      await delay(request, settings.trialMs, signal);
      const draws = drawsFor(request.seed, "trial");
      if (draws.uniform() < settings.failureRate) {
        throw new HarnessError(
          "RUNTIME_CRASHED",
          `Trial ${request.trialId} crashed, as its simulated failure rate has it.`,
          {
            hint: "Set failure_rate to 0 for trials that do not fail.",
          },
        );
      }
      return measure(request, settings, { all, classes: options.classes, draws });
    },
    async close() {},
  };
}

/** The simulated runtime of a plan; labels are 0, 1, ... in turn, as in its simulated dataset. CONFIG_INVALID for impossible settings. */
export function openSimulatedRuntime(plan: Plan): Runtime {
  const classes = plan.dataset.class_names.length;
  const variants = plan.variants.map((variant): [string, SimulatedSettings] => {
    // The plan holds the quant of the config as it was validated.
    const quant = (variant.simulated ?? {}) as Partial<SimulatedQuantConfig>;
    return [
      variant.variant_id,
      {
        modelId: variant.model_id,
        isBaseline: variant.role === "baseline",
        accuracy: quant.accuracy ?? DEFAULTS.accuracy,
        ...(quant.discordance === undefined ? {} : { discordance: quant.discordance }),
        latencyMs: quant.latency_ms ?? DEFAULTS.latencyMs,
        latencyCv: quant.latency_cv ?? DEFAULTS.latencyCv,
        peakMemoryBytes: quant.peak_memory_bytes ?? DEFAULTS.peakMemoryBytes,
        loadMs: quant.load_ms ?? DEFAULTS.loadMs,
        failureRate: quant.failure_rate ?? DEFAULTS.failureRate,
        flipRate: quant.flip_rate ?? DEFAULTS.flipRate,
        trialMs: quant.trial_ms ?? DEFAULTS.trialMs,
      },
    ];
  });
  const labels = Int32Array.from({ length: plan.dataset.count }, (_, i) => i % classes);
  const config = plan.config as { readonly dataset?: { readonly seed?: number } } | undefined;
  const seed = config?.dataset?.seed ?? plan.experimental_controls.seed;
  return simulatedRuntime({ seed, labels, classes, variants: new Map(variants) });
}

function outputsOf(options: SimulatedRuntimeOptions, variantId: string, settings: SimulatedSettings): Float32Array {
  const { seed, labels, classes } = options;
  const { modelId, accuracy, isBaseline } = settings;
  const baseline = [...options.variants.values()].find((other) => other.modelId === modelId && other.isBaseline);
  const items = { seed, modelId, labels, classes };
  if (isBaseline || baseline === undefined) return simulateOutputs(items, { variantId, accuracy, discordance: 0 });
  const discordance = settings.discordance ?? Math.max(LEAST_DISCORDANCE, Math.abs(baseline.accuracy - accuracy));
  return simulateOutputs(items, { variantId, accuracy, baselineAccuracy: baseline.accuracy, discordance });
}

/** Real time passes for kill tests, but no measurement depends on it. */
async function delay({ timeoutMs, trialId }: TrialRequest, trialMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (trialMs > 0) {
    await sleep(Math.min(trialMs, timeoutMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  if (trialMs > timeoutMs) {
    throw new HarnessError("RUNTIME_TIMEOUT", `Trial ${trialId} did not finish within ${timeoutMs / 1000} s.`, {
      hint: "Raise the trial's timeout, or lower trial_ms of the simulated variant.",
    });
  }
}

function measure(
  request: TrialRequest,
  settings: SimulatedSettings,
  { all, classes, draws }: { all: Float32Array; classes: number; draws: Draws },
): TrialMeasurement {
  const { subset, evaluateAll, latency } = request;
  const { handicap = 0 } = latency;
  // Of a lognormal variable: CV^2 = exp(sigma^2) - 1, median = exp(mu).
  const sigma = Math.sqrt(Math.log1p(settings.latencyCv ** 2));
  const callS = (): number => (settings.latencyMs / 1000) * Math.exp(sigma * draws.normal()) * (1 + handicap);
  const loadS = (settings.loadMs / 1000) * Math.exp(0.05 * draws.normal());
  const warmupCalls = Math.max(latency.warmupIterations, Math.ceil(latency.warmupMs / settings.latencyMs));
  const warmupS = (warmupCalls * settings.latencyMs) / 1000;

  const samples: number[] = [];
  let loopS = 0;
  const least = Math.min(latency.minSamples, latency.maxSamples);
  while (samples.length < latency.maxSamples && (samples.length < least || loopS < latency.timeBudgetMs / 1000)) {
    const sample = callS();
    samples.push(sample);
    loopS += sample;
  }
  const items = request.items?.length ?? (evaluateAll ? all.length / classes : subset.length);
  const evaluateS = items * (settings.latencyMs / 1000) * Math.exp((sigma / 4) * draws.normal());
  const outputs = flipOne(all, { subset, classes, chance: settings.flipRate, draws });
  const wallS = loadS + warmupS + loopS + evaluateS;
  return {
    modelSha256Before: undefined,
    modelSha256After: undefined,
    loadS,
    warmup: { iterations: warmupCalls, seconds: warmupS },
    ...(handicap === 0 ? {} : { handicap }),
    latencyS: Float64Array.from(samples),
    throughput: { itemsPerSecond: items / evaluateS, items, seconds: evaluateS },
    memory: {
      peakRssBytes: settings.peakMemoryBytes,
      rssBeforeLoadBytes: Math.min(RSS_BEFORE_LOAD_BYTES, settings.peakMemoryBytes),
    },
    subsetOutputs: rowsOf(outputs, subset, classes),
    allOutputs:
      request.items !== undefined ? rowsOf(outputs, request.items, classes) : evaluateAll ? outputs : undefined,
    outputSize: classes,
    host: {
      loopCpuS: loopS,
      loopWallS: loopS,
      involuntarySwitches: 0,
      stealS: 0,
      cpuPressureS: 0,
      load1: 0,
      wallS,
      systemClockS: wallS,
    },
  };
}

function rowsOf(outputs: Float32Array, items: readonly number[], classes: number): Float32Array {
  const rows = new Float32Array(items.length * classes);
  for (const [row, item] of items.entries()) {
    rows.set(outputs.subarray(item * classes, (item + 1) * classes), row * classes);
  }
  return rows;
}

/** A copy of the outputs in which, by chance, the largest score of one item of the subset is a little lower. */
function flipOne(
  all: Float32Array,
  { subset, classes, chance, draws }: { subset: readonly number[]; classes: number; chance: number; draws: Draws },
): Float32Array {
  const outputs = all.slice();
  const isFlipped = draws.uniform() < chance;
  const item = subset.length > 0 ? (subset[draws.index(subset.length)] as number) : draws.index(all.length / classes);
  if (!isFlipped) return outputs;
  const row = outputs.subarray(item * classes, (item + 1) * classes);
  const winner = row.indexOf(Math.max(...row));
  row[winner] = (row[winner] as number) - 1e-3 * (1 + draws.uniform());
  return outputs;
}
