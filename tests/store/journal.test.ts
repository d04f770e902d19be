import assert from "node:assert/strict";
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "../../harness/domain/canonical-json.ts";
import type { JournalLine, TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { createJournal, readJournal, resumeJournal } from "../../harness/store/journal.ts";
import { COMPLETE, handPlan, headerOf, sha256, trialLine, variantLines } from "../fixtures/hand-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const plan = handPlan();
const header = headerOf(plan);
const trials = plan.trials.map((trial) => trialLine(plan, trial));
const BODIES = [...variantLines(plan), ...trials.slice(0, 5)];

async function written(t: TestContext, bodies: readonly JournalLine["body"][] = BODIES): Promise<string> {
  const path = join(await scratchFolder(t), "journal.ndjson");
  const writer = await createJournal(path, header);
  for (const body of bodies) await writer.write(body as TrialLine);
  await writer.close();
  return path;
}

/** A line with a right checksum, whatever it says. */
function sealed(content: { seq: number; plan: string; body: unknown }): string {
  return canonicalJson({ ...content, sha256: sha256(canonicalJson(content)) });
}

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, code, String(error));
  assert.match((error as Error).message, message);
  return true;
};

async function editLine(path: string, number: number, edit: (line: string) => string | undefined): Promise<void> {
  const lines = (await readFile(path, "utf8")).split("\n");
  const changed = edit(lines[number - 1] as string);
  lines.splice(number - 1, 1, ...(changed === undefined ? [] : [changed]));
  await writeFile(path, lines.join("\n"));
}

test("what is written is read back, with its lines, bytes and digest", async (t) => {
  const path = await written(t, [...BODIES, COMPLETE]);
  const journal = await readJournal(path);
  assert.deepEqual(journal.header, header);
  assert.deepEqual(journal.variants, variantLines(plan));
  assert.deepEqual(journal.trials, trials.slice(0, 5));
  assert.deepEqual(journal.end, COMPLETE);
  assert.equal(journal.lines, BODIES.length + 2);
  const content = await readFile(path, "utf8");
  assert.deepEqual([journal.bytes, journal.sha256, journal.torn], [content.length, sha256(content), undefined]);
});

test("equal lines give equal bytes", async (t) => {
  const [x, y] = [await written(t), await written(t)];
  assert.deepEqual(await readFile(x), await readFile(y));
});

describe("a torn last line", () => {
  test("is set aside wherever it was cut, and the lines before it count", async (t) => {
    const path = await written(t);
    const whole = await readFile(path);
    const before = whole.subarray(0, -1).lastIndexOf(10) + 1;
    for (const cut of [before + 1, before + 20, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, cut));
      const journal = await readJournal(path);
      assert.equal(journal.lines, BODIES.length);
      assert.deepEqual(Buffer.from(journal.torn ?? []), whole.subarray(before, cut));
    }
  });

  test("is moved to a side file when the run goes on, and the next line takes its place", async (t) => {
    const path = await written(t, BODIES.slice(0, -1));
    await appendFile(path, '{"body":{"block":0,"ce');
    const { journal, writer } = await resumeJournal(path, plan.plan_digest);
    assert.equal(journal.lines, BODIES.length);
    await writer.write(BODIES.at(-1) as TrialLine);
    await writer.close();
    assert.equal(await readFile(`${path}.torn`, "utf8"), '{"body":{"block":0,"ce');
    assert.deepEqual(await readFile(path), await readFile(await written(t)));
  });

  test("any cut behind the header loses no whole line", async (t) => {
    const path = await written(t);
    const whole = await readFile(path);
    const headerEnd = whole.indexOf(10) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: headerEnd, max: whole.length }), async (cut) => {
        await writeFile(path, whole.subarray(0, cut));
        const wholeLines = whole.subarray(0, cut).toString().split("\n").length - 1;
        assert.equal((await readJournal(path)).lines, wholeLines);
      }),
      { numRuns: 30 },
    );
  });
});

