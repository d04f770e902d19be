import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { embeddedConfigPath, pathRoots, readConfig, readPolicy, resolvePath } from "../../harness/store/config-file.ts";
import { handConfig } from "../fixtures/hand-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const invalid = (message: RegExp) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, "CONFIG_INVALID", String(error));
  assert.match((error as Error).message, message);
  return true;
};

describe("the data folder", () => {
  const given = { configPath: "configs/c.json", flag: "f", env: "e", config: "c", cwd: "/w" };

  test("is the flag's, else the environment's, else the config's, else ./data", () => {
    assert.equal(pathRoots(given).dataDir, "/w/f");
    assert.equal(pathRoots({ ...given, flag: undefined }).dataDir, "/w/e");
    assert.equal(pathRoots({ ...given, flag: undefined, env: undefined }).dataDir, "/w/configs/c");
    assert.equal(pathRoots({ ...given, flag: undefined, env: undefined, config: undefined }).dataDir, "/w/data");
  });

  test("an empty environment variable is none", () => {
    assert.equal(pathRoots({ ...given, flag: undefined, env: "" }).dataDir, "/w/configs/c");
  });

  test("paths start at the config's own folder", () => {
    assert.equal(pathRoots(given).configDir, "/w/configs");
    assert.equal(pathRoots({ ...given, configPath: "/abs/c.json" }).configDir, "/abs");
  });
});

describe("paths", () => {
  const roots = { configDir: "/conf", dataDir: "/data/set" };

  test("are relative to the config, absolute, or under the data folder", () => {
    assert.equal(resolvePath("m.onnx", roots), "/conf/m.onnx");
    assert.equal(resolvePath("../m.onnx", roots), "/m.onnx");
    assert.equal(resolvePath("/abs/m.onnx", roots), "/abs/m.onnx");
    assert.equal(resolvePath("data:a/m.onnx", roots), "/data/set/a/m.onnx");
    assert.equal(resolvePath("data:a/../b", roots), "/data/set/b");
    assert.equal(resolvePath("data:", roots), "/data/set");
  });

  for (const path of ["data:../x", "data:a/../../x", "data:/etc/passwd", "data:../set-2/x", "data:.."]) {
    test(`${path} leaves the data folder and is refused`, () => {
      assert.throws(() => resolvePath(path, roots), invalid(/leaves the data folder/));
    });
  }
});

describe("a config", () => {
  async function read(t: Parameters<typeof scratchFolder>[0], content: string) {
    const path = join(await scratchFolder(t), "c.json");
    await writeFile(path, content);
    return readConfig(path);
  }

  test("the embedded one is valid", async () => {
    assert.equal((await readConfig(embeddedConfigPath())).name, "digits");
  });

  test("is read as it stands", async (t) => {
    assert.deepEqual(await read(t, JSON.stringify(handConfig())), handConfig());
  });

  test("with a typo names the nearest key", async (t) => {
    const { runs_per_quant: _, ...config } = handConfig();
    await assert.rejects(
      read(t, JSON.stringify({ ...config, run_per_quant: 3 })),
      invalid(/run_per_quant.*runs_per_quant/s),
    );
  });

  test("with a value out of range, a wrong type, or no JSON is refused", async (t) => {
    await assert.rejects(read(t, JSON.stringify({ ...handConfig(), runs_per_quant: 0 })), invalid(/runs_per_quant/));
    await assert.rejects(read(t, JSON.stringify({ ...handConfig(), seed: "1" })), invalid(/seed/));
    await assert.rejects(read(t, JSON.stringify({ ...handConfig(), quants: [] })), invalid(/quants/));
    await assert.rejects(read(t, '{"name": '), invalid(/JSON/));
    await assert.rejects(read(t, ""), invalid(/empty/));
    await assert.rejects(read(t, '{"alpha": 1e999}'), invalid(/./));
  });

  test("that is not there is refused with the path", async () => {
    await assert.rejects(readConfig("/nowhere/c.json"), invalid(/\/nowhere\/c\.json/));
  });
});

test("a policy is checked by its own schema", async (t) => {
  const path = join(await scratchFolder(t), "p.json");
  await writeFile(
    path,
    JSON.stringify({ schema_version: "quantgate.policy.v1", gates: [{ id: "bytes", margin: 0.5 }] }),
  );
  assert.deepEqual((await readPolicy(path)).gates, [{ id: "bytes", margin: 0.5 }]);
  await writeFile(
    path,
    JSON.stringify({ schema_version: "quantgate.policy.v1", gates: [{ id: "bytes", marign: 0.5 }] }),
  );
  await assert.rejects(readPolicy(path), invalid(/margin/));
});
