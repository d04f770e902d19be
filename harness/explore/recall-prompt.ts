import type { Prompt } from "../domain/language-runtime.ts";
import type { Rng } from "../stats/index.ts";

/** A code hidden in a text, and where. */
export interface HiddenCode {
  readonly key: string;
  /** Four digits, unique in the text; the filler holds no digit. */
  readonly code: string;
  /** 0 = before the first sentence, 1 = after the last. */
  readonly depth: number;
}

/** A text of one seed: endless filler, and the codes to hide in it. */
export interface RecallText {
  /** Makes the start of every prompt another one, so that no cache of an earlier length helps. */
  readonly nonce: string;
  readonly codes: readonly HiddenCode[];
  sentence(index: number): string;
}

/** What is asked at the end of the text. */
export type RecallQuestion =
  | { readonly kind: "single"; readonly key: string }
  | { readonly kind: "multi" }
  | { readonly kind: "decode" };

const KEYS = [
  "Lima",
  "Oslo",
  "Cairo",
  "Delhi",
  "Paris",
  "Quito",
  "Rome",
  "Seoul",
  "Tokyo",
  "Vienna",
  "Dublin",
  "Berlin",
  "Madrid",
  "Lisbon",
  "Athens",
  "Sofia",
  "Havana",
  "Nairobi",
  "Ottawa",
  "Prague",
] as const;
const ADJECTIVES = [
  "old",
  "quiet",
  "green",
  "heavy",
  "narrow",
  "bright",
  "wooden",
  "cold",
  "tall",
  "broken",
  "clean",
  "round",
] as const;
const NOUNS = [
  "bridge",
  "garden",
  "river",
  "teacher",
  "window",
  "market",
  "engine",
  "farmer",
  "letter",
  "harbor",
  "kitchen",
  "forest",
  "singer",
  "ladder",
  "tower",
  "blanket",
  "doctor",
  "valley",
  "button",
  "mirror",
] as const;
const VERBS = [
  "stood",
  "waited",
  "rested",
  "turned",
  "moved",
  "slept",
  "worked",
  "began",
  "stayed",
  "returned",
] as const;
const PLACES = ["near", "behind", "above", "under", "beside", "before"] as const;

/** The most codes one text can hold. */
export const MOST_CODES = KEYS.length;

/** Draws codes and filler. RangeError for more depths than there are keys. */
export function recallText(seed: number, depths: readonly number[], rng: Rng): RecallText {
  if (depths.length > KEYS.length) throw new RangeError(`at most ${KEYS.length} depths, got ${depths.length}`);
  const own = rng.derive(`recall ${seed}`);
  const keys = own.shuffle(KEYS);
  const codes = new Set<string>();
  while (codes.size < depths.length) codes.add(String(1000 + own.below(9000)));
  const pick = <T>(list: readonly T[], draw: number): T => list[draw % list.length] as T;
  const words = own.derive("filler");
  const drawn: string[] = [];
  const next = () => {
    const [adjective, noun, verb] = [
      pick(ADJECTIVES, words.uint32()),
      pick(NOUNS, words.uint32()),
      pick(VERBS, words.uint32()),
    ];
    const [place, other, last] = [
      pick(PLACES, words.uint32()),
      pick(ADJECTIVES, words.uint32()),
      pick(NOUNS, words.uint32()),
    ];
    return `The ${adjective} ${noun} ${verb} ${place} the ${other} ${last}.`;
  };
  const letters = Array.from({ length: 8 }, () => String.fromCharCode(65 + own.below(26))).join("");
  return {
    nonce: letters,
    codes: [...codes].map((code, i) => ({ key: keys[i] as string, code, depth: depths[i] as number })),
    sentence(index) {
      while (drawn.length <= index) drawn.push(next());
      return drawn[index] as string;
    },
  };
}

/** How much filler: sentences between the codes, and words before the question that bring the count to the token. */
export interface Filling {
  readonly sentences: number;
  readonly padding: number;
  /** Taken for padding, ideally one token each. */
  readonly word: string;
}

/** The whole prompt. Up to the padding, prompts of one text and one number of sentences are the same, so that a cache can help. */
export function recallPrompt(text: RecallText, question: RecallQuestion, filling: Filling): Prompt {
  const lines = [`Text ${text.nonce}. It tells the codes of some cities. Remember them.`];
  const placed = text.codes.map(({ key, code, depth }) => ({
    at: Math.round(depth * filling.sentences),
    line: `The code of ${key} is ${code}.`,
  }));
  for (let index = 0; index <= filling.sentences; index++) {
    for (const { at, line } of placed) if (at === index) lines.push(line);
    if (index < filling.sentences) lines.push(text.sentence(index));
  }
  const padding = ` ${filling.word}`.repeat(filling.padding);
  const content = `${lines.join(" ")}\n\nEnd of the text.${padding}\n\n${ask(text, question)}`;
  return { kind: "chat", messages: [{ role: "user", content }] };
}

function ask(text: RecallText, question: RecallQuestion): string {
  switch (question.kind) {
    case "single":
      return `What is the code of ${question.key}? Answer with the code only.`;
    case "multi":
      return `What are the codes of ${text.codes.map(({ key }) => key).join(", ")}? Answer with the codes only, in this order, separated by commas.`;
    case "decode":
      return "Write a long story about the garden and the river.";
  }
}

/** Which codes an answer names, in the order they were asked for, and whether it holds them and nothing else. */
export function judgeRecall(
  text: RecallText,
  question: RecallQuestion,
  answer: string,
): {
  readonly codes: readonly { readonly depth: number; readonly recalled: boolean }[];
  readonly adhered: boolean | undefined;
} {
  if (question.kind === "decode") return { codes: [], adhered: undefined };
  const found = answer.match(/(?<!\d)\d{4}(?!\d)/g) ?? [];
  if (question.kind === "single") {
    const asked = text.codes.filter(({ key }) => key === question.key);
    // The first code named is the answer: naming all of them must not count as knowing one.
    const codes = asked.map(({ code, depth }) => ({ depth, recalled: found[0] === code }));
    return { codes, adhered: /^\D{0,2}\d{4}\D{0,2}$/.test(answer.trim()) };
  }
  const codes = text.codes.map(({ code, depth }, i) => ({ depth, recalled: found[i] === code }));
  const form = new RegExp(`^\\d{4}(?:\\s*,\\s*\\d{4}){${text.codes.length - 1}}\\.?$`);
  return { codes, adhered: form.test(answer.trim()) };
}
