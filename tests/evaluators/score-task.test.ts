import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskCheck } from "../../harness/domain/generated/task-bank-v1.ts";
import type { TaskResponse } from "../../harness/domain/task-port.ts";
import { scoreTask } from "../../harness/evaluators/score-task.ts";
import { taskOf, toolsWith } from "../fixtures/task-builder.ts";

const answer = (text: string, more: Partial<TaskResponse> = {}): TaskResponse => ({
  status: "completed",
  text,
  ...more,
});
const success = async (check: TaskCheck, text: string) =>
  (await scoreTask(taskOf(check), answer(text), toolsWith())).success === 1;
const why = async (check: TaskCheck, text: string) =>
  (await scoreTask(taskOf(check), answer(text), toolsWith())).reasons[0]?.message ?? "";

describe("checks of an answer", () => {
  it("exact: space around the answer does not count, case and inner space count unless told", async () => {
    assert.ok(await success({ kind: "exact", value: "Paris" }, "  Paris\n"));
    assert.ok(!(await success({ kind: "exact", value: "Paris" }, "paris")));
    assert.ok(
      await success({ kind: "exact", value: ["x", "new  york"], ignore_case: true, collapse_space: true }, "New York"),
    );
    assert.match(await why({ kind: "exact", value: "Paris" }, "Rome"), /it is "Rome", not "Paris"/);
  });

  it("contains: all, any and none hold together", async () => {
    const check: TaskCheck = { kind: "contains", all: ["a"], any: ["b", "c"], none: ["d"] };
    assert.ok(await success(check, "a c"));
    assert.ok(!(await success(check, "a")));
    assert.ok(!(await success(check, "b c")));
    assert.match(await why(check, "a b d"), /"d" is in it/);
  });

  it("numeric: the last number, with signs, thousands and exponents, within the tolerance", async () => {
    const check: TaskCheck = { kind: "numeric", value: 1475.6, abs_tolerance: 0.01 };
    assert.ok(await success(check, "Of 12 items the total is 1,475.60 EUR."));
    assert.ok(!(await success(check, "1475.62")));
    assert.ok(!(await success(check, "nothing")));
    assert.ok(await success({ kind: "numeric", value: -3 }, "x = \u22123"));
    assert.ok(await success({ kind: "numeric", value: 2500 }, "2.5e3"));
    assert.ok(await success({ kind: "numeric", value: 4 }, "3-4"), "a hyphen between numbers is no sign");
    assert.ok(await success({ kind: "numeric", value: 100, rel_tolerance: 0.01 }, "101"));
    assert.ok(!(await success({ kind: "numeric", value: 100, rel_tolerance: 0.01 }, "101.1")));
    assert.ok(!(await success({ kind: "numeric", value: 0 }, "")), "an empty answer is not 0");
    assert.ok(!(await success({ kind: "numeric", value: 0, extract: "text" }, "")));
  });

  it("numeric: a long row of digits and commas is read in linear time", async () => {
    assert.ok(!(await success({ kind: "numeric", value: 1 }, `${"1,111".repeat(40_000)}x`)));
  });

  it("regex: may be asked not to match", async () => {
    assert.ok(await success({ kind: "regex", pattern: "^yes$", flags: "i" }, "YES"));
    assert.ok(await success({ kind: "regex", pattern: "sorry", matches: false }, "done"));
    assert.ok(!(await success({ kind: "regex", pattern: "sorry", matches: false }, "sorry")));
  });

  it("regex: a pattern that backtracks for ever fails the check instead of hanging it, also when it must not match", async () => {
    const check: TaskCheck = { kind: "regex", pattern: "^(a+)+$" };
    assert.match(await why(check, `${"a".repeat(60)}!`), /took too long/);
    assert.match(await why({ ...check, matches: false }, `${"a".repeat(60)}!`), /took too long/);
  });

  it("count: words, lines, sentences and characters", async () => {
    assert.ok(await success({ kind: "count", unit: "words", min: 3, max: 3 }, " one  two\nthree "));
    assert.ok(await success({ kind: "count", unit: "lines", max: 2 }, "a\n\nb\n"));
    assert.ok(await success({ kind: "count", unit: "sentences", min: 2, max: 2 }, "It costs 3.5 euros. Really?"));
    assert.ok(await success({ kind: "count", unit: "characters", min: 2, max: 2 }, "👍é"));
    assert.ok(!(await success({ kind: "count", unit: "words", min: 1 }, "")));
    assert.match(await why({ kind: "count", unit: "words", max: 1 }, "a b"), /2 words, more than 1/);
  });

  it("json_schema: finds the JSON in a fence or in prose, and says what is wrong with it", async () => {
    const check: TaskCheck = {
      kind: "json_schema",
      schema: { type: "object", required: ["a"], properties: { a: { const: 1 } } },
    };
    assert.ok(await success(check, 'Sure! ```json\n{"a": 1}\n```'));
    assert.ok(await success(check, 'The {result} is {"a": 1, "s": "}"} as asked.'));
    assert.ok(!(await success({ ...check, extract: "text" }, 'The result: {"a": 1}')));
    assert.match(await why(check, '{"a": 2}'), /a must be 1, but it is 2/);
    assert.match(await why(check, "no"), /no JSON value/);
    assert.ok(!(await success(check, "{".repeat(100_000))), "many open brackets cost no time");
  });

  it("an extraction by pattern takes the first group of the last match", async () => {
    const check: TaskCheck = { kind: "exact", value: "B", extract: { pattern: "answer:\\s*(\\w)", flags: "i" } };
    assert.ok(await success(check, "Answer: A. No, answer: B."));
    assert.match(await why(check, "B"), /matches nowhere/);
  });

  it("choice: probabilities of spellings add up, a unique beginning counts, and a tie is no answer", async () => {
    const check: TaskCheck = { kind: "choice", choices: ["Alpha", "Beta", "Bravo"], answer: "Alpha" };
    const score = async (firstToken: TaskResponse["firstToken"]) =>
      (await scoreTask(taskOf(check), answer("", firstToken === undefined ? {} : { firstToken }), toolsWith())).success;
    assert.equal(
      await score([
        { text: "Beta", logprob: -1 },
        { text: "Al", logprob: -1.2 },
        { text: " Alpha", logprob: -1.5 },
      ]),
      1,
    );
    assert.equal(
      await score([
        { text: "Beta", logprob: -1 },
        { text: "Al", logprob: -1.2 },
      ]),
      0,
    );
    assert.equal(
      await score([
        { text: "B", logprob: -0.1 },
        { text: "A", logprob: -3 },
      ]),
      1,
      "B begins two of them",
    );
    assert.equal(
      await score([
        { text: "Alpha", logprob: -1 },
        { text: "Beta", logprob: -1 },
      ]),
      0,
    );
    assert.equal(await score([{ text: "Gamma", logprob: -0.1 }]), 0);
    assert.equal(await score(undefined), 0);
  });

  it("what cannot be checked is no pass, and says so", async () => {
    const noCode = await scoreTask(
      taskOf({ kind: "unit_tests", language: "javascript", tests: ["1"] }),
      answer("1"),
      toolsWith(),
    );
    const noProbabilities = await scoreTask(
      taskOf({ kind: "choice", choices: ["a", "b"], answer: "a" }),
      answer("a"),
      toolsWith(),
    );
    for (const score of [noCode, noProbabilities]) {
      assert.equal(score.success, 0);
      assert.equal(score.reasons[0]?.isUnavailable, true);
    }
  });

  it("unit_tests: outcomes of the sandbox become reasons", async () => {
    const task = taskOf({ kind: "unit_tests", language: "javascript", tests: ["first", "second"] });
    const of = (outcome: Parameters<typeof toolsWith>[0]) => scoreTask(task, answer("code"), toolsWith(outcome));
    assert.equal((await of({ status: "ran", failures: [] })).success, 1);
    const failed = await of({ status: "ran", failures: [{ test: 1, message: "it is 3" }] });
    assert.match(failed.reasons[0]?.message ?? "", /1 of 2 tests fail, first "second": it is 3/);
    assert.match((await of({ status: "timed-out" })).reasons[0]?.message ?? "", /time limit/);
    assert.match((await of({ status: "broke", message: "SyntaxError" })).reasons[0]?.message ?? "", /SyntaxError/);
  });
});

describe("the score of a task", () => {
  const task = taskOf({ kind: "contains", all: ["42"] }, { adherence: [{ kind: "exact", value: "42" }] });

  it("keeps being right and following the form apart", async () => {
    const { success: right, adherence, reasons } = await scoreTask(task, answer("It is 42."), toolsWith());
    assert.deepEqual([right, adherence], [1, 0]);
    assert.deepEqual(
      reasons.map(({ of }) => of),
      ["adherence"],
    );
  });

  it("is 0 in both for a failed or timed-out run, whatever had arrived", async () => {
    for (const status of ["failed", "timed-out"] as const) {
      const score = await scoreTask(task, answer("42", { status }), toolsWith());
      assert.deepEqual([score.success, score.adherence, score.reasons[0]?.kind], [0, 0, status]);
    }
  });

  it("a cut-off answer may be right, but does not adhere", async () => {
    const score = await scoreTask(task, answer("42", { isCutOff: true }), toolsWith());
    assert.deepEqual([score.success, score.adherence], [1, 0]);
  });

  it("has no adherence where the task asks for none", async () => {
    const score = await scoreTask(taskOf({ kind: "exact", value: "x" }), answer("x"), toolsWith());
    assert.equal(score.adherence, undefined);
  });
});
