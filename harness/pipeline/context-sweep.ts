import { resolve } from "node:path";
import { artifactJson, canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ContextThresholds } from "../domain/generated/context-ceiling-v1.ts";
import type { ContextSummary, KvShape } from "../domain/generated/context-summary-v1.ts";
import type { LanguageRuntime, ModelIdentity, ModelRef } from "../domain/language-runtime.ts";
import { judgeContexts } from "../explore/context-ceiling.ts";
import type { ContextSource } from "../explore/context-point.ts";
import { type ContextSearch, nextContext } from "../explore/context-search.ts";
import { kvBytes } from "../explore/kv-memory.ts";
import { type Clock, isoTime, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { workingTreeCommit } from "../platform/git.ts";
import { hostFingerprint, usableMemory } from "../platform/host.ts";
import { validator } from "../platform/schema.ts";
import { probeContext, RESERVED_TOKENS } from "./context-probes.ts";
import { kvShapeOf } from "./kv-shape.ts";

export interface ContextSweepOptions {
  readonly runtime: LanguageRuntime;
  readonly model: ModelRef;
  readonly modelId: string;
  readonly quantTag: string;
  /** Lengths, or a search for the longest that passes. */
  readonly contexts: readonly number[] | ContextSearch;
  readonly thresholds: ContextThresholds;
  readonly lane: "ci" | "lab";
  readonly profile: "safe" | "balanced" | "stress";
  /** `{context}` is the length. */
  readonly summaryTemplate: string;
  readonly seeds?: readonly number[];
  readonly depths?: readonly number[];
  readonly threads?: number;
  readonly gpuLayers?: number;
  readonly requestTimeoutMs?: number;
  /** Bytes of one cached value: 2 for f16. */
  readonly kvBytesPerValue?: number;
  readonly ref?: string | undefined;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly cwd?: string;
  /** `message`: why it could not be loaded. */
  readonly onProgress?: (done: {
    readonly context: number;
    readonly path: string;
    readonly passed: boolean;
    readonly message: string | null;
  }) => void;
}

const SEEDS = [1, 2, 3];
const DEPTHS = [0, 0.25, 0.5, 0.75, 1];
const REQUEST_TIMEOUT_MS = 600_000;
const F16_BYTES = 2;

/**
 * Runs the lengths one after the other and writes a summary of each as soon as it is done: a length that cannot be loaded or filled is a
 * result, not an error. Returns where they lie, ascending. Rejects for a model that is not there, and on the signal.
 */
export async function sweepContexts(options: ContextSweepOptions): Promise<ContextSource[]> {
  const { runtime, model, contexts, summaryTemplate, thresholds, cwd = process.cwd() } = options;
  if (!summaryTemplate.includes("{context}")) {
    throw new HarnessError("CONFIG_USAGE", `The template ${summaryTemplate} does not hold {context}`, {
      hint: "For example results/context_{context}.json.",
    });
  }
  const signal = options.signal ?? new AbortController().signal;
  const identity = await runtime.identify(model, { signal });
  const shape = await kvShapeOf(model, options.kvBytesPerValue ?? F16_BYTES);
  const common = await labelsOf(options, identity, signal);
  const done: ContextSource[] = [];
  const judged = () =>
    judgeContexts(
      done.toSorted((a, b) => a.summary.context - b.summary.context),
      thresholds,
    );
  const isList = "length" in contexts;
  const queue = isList ? [...new Set(contexts)].sort((a, b) => a - b) : [];
  for (;;) {
    const context = isList ? queue.shift() : nextContext(judged(), contexts as ContextSearch);
    if (context === undefined) break;
    signal.throwIfAborted();
    const summary = await runContext(options, { context, identity, shape, common, signal });
    const path = resolve(cwd, summaryTemplate.replaceAll("{context}", String(context)));
    const text = artifactJson(
      validator.validate<ContextSummary>("context_summary.v1", summary, { what: path, code: "STORE_SCHEMA" }),
    );
    await atomicWrite(path, text);
    done.push({ summary, path, sha256: sha256(text) });
    const passed = judged().find((point) => point.context === context)?.passed === true;
    options.onProgress?.({ context, path, passed, message: summary.load.message });
  }
  await runtime.unload({ signal });
  return done.toSorted((a, b) => a.summary.context - b.summary.context);
}

type CommonLabels = Omit<ContextSummary, "generated_at" | "context" | "load" | "kv" | "probes">;

async function runContext(
  options: ContextSweepOptions,
  given: {
    readonly context: number;
    readonly identity: ModelIdentity;
    readonly shape: KvShape | undefined;
    readonly common: CommonLabels;
    readonly signal: AbortSignal;
  },
): Promise<ContextSummary> {
  const { context, identity, shape, common, signal } = given;
  const { runtime, clock = systemClock } = options;
  const predicted = shape === undefined ? undefined : kvBytes(shape, context);
  const load = await loadContext(options, { context, predicted: predicted ?? 0, identity, signal });
  // A server that allocated less would only show again that it did.
  const isLoaded = load.status === "loaded" && (load.context_tokens ?? context) >= context;
  const probes = isLoaded
    ? await probeContext(runtime, {
        context,
        seeds: common.seeds,
        depths: common.depths,
        requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
        signal,
      })
    : [];
  const { schema_version, ...rest } = common;
  return {
    schema_version,
    generated_at: isoTime(clock),
    ...rest,
    context,
    load,
    kv: { shape: shape ?? null, predicted_bytes: predicted ?? null },
    probes,
  };
}

async function loadContext(
  { runtime, model, threads = 0, gpuLayers }: ContextSweepOptions,
  given: {
    readonly context: number;
    readonly predicted: number;
    readonly identity: ModelIdentity;
    readonly signal: AbortSignal;
  },
): Promise<ContextSummary["load"]> {
  const { context, predicted, identity, signal } = given;
  const nothing = { context_tokens: null, offloaded_bytes: null, memory_bytes: null, load_s: null };
  const needed = predicted + (identity.bytes ?? 0);
  // Without an accelerator what does not fit the memory swaps, or ends the server and others with it.
  if (predicted > 0 && gpuLayers === undefined && needed > usableMemory()) {
    const message = `it needs about ${gib(needed)} GiB, and the machine has ${gib(usableMemory())}`;
    return { status: "not-tried", message, ...nothing };
  }
  try {
    const loaded = await runtime.load(model, { contextTokens: context, threads, gpuLayers }, { signal });
    return {
      status: "loaded",
      message: null,
      context_tokens: loaded.contextTokens ?? null,
      offloaded_bytes: loaded.offloadedBytes ?? null,
      memory_bytes: loaded.memoryBytes ?? null,
      load_s: loaded.loadS ?? null,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HarnessError)) throw error;
    return { status: "failed", message: error.message, ...nothing };
  }
}

