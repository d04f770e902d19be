import { relative, resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { CONTEXT_PROFILES } from "../../explore/context-ceiling.ts";
import { contextCeiling, contextThresholds } from "../../pipeline/context-ceiling.ts";
import { type ContextSweepOptions, sweepContexts } from "../../pipeline/context-sweep.ts";
import { openLanguageRuntime, type SERVED_RUNTIMES } from "../../pipeline/language/open-language-runtime.ts";
import { renderContextCeiling } from "../../report/context-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

/** Long contexts of large models take minutes to allocate. */
const LOAD_TIMEOUT_SEC = 600;

export interface ContextFlags {
  readonly contexts?: "auto" | number[];
  readonly summaryTemplate: string;
  readonly adherenceMin?: number;
  readonly ttftCeilingMs?: number;
  readonly decodeFloorTps?: number;
  readonly recallMin?: number;
  readonly executionLane: "ci" | "lab";
  readonly vramProfile: "safe" | "balanced" | "stress";
  readonly provenanceRef?: string;
  readonly json?: boolean;
}

export interface ContextSweepFlags extends ContextFlags {
  readonly runtime: (typeof SERVED_RUNTIMES)[number];
  readonly url?: string;
  readonly command?: string;
  readonly apiKeyEnv?: string;
  readonly model: string;
  readonly file?: string;
  readonly modelId?: string;
  readonly quantTag?: string;
  readonly minContext: number;
  readonly maxContext?: number;
  readonly resolution: number;
  readonly seeds: number;
  readonly depths?: number[];
  readonly threads: number;
  readonly gpuLayers?: number;
  readonly requestTimeoutSec: number;
}

export interface ContextCeilingFlags extends ContextFlags {
  readonly out?: string;
  readonly storageRoot?: string;
}

/** Runs the lengths, writes a summary of each, and shows the ceiling that they give. Exit code as {@link runContextCeiling}. */
export async function runContextSweep(flags: ContextSweepFlags): Promise<number> {
  const interrupt = watchInterrupts();
  const runtime = openLanguageRuntime(
    {
      runtime: flags.runtime,
      url: flags.url ?? null,
      command: flags.command?.split(" ").filter(Boolean) ?? null,
      route: "native",
      api_key_env: flags.apiKeyEnv ?? null,
      load_timeout_sec: LOAD_TIMEOUT_SEC,
    },
    process.env,
  );
  try {
    const thresholds = thresholdsOf(flags);
    const done = await sweepContexts({
      runtime,
      model: { name: flags.model, ...(flags.file === undefined ? {} : { path: resolve(flags.file) }) },
      modelId: flags.modelId ?? flags.model,
      quantTag: flags.quantTag ?? (await labelOf(runtime, flags, interrupt.signal)),
      contexts: await lengthsOf(flags, runtime, interrupt.signal),
      thresholds,
      lane: flags.executionLane,
      profile: flags.vramProfile,
      summaryTemplate: flags.summaryTemplate,
      seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
      ...(flags.depths === undefined ? {} : { depths: flags.depths }),
      threads: flags.threads,
      ...(flags.gpuLayers === undefined ? {} : { gpuLayers: flags.gpuLayers }),
      requestTimeoutMs: flags.requestTimeoutSec * 1000,
      ref: flags.provenanceRef,
      signal: interrupt.signal,
      onProgress: ({ context, path, passed, message }) => {
        const why = message === null ? "" : ` (${message})`;
        if (!flags.json)
          process.stderr.write(
            `${context} tokens: ${passed ? "pass" : "fail"}${why} · ${relative(process.cwd(), path)}\n`,
          );
      },
    });
    const contexts = done.map(({ summary }) => summary.context);
    return await runContextCeiling({ ...flags, contexts });
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted; the summaries that were written stay\n");
    return exitCode;
  } finally {
    await runtime.close();
    interrupt.dispose();
  }
}

/** Decides from stored summaries. Exit code 0 with a ceiling, 3 without one, 4 where more data could give one. */
export async function runContextCeiling(flags: ContextCeilingFlags): Promise<number> {
  if (flags.contexts === "auto") {
    throw new HarnessError("CONFIG_USAGE", "Stored summaries have to be named by their lengths", {
      hint: "For example --contexts 4096,8192; auto is for context sweep.",
    });
  }
  const { ceiling, earlier } = await contextCeiling({
    summaryTemplate: flags.summaryTemplate,
    contexts: flags.contexts ?? CONTEXT_PROFILES[flags.vramProfile].contexts,
    thresholds: thresholdsOf(flags),
    lane: flags.executionLane,
    profile: flags.vramProfile,
    ref: flags.provenanceRef,
    out: flags.out,
    storageRoot: flags.storageRoot,
  });
  const text = textOptions(process.stdout, process.env);
  process.stdout.write(flags.json ? artifactJson(ceiling) : `${renderContextCeiling(ceiling, { ...text, earlier })}\n`);
  if (ceiling.safe_context_ceiling !== null) return 0;
  return ceiling.points[0]?.undecided === true ? 4 : 3;
}

function thresholdsOf(flags: ContextFlags) {
  return contextThresholds(flags.vramProfile, {
    adherence_min: flags.adherenceMin,
    ttft_ceiling_ms: flags.ttftCeilingMs,
    decode_floor_tps: flags.decodeFloorTps,
    recall_relative_min: flags.recallMin,
  });
}

type Runtime = ContextSweepOptions["runtime"];

async function lengthsOf(
  flags: ContextSweepFlags,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<ContextSweepOptions["contexts"]> {
  if (flags.contexts !== "auto") return flags.contexts ?? CONTEXT_PROFILES[flags.vramProfile].contexts;
  const max = flags.maxContext ?? (await identify(flags, runtime, signal)).contextLength;
  if (max !== undefined) return { min: Math.min(flags.minContext, max), max, resolution: flags.resolution };
  throw new HarnessError("CONFIG_USAGE", "Nobody says for which length the model was made", {
    hint: "Give --max-context.",
  });
}

async function labelOf(runtime: Runtime, flags: ContextSweepFlags, signal: AbortSignal): Promise<string> {
  return (await identify(flags, runtime, signal)).quantization ?? "unknown";
}

function identify(flags: ContextSweepFlags, runtime: Runtime, signal: AbortSignal) {
  return runtime.identify(
    { name: flags.model, ...(flags.file === undefined ? {} : { path: resolve(flags.file) }) },
    { signal },
  );
}
