import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { HarnessError } from "../../../domain/errors.ts";
import { packageRoot } from "../../../platform/package-root.ts";

/** Of node-llama-cpp 3.x, what is used here; it is no dependency, so its own types are not at hand. */
export interface LlamaLibrary {
  getLlama(options: {
    readonly build: "never";
    readonly gpu: false | "auto";
    readonly maxThreads?: number;
    readonly logLevel: "error";
    readonly progressLogs: false;
    readonly skipDownload: true;
  }): Promise<Llama>;
  /** Package version, and release of llama.cpp. */
  readonly versions: Readonly<Record<string, string>>;
  /** Renders a chat template, which lies in the model file. */
  readonly renderTemplate: (template: string, values: object) => string;
}

export interface Llama {
  loadModel(options: { readonly modelPath: string; readonly gpuLayers?: number }): Promise<LlamaModel>;
  readonly llamaCppRelease?: { readonly release?: string };
}

export interface LlamaModel {
  tokenize(text: string, specialTokens: boolean): number[];
  detokenize(tokens: readonly number[], specialTokens: boolean, lastTokens?: readonly number[]): string;
  readonly fileInfo: { readonly metadata: { readonly tokenizer?: { readonly chat_template?: unknown } } };
  readonly tokens: {
    readonly bos: number | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  createContext(options: {
    readonly contextSize: number;
    readonly sequences: 1;
    readonly threads?: number;
    /** A smaller context than was asked for is none. */
    readonly failedCreationRemedy: false;
  }): Promise<LlamaContext>;
}

export interface LlamaContext {
  readonly contextSize: number;
  getSequence(): LlamaSequence;
}

export interface LlamaSequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  evaluate(tokens: readonly number[], options: EvaluateOptions): AsyncGenerator<number, void>;
  evaluateWithMetadata(
    tokens: readonly number[],
    metadata: { readonly probabilities: true },
    options: EvaluateOptions,
  ): AsyncGenerator<{ readonly token: number; readonly probabilities: ReadonlyMap<number, number> }, void>;
}

export interface EvaluateOptions {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly repeatPenalty?: { readonly penalty: number };
  readonly yieldEogToken: false;
}

/**
 * The package, out of the folder that QUANTGATE_MODULES_DIR names, the working directory's, or Quantgate's own modules.
 * RUNTIME_UNAVAILABLE where none of them has it.
 */
export async function openLibrary(env: NodeJS.ProcessEnv = process.env): Promise<LlamaLibrary> {
  const folders = [env["QUANTGATE_MODULES_DIR"], process.cwd(), packageRoot()].filter((one) => one !== undefined);
  for (const folder of folders) {
    const path = resolveIn(join(folder, "package.json"), "node-llama-cpp");
    if (path === undefined) continue;
    const library = (await import(pathToFileURL(path).href)) as Pick<LlamaLibrary, "getLlama"> & {
      getModuleVersion?: () => Promise<string>;
    };
    const jinja = resolveIn(path, "@huggingface/jinja");
    if (jinja === undefined) break;
    const { Template } = (await import(pathToFileURL(jinja).href)) as {
      Template: new (text: string) => { render(values: object): string };
    };
    return {
      getLlama: library.getLlama,
      versions: { "node-llama-cpp": (await library.getModuleVersion?.()) ?? "unknown" },
      renderTemplate: (template, values) => new Template(template).render(values),
    };
  }
  throw new HarnessError("RUNTIME_UNAVAILABLE", "The package node-llama-cpp is not installed", {
    hint: "Run npm install node-llama-cpp, or name the folder of its node_modules as QUANTGATE_MODULES_DIR.",
  });
}

function resolveIn(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
