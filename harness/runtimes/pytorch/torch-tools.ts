import type { StructureDoc } from "../../domain/generated/journal-v1.ts";
import type { LineProcess } from "../../platform/line-process.ts";
import { floatsFrom, notWhole, startTorch } from "./torch-process.ts";

/** A PyTorch model as it was found, and what one inference on random input gave. */
export interface TorchModel {
  readonly structure: StructureDoc;
  readonly smoke: string;
  /** NaN and Inf among its outputs. */
  readonly invalid: number;
}

/** Outputs of chosen items. */
export interface TorchOutputs {
  /** Row-major, a row an item. */
  readonly outputs: readonly { readonly name: string; readonly rowSize: number; readonly values: Float32Array }[];
  readonly seconds: number;
  readonly batchSize: number;
  /** Batch size that the model is fixed to; undefined: any, as far as the file says. */
  readonly fixedBatch: number | undefined;
}

/** PyTorch outside trials: one process, started when it is first needed. Rejects as {@link LineProcess.request} does. */
export interface TorchTools {
  versions(): Promise<{ readonly torch: string; readonly python: string; readonly engines: readonly string[] }>;
  describe(path: string, itemShape: readonly number[]): Promise<TorchModel>;
  /** `items` is a prepared file. */
  evaluate(request: {
    readonly path: string;
    readonly items: string;
    readonly indices: readonly number[];
    readonly batchSize: number;
    readonly threads?: number;
  }): Promise<TorchOutputs>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 600_000;

export function openTorchTools(options: {
  readonly python: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly worker?: string | undefined;
}): TorchTools {
  let started: LineProcess | undefined;
  const ask = (message: object): Promise<unknown> => {
    started ??= startTorch({ ...options, label: "the PyTorch process" });
    const { signal } = options;
    return started.request(message, { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) });
  };
  return {
    async versions() {
      const value = (await ask({ command: "hello" })) as { torch?: unknown; python?: unknown; engines?: unknown };
      const { torch, python, engines } = value ?? {};
      if (typeof torch !== "string" || typeof python !== "string") throw notWhole("it names no version");
      return { torch, python, engines: Array.isArray(engines) ? engines.map(String) : [] };
    },
    async describe(path, itemShape) {
      const model = (await ask({ command: "describe", path, itemShape })) as TorchModel | undefined;
      if (model?.structure === undefined || typeof model.smoke !== "string") throw notWhole("it describes no model");
      return model;
    },
    async evaluate(request) {
      const answer = (await ask({ command: "evaluate", ...request })) as {
        outputs?: { name: string; rowSize: number; data: string }[];
        seconds?: number;
        batchSize?: number;
        fixedBatch?: number | null;
      };
      const { outputs, seconds, batchSize, fixedBatch } = answer ?? {};
      if (outputs === undefined || seconds === undefined || batchSize === undefined)
        throw notWhole("outputs are missing");
      return {
        outputs: outputs.map(({ name, rowSize, data }) => {
          const values = floatsFrom(data, 4);
          if (values.length !== rowSize * request.indices.length) throw notWhole(`rows of ${name} are missing`);
          return { name, rowSize, values };
        }),
        seconds,
        batchSize,
        fixedBatch: fixedBatch ?? undefined,
      };
    },
    async close() {
      await started?.close();
      started = undefined;
    },
  };
}
