import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { cacheFolder, VariantCache } from "../../harness/store/variant-cache.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const MODEL = Uint8Array.of(8, 7, 6, 5);
const MANIFEST = { bytes_on_disk: 4, layers: [] };

async function filled(t: TestContext) {
  const cache = new VariantCache(await scratchFolder(t));
  const key = cache.key({ model: "m", recipe: "q8" });
  await cache.put(key, MODEL, MANIFEST);
  return { cache, key, model: join(cache.folder, `${key}.onnx`), entry: join(cache.folder, `${key}.json`) };
}

test("what was put is found again, and nothing else", async (t) => {
  const { cache, key } = await filled(t);
  const found = await cache.get(key);
  assert.deepEqual(new Uint8Array(await readFile(found!.path)), MODEL);
  assert.deepEqual(found?.manifest, MANIFEST);
  assert.equal(await cache.get(cache.key({ model: "m", recipe: "q4" })), undefined);
});

test("the key depends on every value and not on the order of keys", (t) => {
  const cache = new VariantCache("anywhere");
  assert.equal(cache.key({ a: 1, b: [2] }), cache.key({ b: [2], a: 1 }));
  assert.notEqual(cache.key({ a: 1, b: [2] }), cache.key({ a: 1, b: [3] }));
  assert.notEqual(cache.key({ a: 1 }), cache.key({ a: 1, b: null }));
  assert.ok(t);
});

describe("a damaged entry is removed, so that it is made again", () => {
  const cases: [string, (paths: { model: string; entry: string }) => Promise<void>][] = [
    ["a changed model", ({ model }) => writeFile(model, Uint8Array.of(8, 7, 6, 4))],
    ["a model cut short", ({ model }) => writeFile(model, Uint8Array.of(8, 7))],
    ["an empty model", ({ model }) => writeFile(model, "")],
    ["an entry cut short", ({ entry }) => writeFile(entry, '{"sha256": "ab')],
    ["an entry that is null", ({ entry }) => writeFile(entry, "null")],
    [
      "an entry of another model",
      async ({ entry }) => writeFile(entry, (await readFile(entry, "utf8")).replace(/[0-9a-f]{8}/, "00000000")),
    ],
    [
      "an entry without a manifest",
      async ({ entry }) => {
        const { sha256 } = JSON.parse(await readFile(entry, "utf8"));
        await writeFile(entry, JSON.stringify({ sha256 }));
      },
    ],
  ];
  for (const [what, damage] of cases) {
    test(what, async (t) => {
      const { cache, key, ...paths } = await filled(t);
      await damage(paths);
      assert.equal(await cache.get(key), undefined);
      assert.deepEqual(await readdir(cache.folder), []);
      await cache.put(key, MODEL, MANIFEST);
      assert.deepEqual((await cache.get(key))?.manifest, MANIFEST);
    });
  }

  test("half an entry counts as none", async (t) => {
    for (const part of ["model", "entry"] as const) {
      const { cache, key, ...paths } = await filled(t);
      await rm(paths[part]);
      assert.equal(await cache.get(key), undefined);
    }
  });
});

test("the cache lies where the environment says, else under the user's cache folder", () => {
  assert.equal(cacheFolder({ QUANTGATE_CACHE_DIR: "/x", XDG_CACHE_HOME: "/y" }), "/x");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/y" }), "/y/quantgate");
  assert.match(cacheFolder({ QUANTGATE_CACHE_DIR: "", XDG_CACHE_HOME: "" }), /\.cache\/quantgate$/);
});
