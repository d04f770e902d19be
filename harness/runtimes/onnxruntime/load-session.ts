import { basename } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { HarnessError } from "../../domain/errors.ts";
import type { SessionSettings } from "../../domain/runtime-port.ts";

type Onnxruntime = typeof import("onnxruntime-node");

/**
 * The native library, loaded on first use. RUNTIME_UNAVAILABLE where it cannot be. Since 1.29 it reports models and speeds to its
 * maker and keeps an id in the home folder unless this variable is set before it loads; nobody asked for that, and it takes time.
 */
export async function importOnnxruntime(): Promise<Onnxruntime> {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new HarnessError("RUNTIME_UNAVAILABLE", `onnxruntime-node cannot be loaded: ${why}.`, {
      hint: "Run npm ci; on a platform without a prebuilt library this runtime is not available.",
      cause,
    });
  }
}

/**
 * Session options for fixed settings. Execution is sequential with one inter-op thread, and only errors are logged; anything else a
 * session may be told goes through `sessionConfig`.
 */
export function sessionOptions(settings: SessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: settings.optimizationLevel,
    enableCpuMemArena: settings.cpuMemArena,
    enableMemPattern: settings.memPattern,
    logSeverityLevel: 3,
    extra: { ...settings.sessionConfig },
  };
}

/**
 * Loads a model from a file or from bytes. CONFIG_MODEL_MISSING where the file is not there, CONFIG_MODEL_INVALID for whatever
 * ONNX Runtime refuses, in a few of its words. Some models abort the process instead: load only in a child.
 */
export async function loadSession(
  { InferenceSession: Session }: Onnxruntime,
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const name = typeof model === "string" ? basename(model) : "from memory";
  try {
    return await (typeof model === "string" ? Session.create(model, options) : Session.create(model, options));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    if (/file doesn't exist/i.test(said)) {
      const missing = `The model ${String(model)} is not there.`;
      throw new HarnessError("CONFIG_MODEL_MISSING", missing, { hint: "Check the path in the config.", cause });
    }
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      `ONNX Runtime cannot load the model ${name}: ${loadFailure(said)}.`,
      {
        hint: `Check the file with: quantgate inspect ${typeof model === "string" ? model : "MODEL"}`,
        cause,
      },
    );
  }
}

/** Longest piece of ONNX Runtime's own words that is repeated. */
const REPEATED = 200;

/** The essence of a message of a failed load: no path twice, no source location, no second line. */
export function loadFailure(said: string): string {
  if (/protobuf parsing failed/i.test(said)) return "it is cut off, damaged or not an ONNX file";
  if (/does not have a graph|no graph was found/i.test(said)) return "it is empty or holds no graph";
  const opset = /Opset (\d+) is under development/i.exec(said)?.[1];
  if (opset !== undefined) return `its opset ${opset} is newer than this ONNX Runtime supports`;
  const node = /In Node, \("([^"]*)", ([^,]+), .*, Error (.*)$/s.exec(said);
  if (node !== null) return `${node[2]} node "${node[1]}": ${essence(node[3] as string)}`;
  return essence(said);
}

/** One line of ONNX Runtime's message, without the places in its sources. */
export function essence(said: string): string {
  const text = said
    .replace(/^(Load model from .*? failed:|Exception during initialization: )/s, "")
    .replace(/\/\S*onnxruntime\S*\.(cc|h):\d+ [^\n]*?\) (?=[A-Z"'])/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/\.+$/, "");
  return text.length > REPEATED ? `${text.slice(0, REPEATED)}…` : text;
}