async function labelsOf(
  options: ContextSweepOptions,
  identity: ModelIdentity,
  signal: AbortSignal,
): Promise<CommonLabels> {
  const { runtime, modelId, quantTag, contexts, thresholds, lane, profile, cwd = process.cwd() } = options;
  const seeds = options.seeds ?? SEEDS;
  const depths = options.depths ?? DEPTHS;
  const asked = {
    modelId,
    quantTag,
    contexts,
    seeds,
    depths,
    lane,
    profile,
    threads: options.threads ?? 0,
    gpuLayers: options.gpuLayers,
  };
  const commit = await workingTreeCommit(cwd, { signal });
  return {
    schema_version: "quantgate.context_summary.v1",
    hardware_fingerprint: hostFingerprint().hard,
    execution_lane: lane,
    vram_profile: profile,
    model_id: modelId,
    quant_tag: quantTag,
    provenance: {
      commit_sha: commit.sha,
      config_digest: sha256(canonicalJson({ ...asked, thresholds })),
      plan_digest: sha256(canonicalJson({ ...asked, weights: identity.digest })),
      tool_versions: { ...(await runtime.versions({ signal })), node: process.versions.node },
      ref: options.ref ?? null,
    },
    simulated: runtime.kind === "simulated",
    runtime: runtime.kind,
    weights_sha256: identity.digest ?? null,
    reserved_tokens: RESERVED_TOKENS,
    depths: [...depths] as ContextSummary["depths"],
    seeds: [...seeds] as ContextSummary["seeds"],
  };
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
