import type { Replies, StoredPosition, StoredRepeat } from "../domain/generated/replies-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import type { TokenDetail } from "../domain/language-runtime.ts";
import { rng } from "../stats/index.ts";
import type { CellSamples } from "./cell-samples.ts";
import { comparablePositions, divergence } from "./divergence.ts";
import { divergenceDoc, tokenDeterminismDoc } from "./language-docs.ts";
import { type TokenTrace, tokenDeterminism } from "./token-determinism.ts";

/** Answers of a trial by its id; none for a trial that failed. */
export type RepliesOf = (trialId: string) => Replies | undefined;

type Likeness = Pick<SummaryRow, "divergence" | "token_determinism">;

/**
 * How like a cell's answers are to each other, on token ids, and to those of the variant with the most bits, by their probabilities. By
 * cell id; a cell without replies is left out.
 */
export function languageLikeness(
  samples: readonly CellSamples[],
  repliesOf: RepliesOf,
  { seed, level }: { readonly seed: number; readonly level: number },
): ReadonlyMap<string, Likeness> {
  const first = new Map(samples.map((sample) => [sample.cell.cell_id, firstDetails(sample, repliesOf)]));
  const found = new Map<string, Likeness>();
  for (const sample of samples) {
    const traces = tracesOf(sample, repliesOf);
    if (traces.length === 0) continue;
    const { cell_id } = sample.cell;
    const reference = referenceOf(sample, samples);
    const compared =
      reference === sample
        ? undefined
        : divergence(pairUp(first.get(reference.cell.cell_id), first.get(cell_id)), {
            rng: rng(`${seed} divergence ${cell_id}`),
            level,
          });
    found.set(cell_id, {
      divergence: compared === undefined ? null : divergenceDoc(compared, reference.variant.variant_id),
      token_determinism: tokenDeterminismDoc(tokenDeterminism(traces, { level })),
    });
  }
  return found;
}

/** Of the same model in the same setting the variant with the most bits a weight; the baseline among equals. */
function referenceOf(sample: CellSamples, samples: readonly CellSamples[]): CellSamples {
  const isBaseline = ({ cell }: CellSamples) => (cell.cell_id === cell.baseline_cell_id ? 1 : 0);
  return samples
    .filter(
      ({ cell, variant }) =>
        variant.model_id === sample.variant.model_id &&
        cell.threads === sample.cell.threads &&
        cell.batch_size === sample.cell.batch_size,
    )
    .reduce((best, one) => {
      const bits = one.variant.quant_rank - best.variant.quant_rank;
      return bits > 0 || (bits === 0 && isBaseline(one) > isBaseline(best)) ? one : best;
    });
}

function tracesOf({ finished }: CellSamples, repliesOf: RepliesOf): TokenTrace[] {
  return finished.flatMap((trial): TokenTrace[] => {
    const document = repliesOf(trial.trial_id);
    if (document === undefined) return [];
    const kinds = new Map(trial.measured?.language?.requests.map(({ item, ttft_kind }) => [item, ttft_kind]));
    const asked = document.replies.map(({ item, state, token_ids }): TokenTrace => {
      const status = state === "completed" ? "completed" : "failed";
      // A server that does not say what it cached was asked to cache nothing.
      const isWarm = kinds.get(item) === "cached";
      return {
        prompt: String(item),
        state: isWarm ? "warm" : "cold",
        status,
        tokenIds: status === "failed" ? [] : (token_ids ?? undefined),
      };
    });
    const again = (document.repeats ?? []).map((repeat): TokenTrace => {
      const status = repeat.state === "completed" ? "completed" : "failed";
      return {
        prompt: String(repeat.item),
        state: repeat.cached_tokens === 0 ? "cold" : "warm",
        status,
        tokenIds: status === "failed" ? [] : (repeat.token_ids ?? undefined),
        details: repeat.positions?.map(detailOf),
      };
    });
    return [...asked, ...again];
  });
}

/** Probabilities of each prompt, out of the first trial that has them. */
function firstDetails({ finished }: CellSamples, repliesOf: RepliesOf): Map<number, TokenDetail[]> {
  const found = new Map<number, TokenDetail[]>();
  for (const { trial_id } of finished) {
    for (const { item, positions } of repliesOf(trial_id)?.repeats ?? ([] as StoredRepeat[])) {
      if (positions !== undefined && !found.has(item)) found.set(item, positions.map(detailOf));
    }
  }
  return found;
}

function pairUp(reference: Map<number, TokenDetail[]> = new Map(), variant: Map<number, TokenDetail[]> = new Map()) {
  return [...reference].flatMap(([item, details]) => {
    const other = variant.get(item);
    return other === undefined ? [] : [{ prompt: String(item), positions: comparablePositions(details, other) }];
  });
}

function detailOf({ token, logprob, top, logprobs }: StoredPosition): TokenDetail {
  const named = (one: number | string, value: number | null) => ({
    id: typeof one === "number" ? one : undefined,
    text: typeof one === "number" ? "" : one,
    logprob: value ?? Number.NEGATIVE_INFINITY,
  });
  return { ...named(token, logprob), top: top.map((one, i) => named(one, logprobs[i] ?? null)) };
}
