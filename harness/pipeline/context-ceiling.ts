import { dirname, relative, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ContextCeiling, ContextThresholds } from "../domain/generated/context-ceiling-v1.ts";
import type { ContextSummary } from "../domain/generated/context-summary-v1.ts";
import {
  buildContextCeiling,
  CONTEXT_PROFILES,
  type ContextLabels,
  RECALL_DEFAULTS,
} from "../explore/context-ceiling.ts";
import type { ContextSource } from "../explore/context-point.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite, readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { appendExplorer, readExplorer } from "../store/explorer-history.ts";

export interface ContextCeilingRequest {
  /** Path with `{context}` in it. */
  readonly summaryTemplate: string;
  readonly contexts: readonly number[];
  readonly thresholds: ContextThresholds;
  readonly lane: "ci" | "lab";
  readonly profile: "safe" | "balanced" | "stress";
  readonly ref?: string | undefined;
  readonly out?: string | undefined;
  readonly storageRoot?: string | undefined;
  readonly cwd?: string;
}

export interface ContextCeilingResult {
  readonly ceiling: ContextCeiling;
  /** The last earlier one of the same model and quant on the same hardware, lane and profile; undefined without a history. */
  readonly earlier: ContextCeiling | undefined;
}

/** Limits of a profile, with what was given in their place. */
export function contextThresholds(
  profile: "safe" | "balanced" | "stress",
  given: { readonly [limit in keyof ContextThresholds]?: number | undefined } = {},
): ContextThresholds {
  const { adherenceMin, ttftCeilingMs, decodeFloorTps } = CONTEXT_PROFILES[profile];
  return {
    adherence_min: given.adherence_min ?? adherenceMin,
    ttft_ceiling_ms: given.ttft_ceiling_ms ?? ttftCeilingMs,
    decode_floor_tps: given.decode_floor_tps ?? decodeFloorTps,
    recall_relative_min: given.recall_relative_min ?? RECALL_DEFAULTS.recall_relative_min,
    recall_floor: given.recall_floor ?? RECALL_DEFAULTS.recall_floor,
    level: given.level ?? RECALL_DEFAULTS.level,
  };
}

/** Decides the ceiling from stored summaries, and writes and records it where asked. */
export async function contextCeiling(request: ContextCeilingRequest): Promise<ContextCeilingResult> {
  const { cwd = process.cwd(), summaryTemplate, contexts, storageRoot } = request;
  if (contexts.length > 1 && !summaryTemplate.includes("{context}")) {
    throw new HarnessError("CONFIG_USAGE", `The template ${summaryTemplate} does not hold {context}`, {
      hint: "For example results/context_{context}.json.",
    });
  }
  const out = request.out === undefined ? undefined : resolve(cwd, request.out);
  const base = out === undefined ? cwd : dirname(out);
  const sources: ContextSource[] = [];
  for (const context of [...new Set(contexts)].sort((a, b) => a - b)) {
    const path = resolve(cwd, summaryTemplate.replaceAll("{context}", String(context)));
    const source = await readContextSummary(path, base);
    if (source.summary.context !== context) {
      throw new HarnessError("STORE_CORRUPT", `${path} is of ${source.summary.context} tokens, not ${context}`, {
        hint: "Files were renamed or mixed up. Run context sweep again.",
      });
    }
    sources.push(source);
  }
  const ceiling = ceilingOf(sources, request.thresholds, {
    execution_lane: request.lane,
    vram_profile: request.profile,
    ref: request.ref,
  });
  if (out !== undefined) await atomicWrite(out, artifactJson(ceiling));
  if (storageRoot === undefined) return { ceiling, earlier: undefined };
  const root = resolve(cwd, storageRoot);
  const { artifacts } = await readExplorer(root, ceiling);
  await appendExplorer(root, ceiling);
  const key = (one: ContextCeiling) => JSON.stringify([one.model_id, one.quant_tag]);
  const earlier = artifacts
    .filter((one) => key(one) === key(ceiling) && one.generated_at < ceiling.generated_at)
    .at(-1);
  return { ceiling, earlier };
}

/** The artifact, checked against its schema. CONFIG_INVALID for summaries that do not belong together. */
export function ceilingOf(
  sources: readonly ContextSource[],
  thresholds: ContextThresholds,
  labels: ContextLabels,
): ContextCeiling {
  const [first] = sources;
  const keyOf = ({ summary }: ContextSource) =>
    [summary.model_id, summary.quant_tag, summary.runtime, summary.hardware_fingerprint, summary.weights_sha256].join(
      " ",
    );
  const other = sources.find((source) => first !== undefined && keyOf(source) !== keyOf(first));
  if (other !== undefined) {
    throw new HarnessError(
      "CONFIG_INVALID",
      `${other.path} is of another model, quant, runtime or machine than ${first?.path}`,
      {
        hint: "A ceiling is of one model on one machine. Give the summaries of one sweep.",
      },
    );
  }
  const artifact = buildContextCeiling(sources, { thresholds, labels });
  return validator.validate("context_ceiling.v1", artifact, { what: "the context ceiling", code: "STORE_SCHEMA" });
}

/** A stored summary; its path is told relative to `base`. STORE_MISSING, STORE_CORRUPT. */
export async function readContextSummary(path: string, base: string): Promise<ContextSource> {
  const text = await readText(path, {
    what: "context summary",
    code: "STORE_MISSING",
    hint: "Run context sweep first, with the same template.",
  });
  const value = parseJson(text, { what: path });
  const summary = validator.validate<ContextSummary>("context_summary.v1", value, {
    what: path,
    code: "STORE_CORRUPT",
  });
  return { summary, path: relative(base, path).replaceAll("\\", "/") || path, sha256: sha256(text) };
}
