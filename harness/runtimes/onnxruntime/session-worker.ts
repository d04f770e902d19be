// Main of a child process that holds one session at a time: started by session-port.ts, never imported.
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { HarnessError } from "../../domain/errors.ts";
import type { TensorValue } from "../../domain/session-port.ts";
import { serveRequests } from "../../platform/worker-child.ts";
import { ValueHistograms } from "../../stats/value-histogram.ts";
import { essence, importOnnxruntime, loadSession, sessionOptions } from "./load-session.ts";
import { refuseSubByteOutputs } from "./model-io.ts";
import { fullSettings, type SessionRequest } from "./session-request.ts";

let session: InferenceSession | undefined;
/** Of the session's outputs. */
const histograms = new ValueHistograms();

// Loaded while the owner still prepares its first request; a failure shows there.
importOnnxruntime().catch(() => undefined);

serveRequests(async (message) => {
  const request = message as SessionRequest;
  switch (request.kind) {
    case "open": {
      const ort = await importOnnxruntime();
      histograms.clear();
      session = await loadSession(ort, request.model, sessionOptions(fullSettings(request.options)));
      return undefined;
    }
    case "run":
      return run(opened(), request.feeds, request.outputs);
    case "count":
      count(await run(opened(), request.feeds, request.outputs));
      return undefined;
    case "counts":
      return histograms.result(request.output);
    case "release":
      histograms.clear();
      await session?.release();
      session = undefined;
      return undefined;
    case "optimize": {
      const ort = await importOnnxruntime();
      const options = { ...sessionOptions(fullSettings(request.options)), optimizedModelFilePath: request.dumpPath };
      const optimized = await loadSession(ort, request.model, options);
      await optimized.release();
      return undefined;
    }
    case "profile": {
      const ort = await importOnnxruntime();
      const options = {
        ...sessionOptions(fullSettings(request.options)),
        enableProfiling: true,
        profileFilePrefix: request.prefix,
      };
      const profiled = await loadSession(ort, request.model, options);
      for (let i = 0; i < request.runs; i++) await run(profiled, request.feeds, undefined);
      profiled.endProfiling();
      await profiled.release();
      return undefined;
    }
    default:
      throw new Error(`no such request: ${String((request as { kind: unknown }).kind)}`);
  }
});

function opened(): InferenceSession {
  if (session === undefined) throw new Error("no session is open");
  return session;
}

function count(outputs: Readonly<Record<string, TensorValue>>): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    if (!(data instanceof Float32Array)) throw new Error(`output "${name}" is not float32`);
    histograms.add(name, data);
  }
}

async function run(
  model: InferenceSession,
  feeds: Readonly<Record<string, TensorValue>>,
  outputs: readonly string[] | undefined,
): Promise<Record<string, TensorValue>> {
  refuseSubByteOutputs(model.outputMetadata, outputs);
  const { Tensor: TensorOf } = await importOnnxruntime();
  const tensors = Object.entries(feeds).map(([name, { dtype, dims, data }]) => {
    // bool travels as bytes, which is what ONNX Runtime wants too.
    return [name, new TensorOf(dtype as "float32", data as Float32Array, dims)] as const;
  });
  let results: InferenceSession.OnnxValueMapType;
  try {
    const inputs = Object.fromEntries(tensors);
    results = await (outputs === undefined ? model.run(inputs) : model.run(inputs, [...outputs]));
  } catch (cause) {
    const said = essence(cause instanceof Error ? cause.message : String(cause));
    throw new HarnessError("CONFIG_MODEL_INVALID", `ONNX Runtime cannot run the model: ${said}.`, {
      hint: "Check the model and what is fed to it with: quantgate inspect MODEL",
      cause,
    });
  }
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, portable(name, value as Tensor)]));
}

function portable(name: string, { type, dims, data }: Tensor): TensorValue {
  if (Array.isArray(data) || type === "float16") {
    throw new HarnessError(
      "CONFIG_MODEL_INVALID",
      `The model's output "${name}" is ${type}, which is not supported here.`,
      {
        hint: "Cast it to float32 in the model.",
      },
    );
  }
  return { dtype: type as TensorValue["dtype"], dims, data: data as TensorValue["data"] };
}
