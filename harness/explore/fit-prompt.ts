import type { CountSource, Prompt } from "../domain/language-runtime.ts";
import { type RecallQuestion, type RecallText, recallPrompt } from "./recall-prompt.ts";

/** Counts the tokens of a whole prompt, template included; undefined where nobody can. */
export type CountTokens = (
  prompt: Prompt,
) => Promise<{ readonly tokens: number; readonly source: CountSource } | undefined>;

export interface FittedPrompt {
  readonly prompt: Prompt;
  readonly sentences: number;
  /** As counted, at most the tokens wanted; undefined where nobody can count. */
  readonly tokens: number | undefined;
  readonly source: CountSource | undefined;
}

/** Words that are one token for most tokenizers; where one is not, the next is tried. */
const PADDING_WORDS = ["and", "the", "a", "so", ".", "x"] as const;
/** Left for padding when the filler is fitted, tokens: questions differ in length by less. */
const SLACK = 48;
/** Counting a prompt may cost its whole processing, so guesses are few: the filler's tokens grow almost linearly. */
const TRIES = 8;
const TOKENS_OF_A_SENTENCE = 12;

/** Filler for one text: the most sentences that leave the slack. Undefined where the tokens wanted cannot hold the codes. */
export async function fitSentences(text: RecallText, wanted: number, count: CountTokens): Promise<number | undefined> {
  const tokensOf = async (sentences: number) => {
    const prompt = recallPrompt(text, LONGEST, { sentences, padding: 0, word: PADDING_WORDS[0] });
    return (await count(prompt))?.tokens ?? estimate(prompt);
  };
  const room = wanted - SLACK;
  const bare = await tokensOf(0);
  if (bare > room) return undefined;
  let slope = TOKENS_OF_A_SENTENCE;
  let best = 0;
  let bestTokens = bare;
  let least: number | undefined;
  for (let tried = 0; tried < TRIES; tried++) {
    const guess = best + Math.floor((room - bestTokens) / slope);
    const next = least === undefined ? guess : Math.min(guess, least - 1);
    if (next <= best) break;
    const tokens = await tokensOf(next);
    slope = Math.max(1, (tokens - bare) / next);
    if (tokens <= room) [best, bestTokens] = [next, tokens];
    else least = next;
  }
  return best;
}

const LONGEST: RecallQuestion = { kind: "multi" };

/**
 * A prompt of exactly so many tokens, by padding before the question; where no padding meets the number, the nearest one below it.
 * Undefined where even no padding is too long.
 */
export async function fitPrompt(
  text: RecallText,
  question: RecallQuestion,
  { wanted, sentences, count }: { readonly wanted: number; readonly sentences: number; readonly count: CountTokens },
): Promise<FittedPrompt | undefined> {
  let best: (FittedPrompt & { readonly tokens: number }) | undefined;
  for (const word of PADDING_WORDS) {
    let padding = 0;
    const tried = new Set<number>();
    while (padding >= 0 && !tried.has(padding) && tried.size < TRIES) {
      tried.add(padding);
      const prompt = recallPrompt(text, question, { sentences, padding, word });
      const counted = await count(prompt);
      if (counted === undefined) {
        const missing = Math.max(0, wanted - SLACK - estimate(prompt));
        return {
          prompt: recallPrompt(text, question, { sentences, padding: missing, word }),
          sentences,
          tokens: undefined,
          source: undefined,
        };
      }
      const { tokens, source } = counted;
      if (tokens <= wanted && tokens > (best?.tokens ?? 0)) best = { prompt, sentences, tokens, source };
      if (tokens === wanted) return best;
      padding += wanted - tokens;
    }
  }
  return best;
}

/** Four characters a token, as a rule of thumb for English; too many rather than too few. */
function estimate(prompt: Prompt): number {
  const text = prompt.kind === "raw" ? prompt.text : prompt.messages.map(({ content }) => content).join("");
  return Math.ceil(text.length / 3.5);
}
