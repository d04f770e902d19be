import { rng } from "../../../harness/stats/rng.ts";
import { calledNoisy, sequentialWelch, verdictRates } from "./context.ts";
import { CHOICES, choiceOf, MARGIN, SINGLE_BLOCKS, type Stretch, singleGate, suiteOfGates } from "./error-rates.ts";
import { CV, NOISE_MODELS, type NoiseModel } from "./noise-models.ts";

export type Policy = "non-inferiority" | "any-regression";

/** One thing that is simulated: what its sessions show at every α, by policy and error. Plain data, for worker threads. */
export type Cell = { readonly id: string; readonly model: string; readonly suites: number } & (
  | { readonly kind: "single"; readonly policy: Policy; readonly blocks: number; readonly effect: number }
  | { readonly kind: "suite-36"; readonly policy: Policy; readonly error: "false-fail" | "false-pass" }
  | { readonly kind: "choice"; readonly candidates: number }
  | {
      readonly kind: "power";
      readonly policy: Policy;
      readonly blocks: number;
      readonly effect: number;
      readonly margin: number;
    }
  | { readonly kind: "context"; readonly blocks: number }
);

/** By {@link countKey}; what never happened is absent. */
export type Counts = Readonly<Record<string, number>>;

/** A stretch of a cell; its stream of random numbers depends on seed, cell and chunk alone, so that any number of threads gives the same counts. */
export interface Task {
  readonly cell: Cell;
  readonly chunk: number;
  readonly suites: number;
  readonly seed: number;
}

export const ALPHAS = [0.05, 0.01] as const;

/** Single gates are cheap and lie closest to α = .01: four times as many suites, so that the exact limits can tell 1.1 α from α. */
const MORE_SINGLES = 4;
const CHUNKS = 8;
/** Suites of each cell that are decided in full, to catch a screen that errs. */
const UNSCREENED = 100;

/** Everything that is simulated, for `suites` suites a cell. */
export function allCells(suites: number): Cell[] {
  return NOISE_MODELS.flatMap(({ id: model }) => {
    const name = (rest: string) => `${model}/${rest}`;
    const cells: Cell[] = [];
    for (const blocks of SINGLE_BLOCKS) {
      const single = { model, kind: "single", blocks, suites: MORE_SINGLES * suites } as const;
      cells.push(
        { ...single, id: name(`single-ni-${blocks}`), policy: "non-inferiority", effect: MARGIN },
        { ...single, id: name(`single-ar-${blocks}`), policy: "any-regression", effect: 0 },
        { model, kind: "context", id: name(`context-${blocks}`), blocks, suites: Math.ceil(suites / 5) },
      );
    }
    const suite = { model, kind: "suite-36", suites } as const;
    cells.push(
      { ...suite, id: name("suite-ni-fail"), policy: "non-inferiority", error: "false-fail" },
      { ...suite, id: name("suite-ar-fail"), policy: "any-regression", error: "false-fail" },
      { ...suite, id: name("suite-ni-pass"), policy: "non-inferiority", error: "false-pass" },
    );
    for (const candidates of CHOICES) {
      cells.push({ model, kind: "choice", id: name(`choice-${candidates}`), candidates, suites });
    }
    return [...cells, ...powerCells(model, name, Math.ceil(suites / 10))];
  });
}

/** Slowdowns that must be found (CV 2 % an arm, α .01: 2 % with 32 pairs, 5 % with 9), and identical code that must pass. */
function powerCells(model: string, name: (rest: string) => string, suites: number): Cell[] {
  const power = { model, kind: "power", suites } as const;
  const finds = [
    [0.02, 32],
    [0.05, 9],
  ] as const;
  const passes = [
    [0.02, 20],
    [0.05, 10],
  ] as const;
  return [
    ...finds.map(([effect, blocks]) => {
      const id = name(`finds-${effect}-${blocks}`);
      return { ...power, id, policy: "any-regression", effect, blocks, margin: MARGIN } as const;
    }),
    ...passes.map(([margin, blocks]) => {
      const id = name(`passes-${margin}-${blocks}`);
      return { ...power, id, policy: "non-inferiority", effect: 0, blocks, margin } as const;
    }),
  ];
}

/** Cells cut into stretches, long ones first so that the threads end together. */
export function tasksOf(cells: readonly Cell[], seed: number): Task[] {
  const cost = ({ kind, suites }: Cell) =>
    suites * { "suite-36": 36, choice: 16, single: 1, power: 8, context: 4 }[kind];
  return [...cells]
    .sort((x, y) => cost(y) - cost(x))
    .flatMap((cell) =>
      Array.from({ length: CHUNKS }, (_, chunk) => {
        const from = Math.floor((chunk * cell.suites) / CHUNKS);
        return { cell, chunk, seed, suites: Math.floor(((chunk + 1) * cell.suites) / CHUNKS) - from };
      }),
    );
}

export function runTask({ cell, chunk, suites, seed }: Task): Counts {
  const model = NOISE_MODELS.find(({ id }) => id === cell.model) as NoiseModel;
  const random = rng(seed).derive("certify").derive(cell.id).derive(`chunk-${chunk}`);
  const stretch: Stretch = { model, alphas: ALPHAS, suites, random, unscreened: chunk === 0 ? UNSCREENED : 0 };
  switch (cell.kind) {
    case "single":
      return singleGate(stretch, cell);
    case "suite-36":
      return suiteOfGates(stretch, { policy: cell.policy, kind: cell.error });
    case "choice":
      return choiceOf(stretch, cell.candidates);
    case "power":
      return verdictRates(stretch, cell);
    case "context":
      return {
        ...sequentialWelch(stretch, cell.blocks),
        ...calledNoisy(stretch, { blocks: cell.blocks, margin: MARGIN }),
      };
  }
}

export { CV };
