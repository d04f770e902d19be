import { HarnessError } from "../../domain/errors.ts";
import type {
  GenerateRequest,
  LanguageRuntime,
  LoadSettings,
  ModelRef,
  Prompt,
  TimedEvent,
} from "../../domain/language-runtime.ts";
import { sha256 } from "../../platform/digest.ts";
import { simulateOutputs } from "../simulated-outputs.ts";
import { type Draws, drawsFor } from "../split-mix.ts";

/** How a simulated language model behaves. Times are invented: none passes. */
export interface SimulatedLanguageSettings {
  readonly modelId: string;
  readonly isBaseline: boolean;
  /** Bits per weight, and label. */
  readonly label: string;
  readonly bitsPerWeight: number;
  /** Share of tasks it has right, 0..1, and of those on which exactly one of it and its baseline is right. */
  readonly accuracy: number;
  readonly discordance?: number;
  readonly ttftMs: number;
  /** Tokens a second, cold machine. */
  readonly decodeTps: number;
  /** Coefficient of variation of every time. */
  readonly latencyCv: number;
  readonly loadMs: number;
  readonly bytes: number;
  readonly memoryBytes: number;
  /** Chance that a request breaks in the middle of its stream. */
  readonly failureRate: number;
  /** Chance that a prompt is cut. */
  readonly truncationRate: number;
  /** Chance that a reply differs from what it is in other trials. */
  readonly flipRate: number;
  /** Share by which a hot machine is slower in the end, and trials after which it is two thirds of the way there. */
  readonly heat: { readonly slowdown: number; readonly trials: number };
}

/** A task as the simulation knows it: how it is answered rightly and wrongly. */
export interface SimulatedTask {
  readonly prompt: Prompt;
  /** Class of the task, and how many there are. */
  readonly label: number;
  readonly reference: string;
  readonly wrong: string;
}

export interface SimulatedLanguageOptions {
  readonly seed: number;
  readonly classes: number;
  readonly tasks: readonly SimulatedTask[];
  readonly variants: ReadonlyMap<string, SimulatedLanguageSettings>;
}

const PREFILL_TPS = 2000;
const CHARACTERS_PER_TOKEN = 4;
const CACHED_SHARE = 0.1;
const LEAST_DISCORDANCE = 0.01;
const VOCABULARY = 32_000;

/**
 * A language model without weights and clocks. Which tasks it has right follows from the plan's seed, all else of a trial from the
 * trial's own seed and place: neither the order in which trials are run nor an interruption changes a measurement.
 */
export function simulatedLanguage(options: SimulatedLanguageOptions): LanguageRuntime {
  const tasks = new Map(options.tasks.map((task, item) => [keyOf(task.prompt), { ...task, item }]));
  const right = new Map([...options.variants].map(([id, settings]) => [id, rightOf(options, id, settings)]));
  let current:
    | { readonly id: string; readonly settings: SimulatedLanguageSettings; readonly load: LoadSettings }
    | undefined;
  let lastPrompt = "";

  const settingsOf = (name: string): SimulatedLanguageSettings => {
    const settings = options.variants.get(name);
    if (settings !== undefined) return settings;
    throw new HarnessError("CONFIG_MODEL_MISSING", `There is no simulated model ${name}`, {
      hint: "Plan the run again.",
    });
  };
  const state = () => ({
    contextTokens: current?.load.contextTokens,
    offloadedBytes: 0,
    memoryBytes: current?.settings.memoryBytes,
  });
  const loadedModel = () => {
    if (current !== undefined) return current;
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No model is loaded", { hint: "Load one first." });
  };

  return {
    kind: "simulated",
    async versions() {
      return { simulated: "1" };
    },
    async health() {
      return { state: "ready", detail: "simulated" };
    },
    async list() {
      return [...options.variants.keys()];
    },
    async identify({ name }: ModelRef) {
      const { label, bitsPerWeight, bytes } = settingsOf(name);
      return {
        name,
        digest: sha256(`simulated weights of ${name}`),
        quantization: label,
        bytes,
        parameters: Math.round((bytes * 8) / bitsPerWeight),
        bitsPerWeight,
        contextLength: undefined,
      };
    },
    async load(model, load, { signal }) {
      signal.throwIfAborted();
      const settings = settingsOf(model.name);
      current = { id: model.name, settings, load };
      lastPrompt = "";
      const loadS = (settings.loadMs / 1000) * Math.exp(0.05 * drawsFor(load.trial?.seed ?? 0, "load").normal());
      return { identity: await this.identify(model, { signal }), loadS, ...state() };
    },
    async inspect() {
      return state();
    },
    async unload() {
      current = undefined;
    },
    async tokenize(text) {
      return pieces(text).map(tokenId);
    },
    async countPrompt(prompt) {
      return { tokens: promptTokens(prompt), source: "tokenizer" };
    },
    async *generate(request: GenerateRequest, { signal }): AsyncGenerator<TimedEvent> {
      signal.throwIfAborted();
      const { id, settings, load } = loadedModel();
      const key = keyOf(request.prompt);
      const task = tasks.get(key);
      const draws = drawsFor(load.trial?.seed ?? 0, `reply to ${task?.item ?? key}`);
      const isRight = task !== undefined && right.get(id)?.[task.item] === 1;
      const answer = task === undefined ? "ready" : isRight ? task.reference : task.wrong;
      const text = draws.uniform() < settings.flipRate ? `${answer} ` : answer;
      const isCached = request.cachePrompt && lastPrompt === key;
      lastPrompt = key;
      yield* reply(request, { text, isCached, settings, draws, slowness: slownessOf(settings, load) });
    },
    async close() {},
  };
}

