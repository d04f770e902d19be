import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Prompt } from "../../harness/domain/language-runtime.ts";
import { type CountTokens, fitPrompt, fitSentences } from "../../harness/explore/fit-prompt.ts";
import { judgeRecall, recallPrompt, recallText } from "../../harness/explore/recall-prompt.ts";
import { rng } from "../../harness/stats/index.ts";

const depths = [0, 0.25, 0.5, 0.75, 1];
const text = recallText(1, depths, rng("test"));
const contentOf = (prompt: Prompt) => (prompt.kind === "raw" ? prompt.text : (prompt.messages[0]?.content ?? ""));
const filling = { sentences: 100, padding: 0, word: "and" };

describe("a text with hidden codes", () => {
  it("holds each code once, at its depth, and no other number", () => {
    const content = contentOf(recallPrompt(text, { kind: "multi" }, filling));
    const body = content.slice(0, content.indexOf("End of the text."));
    assert.equal(new Set(text.codes.map(({ code }) => code)).size, 5);
    assert.deepEqual(
      [...body.matchAll(/\d+/g)].map(([digits]) => digits),
      text.codes.map(({ code }) => code),
    );
    for (const { code, depth } of text.codes)
      assert.ok(Math.abs(body.indexOf(code) / body.length - depth) < 0.05, `${depth}`);
  });

  it("is another one for another seed or length, and the same for the same", () => {
    const again = recallText(1, depths, rng("test"));
    const other = recallText(2, depths, rng("test"));
    const of = (one: typeof text) => contentOf(recallPrompt(one, { kind: "decode" }, filling));
    assert.equal(of(text), of(again));
    assert.notEqual(of(text).slice(0, 13), of(other).slice(0, 13), "they differ from the first words on");
  });

  it("shares all but its end between questions, so that a cache helps", () => {
    const one = contentOf(recallPrompt(text, { kind: "multi" }, filling));
    const two = contentOf(recallPrompt(text, { kind: "decode" }, filling));
    const shared = one.indexOf("End of the text.");
    assert.equal(one.slice(0, shared), two.slice(0, shared));
  });

  it("more depths than keys are a RangeError", () => {
    assert.throws(() => recallText(1, new Array(30).fill(0.5), rng("x")), RangeError);
  });
});

describe("judging an answer", () => {
  const [first, second] = text.codes;
  const single = { kind: "single" as const, key: first?.key ?? "" };

  it("the first code named counts: naming all of them is not knowing one", () => {
    const of = (answer: string) => judgeRecall(text, single, answer);
    assert.deepEqual(of(`${first?.code}.`), { codes: [{ depth: 0, recalled: true }], adhered: true });
    assert.equal(of(`${second?.code}, ${first?.code}`).codes[0]?.recalled, false);
    assert.deepEqual(
      [of(`The code is ${first?.code}`).codes[0]?.recalled, of(`The code is ${first?.code}`).adhered],
      [true, false],
    );
    assert.equal(of(`${first?.code}7`).codes[0]?.recalled, false, "part of a longer number is another number");
  });

  it("several codes count in their places", () => {
    const codes = text.codes.map(({ code }) => code);
    const right = judgeRecall(text, { kind: "multi" }, codes.join(", "));
    assert.deepEqual([right.codes.every(({ recalled }) => recalled), right.adhered], [true, true]);
    const swapped = judgeRecall(text, { kind: "multi" }, [codes[1], codes[0], ...codes.slice(2)].join(", "));
    assert.deepEqual(
      swapped.codes.map(({ recalled }) => recalled),
      [false, false, true, true, true],
    );
    assert.equal(judgeRecall(text, { kind: "multi" }, codes.slice(0, 3).join(", ")).adhered, false);
  });

  it("a long answer is judged for nothing", () => {
    assert.deepEqual(judgeRecall(text, { kind: "decode" }, "1234"), { codes: [], adhered: undefined });
  });
});

describe("filling a prompt", () => {
  /** Tokens as words, with a template around them. */
  const words: CountTokens = async (prompt) => ({
    tokens: contentOf(prompt).split(/\s+/).length + 7,
    source: "tokenizer",
  });

  it("meets the count to the token, for every question, in few countings", async () => {
    for (const wanted of [300, 1024, 8000]) {
      let counted = 0;
      const count: CountTokens = (prompt) => {
        counted++;
        return words(prompt);
      };
      const sentences = (await fitSentences(text, wanted, count)) as number;
      assert.ok(counted <= 8, `${counted} countings`);
      for (const question of [
        { kind: "multi" },
        { kind: "decode" },
        { kind: "single", key: text.codes[0]?.key ?? "" },
      ] as const) {
        const fitted = await fitPrompt(text, question, { wanted, sentences, count });
        assert.equal(fitted?.tokens, wanted);
        assert.equal((await words(fitted.prompt))?.tokens, wanted);
      }
    }
  });

  it("where a padding word is two tokens, another word is tried, and the prompt is never too long", async () => {
    const count: CountTokens = async (prompt) => {
      const content = contentOf(prompt);
      const extra = content.split(" and").length - 1;
      return { tokens: content.split(/\s+/).length + extra, source: "server" };
    };
    const sentences = (await fitSentences(text, 501, count)) as number;
    const fitted = await fitPrompt(text, { kind: "decode" }, { wanted: 501, sentences, count });
    assert.equal(fitted?.tokens, 501);
  });

  it("too small a length cannot be filled", async () => {
    assert.equal(await fitSentences(text, 60, words), undefined);
  });

  it("where nobody counts, the prompt is estimated and says so", async () => {
    const fitted = await fitPrompt(
      text,
      { kind: "decode" },
      { wanted: 1000, sentences: 50, count: async () => undefined },
    );
    assert.deepEqual([fitted?.tokens, fitted?.source], [undefined, undefined]);
  });
});
