import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import { loadRecipe, loadRecipes } from "../../harness/pipeline/load-recipe.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import type { QuantizeManifest } from "../../harness/quantize/manifest.ts";
import { RECIPE_NAMES, resolveRecipe } from "../../harness/quantize/recipes.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const configs = join(packageRoot(), "configs");
const digits = join(configs, "digits/digits-cnn.onnx");
const YAML = "schema_version: quantgate.recipe.v1\nextends: w4a8\nweights: { bits: 5 }\nskip: ['@last']\n";
const JSON_TEXT =
  '{"schema_version":"quantgate.recipe.v1","extends":"w4a8","id":"mine","weights":{"bits":5},"skip":["@last"]}';

async function withFiles(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await scratchFolder(t);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
}

describe("a recipe file", () => {
  it("in YAML and in JSON changes the named recipe that it extends, and is named by its id or its file", async (t) => {
    const cwd = await withFiles(t, { "mine.yaml": YAML, "mine.yml": YAML, "other.json": JSON_TEXT });
    const expected = resolveRecipe({ extends: "w4a8", id: "mine", weights: { bits: 5 }, skip: ["@last"] });
    for (const file of ["mine.yaml", "mine.yml", "other.json", join(cwd, "other.json")])
      assert.deepEqual(await loadRecipe(file, cwd), expected, file);
    assert.equal(expected.weights?.rounding, "gptq");
  });

  it("is told from a name by its ending: no built-in recipe has one", async () => {
    for (const name of RECIPE_NAMES) assert.deepEqual(await loadRecipe(name, "/nowhere"), resolveRecipe(name));
    await assert.rejects(loadRecipe("w4a9", "/nowhere"), { code: "CONFIG_INVALID", message: /named 'w4a9'/ });
  });

  const refused: [what: string, file: string, text: string, says: RegExp][] = [
    ["that is not there", "absent.yaml", "", /absent\.yaml/],
    ["that is no YAML", "r.yaml", "a: [", /YAML/],
    ["that is no JSON", "r.json", "{", /r\.json/],
    ["that is a list", "r.yaml", "- 1\n", /r\.yaml/],
    ["without a version", "r.yaml", "extends: u8s8\n", /schema_version/],
    ["without a base", "r.yaml", "schema_version: quantgate.recipe.v1\n", /extends/],
    ["with an unknown base", "r.yaml", YAML.replace("w4a8", "w9a8"), /r\.yaml: .*'w9a8'/],
    ["with an unknown key", "r.yaml", `${YAML}roundin: gptq\n`, /roundin/],
    ["with an unknown key inside", "r.yaml", YAML.replace("bits: 5", "bitz: 5"), /bitz/],
    ["with a value out of range", "r.yaml", YAML.replace("bits: 5", "bits: 9"), /bits/],
    ["whose parts do not go together", "r.yaml", YAML.replace("bits: 5", "storage: uint8"), /r\.yaml: .*storage/],
    ["with a name that leaves its folder", "r.yaml", `${YAML}id: ../../out\n`, /id/],
    ["whose own name is none", " odd.yaml", YAML, /id/],
  ];
  for (const [what, file, text, says] of refused) {
    it(`${what} is refused in one sentence`, async (t) => {
      const cwd = await withFiles(t, text === "" ? {} : { [file]: text });
      await assert.rejects(loadRecipe(file, cwd), { code: "CONFIG_INVALID", message: says });
    });
  }

  it("may not give two results one name", async (t) => {
    const cwd = await withFiles(t, { "mine.yaml": YAML, "other.json": JSON_TEXT });
    await assert.rejects(loadRecipes(["mine.yaml", "other.json"], cwd), { code: "CONFIG_USAGE", message: /'mine'/ });
    await assert.rejects(loadRecipes(["u8s8", "u8s8"], cwd), { code: "CONFIG_USAGE", message: /'u8s8'/ });
    assert.equal((await loadRecipes(["u8s8", "mine.yaml"], cwd)).length, 2);
  });
});

describe("quantize --recipe FILE", () => {
  it("makes the model of the file beside one of a name", async (t) => {
    const nearest = YAML.replace("bits: 5", "bits: 5, rounding: nearest").replace("w4a8", "w8a16");
    const cwd = await withFiles(t, { "recipes/five.yaml": nearest });
    const args = ["quantize", digits, "--recipe", "w8a16,recipes/five.yaml", "--out-dir", "made", "--no-compare"];
    const { code, stderr } = await runCli(args, { cwd });
    assert.equal(code, 0, stderr);
    const manifest = JSON.parse(
      readFileSync(join(cwd, "made/digits-cnn-five.manifest.json"), "utf8"),
    ) as QuantizeManifest;
    assert.deepEqual([manifest.recipe.id, manifest.recipe.weights?.bits, manifest.recipe.skip], ["five", 5, ["@last"]]);
    assert.equal(manifest.layers.at(-1)?.bits, null);
    assert.ok(existsSync(join(cwd, "made/digits-cnn-w8a16.onnx")));
  });

  it("writes nothing where the file is refused, also of the recipe before it", async (t) => {
    const cwd = await withFiles(t, { "five.yaml": YAML.replace("bits", "bitz") });
    for (const recipe of ["w8a16,five.yaml", "w8a16,six.yaml"]) {
      const result = await runCli(["quantize", digits, "--recipe", recipe, "--out-dir", "made"], { cwd });
      assertRefused(result, { exitCode: 2, code: "CONFIG_INVALID", says: /bitz|six\.yaml/ });
    }
    assert.equal(existsSync(join(cwd, "made")), false);
  });
});

describe("a recipe file in a config", () => {
  const config = (quants: unknown[]) => {
    const given = JSON.parse(readFileSync(join(configs, "digits.json"), "utf8")) as Record<string, unknown>;
    const absolute = (part: unknown): unknown =>
      JSON.parse(JSON.stringify(part).replaceAll('"digits/', `"${configs}/digits/`));
    return JSON.stringify(absolute({ ...given, quants }));
  };

  it("is found from the config, read into the plan, and named by its file or by the quant", async (t) => {
    const quants = ["fp32", "recipes/five.yaml", { id: "named", recipe: "recipes/five.yaml" }];
    const cwd = await withFiles(t, { "deep/c.json": config(quants), "deep/recipes/five.yaml": YAML });
    const { code, stdout, stderr } = await runCli(["plan", "deep/c.json", "--json"], { cwd });
    assert.equal(code, 0, stderr);
    const { plan } = { plan: JSON.parse(stdout) as Plan };
    assert.deepEqual(
      plan.variants.map(({ quant_tag, recipe }) => [
        quant_tag,
        (recipe as { weights?: { bits: number } }).weights?.bits,
      ]),
      [
        ["fp32", undefined],
        ["five", 5],
        ["named", 5],
      ],
    );
  });

  it("is refused where it is missing or wrong, before anything runs", async (t) => {
    const cwd = await withFiles(t, {
      "c.json": config(["fp32", "five.yaml"]),
      "d.json": config(["fp32", { id: "x", recipe: "typo.yaml" }]),
      "typo.yaml": YAML.replace("bits", "bitz"),
    });
    for (const [file, says] of [
      ["c.json", /five\.yaml/],
      ["d.json", /bitz/],
    ] as const)
      assertRefused(await runCli(["plan", file], { cwd }), { exitCode: 2, code: "CONFIG_INVALID", says });
  });
});
