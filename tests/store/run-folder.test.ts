import assert from "node:assert/strict";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { handPlan } from "../fixtures/hand-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const plan = handPlan();
const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error));
  return true;
};

async function started(t: TestContext) {
  const root = await scratchFolder(t);
  const folder = await RunFolder.create(root, "run-1");
  await folder.write("plan.json", plan);
  return { root, folder };
}

test("a folder that already holds something is not made into a run", async (t) => {
  const { root } = await started(t);
  await assert.rejects(RunFolder.create(root, "run-1"), code("STORE_WRITE"));
});

describe("artifacts", () => {
  test("are read back as they were written, through their schema", async (t) => {
    const { folder } = await started(t);
    assert.deepEqual(await folder.read("plan.json"), JSON.parse(JSON.stringify(plan)));
  });

  test("that break their schema are refused at write; what was there stays, and no part of the new", async (t) => {
    const { folder } = await started(t);
    const before = await readFile(folder.file("plan.json"));
    const { trials: _, ...without } = plan;
    for (const odd of [
      without,
      { ...plan, trials: "none" },
      { ...plan, extra: 1 },
      { ...plan, drop_flag: Number.NaN },
      {},
    ]) {
      await assert.rejects(folder.write("plan.json", odd), code("STORE_SCHEMA"));
    }
    await assert.rejects(folder.write("summary.json", plan), code("STORE_SCHEMA"));
    assert.deepEqual(await readFile(folder.file("plan.json")), before);
    assert.deepEqual(await readdir(folder.path), ["plan.json"]);
  });

  test("that were cut off, changed beyond their schema or removed are corrupt or missing", async (t) => {
    const { folder } = await started(t);
    const text = await readFile(folder.file("plan.json"), "utf8");
    for (const damaged of ["", text.slice(0, text.length / 2), text.replace('"seq"', '"sequence"'), "[]", "null"]) {
      await writeFile(folder.file("plan.json"), damaged);
      await assert.rejects(folder.read("plan.json"), code("STORE_CORRUPT"));
    }
    await assert.rejects(folder.read("gate.json"), code("STORE_MISSING"));
  });
});

describe("arrays", () => {
  const data = Float32Array.of(1.5, -0, Number.NaN, Infinity, 3e-39);

  test("come back bit for bit, of every type", async (t) => {
    const { folder } = await started(t);
    const floats = await folder.putArray("f32", [5], data);
    assert.deepEqual(await folder.getArray(floats), data);
    const ints = Int32Array.of(-1, 0, 2 ** 31 - 1);
    assert.deepEqual(await folder.getArray(await folder.putArray("i32", [3], ints)), ints);
    const bytes = Uint8Array.of(0, 255, 7);
    assert.deepEqual(await folder.getArray(await folder.putArray("u8", [3], bytes)), bytes);
  });

  test("of equal content are stored once, and a view is stored without what lies around it", async (t) => {
    const { folder } = await started(t);
    const whole = Float32Array.of(9, ...data, 9);
    const x = await folder.putArray("f32", [5], data);
    const y = await folder.putArray("f32", [5], whole.subarray(1, 6));
    assert.equal(x.file, y.file);
    assert.equal((await readdir(folder.file("arrays"))).length, 1);
  });

  test("with a changed byte, too short or missing are refused", async (t) => {
    const { folder } = await started(t);
    const ref = await folder.putArray("f32", [5], data);
    const bytes = await readFile(folder.file(ref.file));
    const changed = Buffer.from(bytes);
    changed[0] = (changed[0] as number) ^ 1;
    for (const damaged of [changed, bytes.subarray(0, 8), Buffer.alloc(0)]) {
      await writeFile(folder.file(ref.file), damaged);
      await assert.rejects(folder.getArray(ref), code("STORE_CORRUPT"));
    }
    await assert.rejects(folder.getArray({ ...ref, file: "arrays/none.f32" }), code("STORE_MISSING"));
  });
});

describe("opening", () => {
  test("takes a folder, a file in it, or a run id", async (t) => {
    const { root, folder } = await started(t);
    for (const run of [folder.path, folder.file("plan.json"), "run-1"]) {
      assert.equal((await RunFolder.open(run, root)).path, folder.path);
    }
  });

  test("takes latest, which points to the run that was marked", async (t) => {
    const { root, folder } = await started(t);
    await folder.markLatest();
    assert.equal(await readlink(join(root, "latest")), "run-1");
    assert.deepEqual(await (await RunFolder.open("latest", root)).read("plan.json"), await folder.read("plan.json"));
  });

  test("does not take the folder above for a name that is not there", async (t) => {
    const { root, folder } = await started(t);
    await assert.rejects(RunFolder.open(join(folder.path, "typo"), root), code("STORE_MISSING"));
    await assert.rejects(RunFolder.open("typo", root, folder.path), code("STORE_MISSING"));
  });

  test("does not take a folder without a plan", async (t) => {
    const { root } = await started(t);
    await mkdir(join(root, "empty"));
    await assert.rejects(RunFolder.open("empty", root), code("STORE_MISSING"));
  });
});

test("the inventory names every file with its size, logs and side files left out", async (t) => {
  const { folder } = await started(t);
  await folder.putArray("u8", [2], Uint8Array.of(1, 2));
  await folder.writeText("summary.md", "hello");
  await folder.writeText("logs/plan.ndjson", "x");
  await folder.writeText("journal.ndjson.torn", "x");
  const files = await folder.inventory();
  assert.deepEqual(
    files.map(({ path, bytes }) => [path.replace(/[0-9a-f]{64}/, "DIGEST"), path === "plan.json" ? 0 : bytes]),
    [
      ["arrays/DIGEST.u8", 2],
      ["plan.json", 0],
      ["summary.md", 5],
    ],
  );
});
