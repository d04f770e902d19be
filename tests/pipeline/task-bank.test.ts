import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import type { TaskBank } from "../../harness/domain/generated/task-bank-v1.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { readTaskBank } from "../../harness/pipeline/read-task-bank.ts";
import { openTaskTools } from "../../harness/pipeline/task-tools.ts";
import { verifyTaskBank } from "../../harness/pipeline/verify-task-bank.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { bankOf, taskOf } from "../fixtures/task-builder.ts";

const tools = openTaskTools();
after(() => tools.close());
const folder = join(packageRoot(), "configs/task-banks");
const banks = readdirSync(folder).filter((name) => name.endsWith(".json"));

async function written(t: TestContext, bank: object): Promise<string> {
  const path = join(await scratchFolder(t), "bank.json");
  await writeFile(path, JSON.stringify(bank));
  return path;
}

describe("the banks that come with quantgate", () => {
  it("hold at least 60 tasks in four groups of at least ten", async () => {
    const { bank } = await readTaskBank(join(folder, "common.json"));
    assert.ok(bank.tasks.length >= 60, `${bank.tasks.length} tasks`);
    assert.equal(bank.groups.length, 4);
    for (const { id } of bank.groups) {
      assert.ok(bank.tasks.filter(({ group }) => group === id).length >= 10, id);
    }
  });

  for (const name of banks) {
    it(`${name}: every reference is accepted, every wrong answer refused`, async () => {
      const { bank } = await readTaskBank(join(folder, name));
      const { answers, faults, unavailable } = await verifyTaskBank(bank, tools);
      assert.deepEqual(faults, []);
      assert.deepEqual(unavailable, []);
      const expected = bank.tasks.reduce((sum, task) => sum + 1 + task.wrong.length, 0);
      assert.equal(answers, expected);
    });
  }

  it("no reference meets the checks of many other tasks: checks ask for their own answer", async () => {
    const { bank } = await readTaskBank(join(folder, "common.json"));
    // Code is left out: each pair would be run, and two tasks never share the name of a function.
    const tasks = bank.tasks.filter(({ group }) => group !== "code");
    const crossed = tasks.map((task) => ({
      ...task,
      wrong: tasks.filter(({ id }) => id !== task.id).map(({ reference }) => ({ answer: reference })),
    }));
    const { faults } = await verifyTaskBank({ ...bank, tasks: crossed as unknown as TaskBank["tasks"] }, tools);
    // Two questions may both be answered by "no", and a schedule may hold an 18.
    const accepting = faults.map(({ task }) => task);
    for (const task of accepting) assert.equal(accepting.filter((id) => id === task).length, 1, task);
    assert.ok(accepting.length <= 8, accepting.join(", "));
  });
});

describe("a bank's own answers", () => {
  it("a check that accepts anything, and a reference that is refused, are found", async () => {
    const lax = taskOf({ kind: "regex", pattern: ".*" });
    const strict = taskOf({ kind: "exact", value: "x" }, { id: "t2" });
    const { faults } = await verifyTaskBank(bankOf([lax, strict]), tools);
    assert.deepEqual(
      faults.map(({ task }) => task),
      ["t1", "t2"],
    );
    assert.match(faults[0]?.message ?? "", /wrong answer "w" is accepted/);
    assert.match(faults[1]?.message ?? "", /its reference is refused/);
  });

  it("a wrong answer said to break adherence alone must be right", async () => {
    const task = taskOf(
      { kind: "contains", all: ["r"] },
      { adherence: [{ kind: "exact", value: "r" }], wrong: [{ answer: "q", breaks: "adherence" }] },
    );
    const { faults } = await verifyTaskBank(bankOf([task]), tools);
    assert.match(faults[0]?.message ?? "", /is not right either/);
  });

  it("check says what it did, and fails a bank with a fault", async (t) => {
    const good = await written(t, bankOf([taskOf({ kind: "exact", value: "r" })]));
    const bad = await written(t, bankOf([taskOf({ kind: "regex", pattern: "." })]));
    const [first, second] = await checkArtifacts([good, bad]);
    assert.deepEqual([first?.ok, second?.ok], [true, false]);
    assert.match(first?.message ?? "", /1 task, 2 of 2 answers judged as they should/);
    assert.match(second?.message ?? "", /task t1: the wrong answer "w" is accepted/);
  });
});

describe("reading a bank", () => {
  const refused = async (t: TestContext, bank: object, says: RegExp) => {
    const path = await written(t, bank);
    await assert.rejects(readTaskBank(path), (error: { code?: string; message: string }) => {
      assert.equal(error.code, "CONFIG_DATA_INVALID");
      assert.match(error.message, says);
      return true;
    });
  };

  it("names the place of what its schema refuses", async (t) => {
    const task = taskOf({ kind: "exact", value: "x" });
    await refused(t, bankOf([{ ...task, chekcs: [] } as never]), /chekcs.*did you mean "checks"/);
    await refused(t, bankOf([{ ...task, checks: [{ kind: "exat", value: "x" }] } as never]), /exat/);
    await refused(t, bankOf([]), /tasks/);
  });

  it("refuses a schema that is none, or that points outside itself", async (t) => {
    await refused(t, bankOf([taskOf({ kind: "json_schema", schema: { type: "objekt" } })]), /task t1: the schema/);
    await refused(
      t,
      bankOf([taskOf({ kind: "json_schema", schema: { $ref: "task_bank.v1.schema.json" } })]),
      /task t1: the schema/,
    );
  });

  it("the digest follows the content, not its spelling", async (t) => {
    const bank = bankOf([taskOf({ kind: "exact", value: "x" })]);
    const { title, ...rest } = bank;
    const [a, b, c] = await Promise.all(
      [bank, { ...rest, title }, { ...bank, title: "Other" }].map(async (one) => readTaskBank(await written(t, one))),
    );
    assert.equal(a?.digest, b?.digest);
    assert.notEqual(a?.digest, c?.digest);
  });

  it("a missing file is CONFIG_DATA_MISSING", async () => {
    await assert.rejects(readTaskBank("/nowhere/bank.json"), { code: "CONFIG_DATA_MISSING" });
  });
});
