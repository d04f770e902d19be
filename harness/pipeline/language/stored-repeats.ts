import type { RepeatsDoc } from "../../domain/generated/journal-v1.ts";
import type { StoredPosition, StoredRepeat } from "../../domain/generated/replies-v1.ts";
import type { TokenDetail } from "../../domain/language-runtime.ts";
import type { LanguageTrial, Repeat } from "../../domain/language-trial.ts";

/** Log-probabilities are kept to so many digits: their fourth decides nothing. */
const DIGITS = 6;

/** Answers to prompts that were asked again, as they are stored beside the replies. */
export function storedRepeats({ answers }: LanguageTrial["repeats"]): StoredRepeat[] {
  return answers.map(({ item, state, cachedTokens, tokenIds, details }) => ({
    item,
    state,
    cached_tokens: cachedTokens ?? null,
    token_ids: tokenIds === undefined || tokenIds.length === 0 ? null : [...tokenIds],
    ...(details?.some(({ top }) => top.length > 0) ? { positions: details.map(storedPosition) } : {}),
  }));
}

/** What the journal says of them. */
export function repeatsDoc({ answers, seconds }: LanguageTrial["repeats"]): RepeatsDoc {
  const count = (is: (repeat: Repeat) => boolean) => answers.filter(is).length;
  return {
    requests: answers.length,
    completed: count(({ state }) => state === "completed"),
    cached: count(({ cachedTokens }) => (cachedTokens ?? 0) > 0),
    with_logprobs: count(({ details }) => details?.some(({ top }) => top.length > 0) === true),
    seconds,
  };
}

function storedPosition({ id, text, logprob, top }: TokenDetail): StoredPosition {
  // A token of no probability says nothing, and no JSON holds its logarithm.
  const finite = top.filter((one) => Number.isFinite(one.logprob)).sort((a, b) => b.logprob - a.logprob);
  return {
    token: id ?? text,
    logprob: Number.isFinite(logprob) ? rounded(logprob) : null,
    top: finite.map((one) => one.id ?? one.text),
    logprobs: finite.map((one) => rounded(one.logprob)),
  };
}

function rounded(x: number): number {
  return Number(x.toPrecision(DIGITS));
}
