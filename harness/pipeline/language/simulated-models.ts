import type { LanguageRuntime } from "../../domain/language-runtime.ts";
import { quantRank } from "../../domain/quant-ranks.ts";
import type { ResolvedConfig } from "../../plan/resolve-config.ts";
import {
  type SimulatedLanguageSettings,
  type SimulatedTask,
  simulatedLanguage,
} from "../../runtimes/language/simulated-language.ts";
import type { TaskItems } from "./task-items.ts";

/** What an unset setting is. Unremarkable: nothing fails, nothing gets hot. */
const DEFAULTS = { accuracy: 0.9, ttftMs: 20, decodeTps: 50, latencyCv: 0.05, loadMs: 200, memoryBytes: 1_000_000_000 };

/** The simulated models of a config: each answers a task with its reference, or with one of its wrong answers. */
export function simulatedFrom(config: ResolvedConfig, items: TaskItems): LanguageRuntime {
  const tasks = items.tasks.map((task, item): SimulatedTask => {
    const wrong = task.wrong.find(({ breaks = "success" }) => breaks === "success") ?? task.wrong[0];
    return {
      prompt: (items.prompts[item] as TaskItems["prompts"][number]).prompt,
      label: items.dataset.labels[item] as number,
      reference: task.reference,
      wrong: wrong.answer,
    };
  });
  const variants = config.models.flatMap((model) =>
    config.quants.flatMap((quant): [string, SimulatedLanguageSettings][] => {
      if (quant.kind !== "simulated") return [];
      const bitsPerWeight = quantRank(quant.id)?.bitsPerWeight ?? 16;
      const settings: SimulatedLanguageSettings = {
        modelId: model.id,
        isBaseline: quant.role === "baseline" || (quant.id === "fp32" && quant.role === undefined),
        label: quantRank(quant.id)?.tag ?? quant.id,
        bitsPerWeight,
        accuracy: quant.accuracy ?? DEFAULTS.accuracy,
        ...(quant.discordance === undefined ? {} : { discordance: quant.discordance }),
        ttftMs: quant.ttft_ms ?? DEFAULTS.ttftMs,
        decodeTps: quant.decode_tps ?? DEFAULTS.decodeTps,
        latencyCv: quant.latency_cv ?? DEFAULTS.latencyCv,
        loadMs: quant.load_ms ?? DEFAULTS.loadMs,
        bytes: quant.bytes ?? 1_000_000_000,
        memoryBytes: quant.peak_memory_bytes ?? DEFAULTS.memoryBytes,
        failureRate: quant.failure_rate ?? 0,
        truncationRate: quant.truncation_rate ?? 0,
        flipRate: quant.flip_rate ?? 0,
        heat: { slowdown: quant.heat_slowdown ?? 0, trials: quant.heat_trials ?? 10 },
      };
      return [[`${model.id}/${quant.id}`, settings]];
    }),
  );
  return simulatedLanguage({
    seed: config.seed,
    classes: items.dataset.classNames.length,
    tasks,
    variants: new Map(variants),
  });
}