describe("damage in the middle is named by its line", () => {
  const cases: [string, number, (line: string) => string | undefined, RegExp][] = [
    [
      "a changed figure",
      4,
      (line) => line.replace('"load_s":0.01', '"load_s":0.02'),
      /line 4: its checksum does not match/,
    ],
    ["a line that is no JSON", 3, () => "garbage", /line 3: Cannot read line 3 as JSON/],
    ["an empty line", 3, () => "", /line 3: .*it is empty/],
    ["a line that was taken out", 3, () => undefined, /line 3: line 2 is missing before it/],
    ["a doubled line", 3, (line) => `${line}\n${line}`, /line 4: line 3 is missing before it/],
    ["a field too many", 4, (line) => line.replace('"body":{', '"body":{"extra":1,'), /line 4: /],
    ["zero bytes", 3, () => "\0".repeat(30), /line 3: /],
  ];
  for (const [what, number, edit, message] of cases) {
    test(what, async (t) => {
      const path = await written(t);
      await editLine(path, number, edit);
      await assert.rejects(readJournal(path), refused("STORE_CORRUPT", message));
    });
  }

  test("a bit anywhere in the whole lines", async (t) => {
    const path = await written(t);
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 2), fc.nat(7), async (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        await writeFile(path, damaged);
        await assert.rejects(readJournal(path), refused("STORE_CORRUPT", /line \d+/));
      }),
      { numRuns: 40 },
    );
  });
});

describe("lines that do not belong", () => {
  const [variant] = variantLines(plan);
  const [trial, second] = trials;
  const other = sha256("another plan");
  const cases: [string, object[], RegExp][] = [
    ["a trial recorded twice", [{ body: trial }, { body: trial }], /line 3: trial c000.m\/fp32 is recorded twice/],
    ["a variant recorded twice", [{ body: variant }, { body: variant }], /line 3: variant m\/fp32 is recorded twice/],
    ["a line of another plan", [{ body: trial, plan: other }], /line 2: it belongs to another plan/],
    ["a line after the end", [{ body: COMPLETE }, { body: second }], /line 3: it follows the end/],
    ["a second header", [{ body: header }], /line 2: a second header/],
  ];
  for (const [what, lines, message] of cases) {
    test(what, async (t) => {
      const path = await written(t, []);
      const text = lines.map(
        (line, i) => `${sealed({ seq: i + 1, plan: plan.plan_digest, ...(line as { body: unknown }) })}\n`,
      );
      await appendFile(path, text.join(""));
      await assert.rejects(readJournal(path), refused("STORE_CORRUPT", message));
    });
  }

  test("a header that contradicts its own line", async (t) => {
    const path = await written(t, []);
    await writeFile(path, `${sealed({ seq: 0, plan: other, body: header })}\n`);
    await assert.rejects(readJournal(path), refused("STORE_CORRUPT", /line 1: it belongs to another plan/));
  });

  test("no header", async (t) => {
    const path = await written(t, []);
    await writeFile(path, `${sealed({ seq: 0, plan: plan.plan_digest, body: trial })}\n`);
    await assert.rejects(readJournal(path), refused("STORE_CORRUPT", /line 1: there is no header line/));
  });
});

test("a journal of another plan is not gone on with, and not touched", async (t) => {
  const path = await written(t);
  const before = await readFile(path);
  await assert.rejects(resumeJournal(path, sha256("another")), refused("CONFIG_PLAN_MISMATCH", /belongs to plan/));
  assert.deepEqual(await readFile(path), before);
});

test("an empty file and a torn header are corrupt, a missing file is missing", async (t) => {
  const path = await written(t, []);
  const whole = await readFile(path);
  for (const content of [Buffer.alloc(0), whole.subarray(0, 100), whole.subarray(0, -1)]) {
    await writeFile(path, content);
    await assert.rejects(readJournal(path), refused("STORE_CORRUPT", /there is no header line/));
  }
  await assert.rejects(readJournal(`${path}.not`), refused("STORE_MISSING", /there is no such file/));
});

test("a line that could not be read back is refused when it is written, and the lines before it stay", async (t) => {
  const path = join(await scratchFolder(t), "journal.ndjson");
  const writer = await createJournal(path, header);
  await writer.write(trials[0] as TrialLine);
  const size = (await stat(path)).size;
  const odd = (more: object): TrialLine => ({ ...(trials[1] as TrialLine), ...more });
  const measured = trials[1]!.measured!;
  for (const line of [
    odd({ wall_s: Number.NaN }),
    odd({ measured: { ...measured, latency_ns: [-1] } }),
    odd({ measured: { ...measured, load_s: Infinity } }),
    odd({ state: "perhaps" }),
  ]) {
    await assert.rejects(writer.write(line), refused("STORE_SCHEMA", /journal line 3/));
  }
  assert.equal((await stat(path)).size, size);
  await writer.write(trials[1] as TrialLine);
  await writer.close();
  assert.equal((await readJournal(path)).lines, 3);
});