function slownessOf({ heat }: SimulatedLanguageSettings, { trial }: LoadSettings): number {
  return 1 + heat.slowdown * (1 - Math.exp(-(trial?.index ?? 0) / Math.max(heat.trials, 1e-9)));
}

async function* reply(
  request: GenerateRequest,
  given: {
    readonly text: string;
    readonly isCached: boolean;
    readonly settings: SimulatedLanguageSettings;
    readonly draws: Draws;
    readonly slowness: number;
  },
): AsyncGenerator<TimedEvent> {
  const { text, isCached, settings, draws, slowness } = given;
  // Of a lognormal variable: CV^2 = exp(sigma^2) - 1, median = exp(mu).
  const sigma = Math.sqrt(Math.log1p(settings.latencyCv ** 2));
  const vary = () => slowness * Math.exp(sigma * draws.normal());
  const tokens = pieces(text).slice(0, request.maxTokens);
  const prompt = promptTokens(request.prompt);
  const isTruncated = draws.uniform() < settings.truncationRate;
  const breaksAt = draws.uniform() < settings.failureRate ? draws.index(tokens.length) : undefined;
  const promptS = (settings.ttftMs / 1000 + prompt / PREFILL_TPS) * (isCached ? CACHED_SHARE : 1) * vary();
  let atS = promptS;
  yield { kind: "headers", atS: 0 };
  for (const [index, piece] of tokens.entries()) {
    if (index === breaksAt) {
      throw new HarnessError("RUNTIME_CRASHED", "The stream broke, as its simulated failure rate has it", {
        hint: "Set failure_rate to 0 for requests that do not fail.",
      });
    }
    if (index > 0) atS += vary() / settings.decodeTps;
    yield { kind: "chunk", atS, text: piece, reasoning: "", tokenIds: [tokenId(piece)] };
  }
  const cachedTokens = isCached ? prompt - 1 : 0;
  yield {
    kind: "end",
    atS,
    finish: pieces(text).length > request.maxTokens ? "length" : "stop",
    prompt: { tokens: isTruncated ? prompt >> 1 : prompt, source: "server" },
    cachedTokens,
    completion: { tokens: tokens.length, source: "server" },
    isTruncated,
    server: {
      loadS: undefined,
      promptS,
      promptTokens: prompt - cachedTokens,
      decodeS: atS - promptS,
      decodeTokens: tokens.length,
      raw: {},
    },
  };
}

function rightOf(options: SimulatedLanguageOptions, id: string, settings: SimulatedLanguageSettings): Uint8Array {
  const { seed, tasks, variants } = options;
  const { modelId, accuracy, isBaseline } = settings;
  // Two classes at least: the simulation of wrong answers needs another one to give.
  const classes = Math.max(2, options.classes);
  const labels = Int32Array.from(tasks, ({ label }) => label);
  const baseline = [...variants.values()].find((other) => other.modelId === modelId && other.isBaseline);
  const reference =
    isBaseline || baseline === undefined
      ? { discordance: 0 }
      : {
          baselineAccuracy: baseline.accuracy,
          discordance: settings.discordance ?? Math.max(LEAST_DISCORDANCE, Math.abs(baseline.accuracy - accuracy)),
        };
  const outputs = simulateOutputs({ seed, modelId, labels, classes }, { variantId: id, accuracy, ...reference });
  return Uint8Array.from(labels, (label, item) => ((outputs[item * classes + label] as number) > 0.5 ? 1 : 0));
}

function keyOf(prompt: Prompt): string {
  return prompt.kind === "raw"
    ? prompt.text
    : prompt.messages.map(({ role, content }) => `${role}\n${content}`).join("\n\n");
}

function promptTokens(prompt: Prompt): number {
  return Math.max(1, Math.ceil(keyOf(prompt).length / CHARACTERS_PER_TOKEN));
}

function pieces(text: string): string[] {
  return text.match(new RegExp(`[^]{1,${CHARACTERS_PER_TOKEN}}`, "gu")) ?? [""];
}

function tokenId(piece: string): number {
  return Number.parseInt(sha256(piece).slice(0, 8), 16) % VOCABULARY;
}
