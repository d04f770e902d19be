import type { Dataset } from "../../domain/dataset.ts";
import { HarnessError } from "../../domain/errors.ts";

import type { Task } from "../../domain/generated/task-bank-v1.ts";
import type { LanguageRuntime, ModelRef } from "../../domain/language-runtime.ts";
import type { PromptItem } from "../../domain/language-trial.ts";
import { quantRank } from "../../domain/quant-ranks.ts";
import type { VariantFacts } from "../../plan/expand-cells.ts";
import type { QuantConfig, ResolvedConfig } from "../../plan/resolve-config.ts";
import { openLanguageRuntime } from "./open-language-runtime.ts";
import { type ResolvedTag, resolveTag } from "./resolve-tags.ts";
import { simulatedFrom } from "./simulated-models.ts";
import { readTaskItems } from "./task-items.ts";

/** What a run of language models needs beside its plan. */
export interface LanguageInputs {
  readonly dataset: Dataset;
  readonly tasks: readonly Task[];
  readonly prompts: readonly PromptItem[];
  readonly runtime: LanguageRuntime;
  /** What each variant stands for, by its id. */
  readonly refs: ReadonlyMap<string, ModelRef>;
  readonly facts: (modelId: string, quant: QuantConfig) => VariantFacts;
}

/** Asking every provider what its tags are ends after this long. */
const IDENTIFY_MS = 600_000;

/** Reads the tasks, opens the runtime and asks what each tag stands for; undefined where the config is about rows. */
export async function gatherLanguage(
  config: ResolvedConfig,
  options: { readonly resolvePath: (path: string) => string; readonly env: NodeJS.ProcessEnv },
): Promise<LanguageInputs | undefined> {
  const { dataset: spec, language, runtime: where } = config;
  if (spec.kind !== "task-bank" || language === undefined) return undefined;
  if (where.kind === "onnxruntime") {
    throw new HarnessError("CONFIG_INVALID", "onnxruntime runs no language models, and the dataset is a task bank", {
      hint: 'Set runtime.kind to "llama-server", "ollama" or another runtime of language models.',
    });
  }
  const items = await readTaskItems(spec, { resolvePath: options.resolvePath });
  if (where.kind === "simulated") {
    return {
      ...items,
      runtime: simulatedFrom(config, items),
      refs: new Map(),
      facts: (_, quant) => ({ rank: quantRank(quant.id)?.bitsPerWeight ?? 32 }),
    };
  }
  const runtime = openLanguageRuntime(
    {
      runtime: where.kind,
      url: language.url ?? null,
      command: language.command ?? null,
      route: language.route,
      api_key_env: language.api_key_env ?? null,
      load_timeout_sec: language.load_timeout_sec,
    },
    options.env,
  );
  const tags = new Map<string, ResolvedTag>();
  const signal = AbortSignal.timeout(IDENTIFY_MS);
  for (const model of config.models) {
    for (const quant of config.quants) {
      if (quant.kind !== "tag") continue;
      const { resolvePath } = options;
      const resolved = { resolvePath, allowUnverified: language.allow_unverified, signal };
      tags.set(`${model.id}/${quant.id}`, await resolveTag(runtime, { model, quant }, resolved));
    }
  }
  return {
    ...items,
    runtime,
    refs: new Map([...tags].map(([id, { ref }]) => [id, ref])),
    facts: (modelId, quant) => {
      const { tag, sha256, rank } = tags.get(`${modelId}/${quant.id}`) as ResolvedTag;
      return { tag, rank, ...(sha256 === undefined ? {} : { sha256 }) };
    },
  };
}
