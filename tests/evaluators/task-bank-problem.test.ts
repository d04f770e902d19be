import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../../harness/domain/generated/task-bank-v1.ts";
import { taskBankProblem } from "../../harness/evaluators/task-bank-problem.ts";
import { askTask } from "../../harness/evaluators/task-prompt.ts";
import { bankOf, taskOf } from "../fixtures/task-builder.ts";

const fine = taskOf({ kind: "exact", value: "x" });
const { prompt: _, ...unasked } = fine;

const cases: readonly [title: string, tasks: Task[], says: RegExp][] = [
  ["two tasks of one id", [fine, fine], /the id t1 is used twice/],
  ["an unknown group", [{ ...fine, group: "G" }], /task t1: there is no group G; did you mean g\?/],
  ["neither prompt nor messages", [unasked], /neither prompt nor messages/],
  ["both prompt and messages", [{ ...fine, messages: [{ role: "user", content: "x" }] }], /both/],
  [
    "a conversation that the user does not end",
    [{ ...unasked, messages: [{ role: "system", content: "x" }] }],
    /must be the user's/,
  ],
  [
    "an unknown variable",
    [{ ...fine, prompt: "{{nmae}}", variables: { name: "x" } }],
    /\{\{nmae\}\} has no value.*did you mean name\?/,
  ],
  ["a variable from the prototype", [{ ...fine, prompt: "{{constructor}}" }], /\{\{constructor\}\} has no value/],
  ["an unused variable", [{ ...fine, variables: { name: "x" } }], /its variable name is used nowhere/],
  ["a pattern that is none", [taskOf({ kind: "regex", pattern: "(" })], /pattern \/\(\/ cannot be used/],
  [
    "an extraction that is none",
    [taskOf({ kind: "exact", value: "x", extract: { pattern: "[" } })],
    /pattern \/\[\/ cannot be used/,
  ],
  ["contains without texts", [taskOf({ kind: "contains" })], /needs one of all, any and none/],
  ["count without limits", [taskOf({ kind: "count", unit: "words" })], /needs min or max/],
  ["count with crossed limits", [taskOf({ kind: "count", unit: "words", min: 3, max: 2 })], /at least 3 and at most 2/],
  [
    "a choice whose answer is none",
    [taskOf({ kind: "choice", choices: ["a", "b"], answer: "c" })],
    /none of its choices/,
  ],
  [
    "a choice that begins another",
    [taskOf({ kind: "choice", choices: ["a", "ab"], answer: "a" })],
    /beginning of another/,
  ],
  [
    "adherence that nothing checks",
    [{ ...fine, wrong: [{ answer: "y", breaks: "adherence" }] }],
    /no check of adherence/,
  ],
];
for (const [title, tasks, says] of cases) {
  test(`a bank is refused for ${title}`, () => {
    assert.match(taskBankProblem(bankOf(tasks)) ?? "", says);
  });
}

test("a group without tasks is a fault, a bank without faults has none", () => {
  assert.equal(taskBankProblem(bankOf([fine])), undefined);
  const groups = [
    { id: "g", title: "g" },
    { id: "h", title: "h" },
  ] as const;
  assert.match(taskBankProblem(bankOf([fine], { groups: [...groups] })) ?? "", /the group h has no task/);
});

test("variables of the task win over the bank's, and the bank's system message comes first", () => {
  const { prompt: _prompt, ...rest } = fine;
  const task: Task = {
    ...rest,
    messages: [{ role: "user", content: "{{ who }} {{what}}" }],
    variables: { who: "Ada" },
  };
  const bank = bankOf([task], { system: "Be {{what}}.", variables: { who: "Bo", what: "brief" } });
  assert.deepEqual(askTask(task, bank), {
    id: "t1",
    group: "g",
    prompt: {
      kind: "chat",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Ada brief" },
      ],
    },
    maxTokens: 16,
    stop: [],
  });
});

test("a system message of the task's own replaces the bank's, and a raw prompt has none", () => {
  const { prompt: _prompt, ...rest } = fine;
  const messages: NonNullable<Task["messages"]> = [
    { role: "system", content: "own" },
    { role: "user", content: "x" },
  ];
  const chat = askTask({ ...rest, messages, max_tokens: 3 }, bankOf([fine], { system: "bank" }));
  assert.deepEqual([chat.prompt, chat.maxTokens], [{ kind: "chat", messages }, 3]);
  assert.deepEqual(askTask(fine, bankOf([fine], { system: "bank" })).prompt, { kind: "raw", text: "p" });
});

test("what a variable holds is not filled in again", () => {
  const task = { ...fine, prompt: "{{a}}", variables: { a: "{{b}} $& $1" } };
  assert.deepEqual(askTask(task, bankOf([task])).prompt, { kind: "raw", text: "{{b}} $& $1" });
});
