import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { QuantizeReport } from "../../harness/domain/generated/quantize-report-v1.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { inspectModel } from "../../harness/quantize/inspect.ts";
import { dataDir, hasResnet8 } from "../fixtures/cifar10.ts";
import { assertRefused, runCli, startCli } from "../fixtures/cli.ts";
import { need } from "../fixtures/require.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const configs = join(packageRoot(), "configs");
const digits = join(configs, "digits/digits-cnn.onnx");
const config = join(configs, "digits.json");
const ladder = [
  "quantize",
  digits,
  "--config",
  config,
  "--profile",
  "edge",
  "--no-gptq",
  "--no-compare",
  "--out-dir",
  "made",
];

const readReport = (cwd: string, stem = "digits-cnn") =>
  JSON.parse(readFileSync(join(cwd, `made/${stem}-quantize.json`), "utf8")) as QuantizeReport;

describe("quantize by a profile", () => {
  it("shows INT2 failing and INT4 passing on a real model, with bytes and quality of their own", async (t) => {
    const cwd = await scratchFolder(t);
    const { code, stdout, stderr } = await runCli(ladder, { cwd });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /FAIL\n.*PASS\n/);
    const { attempts, status, result, fallbacks } = readReport(cwd);
    assert.deepEqual(
      [status, fallbacks, attempts.map((one) => [one.bits, one.status])],
      [
        "pass",
        1,
        [
          [2, "fail"],
          [4, "pass"],
        ],
      ],
    );
    const [two, four] = attempts;
    assert.ok((two?.bytes ?? 0) * 1.5 < (four?.bytes ?? 0) && two?.sha256 !== four?.sha256);
    assert.ok((two?.quality ?? 1) < 0.75 && (four?.quality ?? 0) > 0.95, `${two?.quality} ${four?.quality}`);
    const kept = readFileSync(join(cwd, "made/digits-cnn-int4.onnx"));
    assert.deepEqual([kept.length, sha256(kept)], [four?.bytes, result?.sha256]);
    assert.equal(inspectModel(kept).problems.filter(({ severity }) => severity === "error").length, 0);
    assert.deepEqual(
      readdirSync(join(cwd, "made")).sort(),
      ["int4.manifest.json", "int4.onnx", "quantize.json", "quantize.md"].map((end) => `digits-cnn-${end}`),
    );
    assert.equal((await runCli(["check", "made/digits-cnn-quantize.json"], { cwd })).code, 0);
  });

  it("with --fail-fast stops at the first, exits 3, and keeps it", async (t) => {
    const cwd = await scratchFolder(t);
    const { code, stdout } = await runCli([...ladder, "--fail-fast", "--json"], { cwd });
    assert.equal(code, 3);
    const made = JSON.parse(stdout) as { passes: boolean; bits: number; path: string; compressionRatio: number };
    assert.deepEqual([made.passes, made.bits, made.path], [false, 2, "made/digits-cnn-int2.onnx"]);
    assert.ok(made.compressionRatio > 10 && existsSync(join(cwd, made.path)));
    const { status, attempts } = readReport(cwd);
    assert.deepEqual([status, attempts.length], ["stopped", 1]);
  });

  it("without items runs on synthetic ones, by cosine, and says so", async (t) => {
    const cwd = await scratchFolder(t);
    const { code, stdout, stderr } = await runCli(
      ["quantize", digits, "--profile", "local", "--no-gptq", "--out-dir", "made"],
      {
        cwd,
      },
    );
    assert.ok(code === 0 || code === 3, stderr);
    assert.match(stdout, /SYNTHETIC, seed 1/);
    const { calibration, profile } = readReport(cwd);
    assert.deepEqual([calibration.origin, profile.quality_metric], ["synthetic", "cosine"]);
  });

  it("of ResNet8 falls to INT4 where INT2 loses too much", need("data", hasResnet8), async (t) => {
    const cwd = await scratchFolder(t);
    const model = join(dataDir, "resnet8/resnet8_fp32.onnx");
    const args = [
      "quantize",
      model,
      "--config",
      join(configs, "resnet8-cifar10.json"),
      "--profile",
      "edge",
      "--no-gptq",
      "--no-compare",
      "--out-dir",
      "made",
    ];
    const { code, stderr } = await runCli([...args, "--min-quality", "4=0.6"], {
      cwd,
      env: { QUANTGATE_DATA_DIR: dataDir },
    });
    assert.equal(code, 0, stderr);
    const { attempts, calibration } = readReport(cwd, "resnet8_fp32");
    assert.deepEqual(
      attempts.map((one) => [one.bits, one.status]),
      [
        [2, "fail"],
        [4, "pass"],
      ],
    );
    assert.deepEqual([calibration.items, calibration.held_out], [128, 400]);
  });

  it("cancelled leaves no file", async (t) => {
    const cwd = await scratchFolder(t);
    mkdirSync(join(cwd, "made"));
    const { child, done } = startCli(ladder, { cwd });
    child.stderr?.once("data", () => child.kill("SIGINT"));
    const { code, stderr } = await done;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /no partial file/);
    assert.deepEqual(readdirSync(join(cwd, "made")), []);
  });
});

describe("quantize otherwise", () => {
  it("--clean-only writes the cleaned float model alone", async (t) => {
    const cwd = await scratchFolder(t);
    const { code, stdout } = await runCli(["quantize", digits, "--clean-only", "--out-dir", "made", "--json"], { cwd });
    assert.equal(code, 0);
    const made = JSON.parse(stdout) as { path: string; bytes: number; clean: { nodes_after: number } };
    assert.equal(made.path, "made/digits-cnn-opt.onnx");
    assert.deepEqual(readdirSync(join(cwd, "made")), ["digits-cnn-opt.onnx"]);
    assert.equal(readFileSync(join(cwd, made.path)).length, made.bytes);
  });

  it("a comparison names accuracy, latency, bytes and kernels of each variant", async (t) => {
    const cwd = await scratchFolder(t);
    const args = [
      "quantize",
      digits,
      "--recipe",
      "w8a16,u8s8",
      "--config",
      config,
      "--out-dir",
      "made",
      "--summary-out",
      "s.md",
    ];
    const { code, stdout, stderr } = await runCli(args, { cwd });
    assert.equal(code, 0, stderr);
    for (const text of [stdout, readFileSync(join(cwd, "s.md"), "utf8")]) {
      assert.match(text, /fp32.*98\.90 \[98\.34, 99\.27\].*1\.00x.*522 kB/);
      assert.match(text, /w8a16.*98\.\d+ .*\d\/\d/);
      assert.match(text, /u8s8.*\d+ kB.*6\/0\/0/);
    }
  });

  it("a target that cannot be met exits 3 with the best found; one that can exits 0", async (t) => {
    const cwd = await scratchFolder(t);
    const target = [
      "quantize",
      digits,
      "--config",
      config,
      "--recipe",
      "u8s8",
      "--no-compare",
      "--out-dir",
      "made",
      "--json",
    ];
    const hopeless = await runCli([...target, "--target-bytes", "100"], { cwd });
    assert.equal(hopeless.code, 3, hopeless.stderr);
    const easy = await runCli([...target, "--max-drop", "0.5"], { cwd });
    assert.equal(easy.code, 0, easy.stderr);
    const made = JSON.parse(easy.stdout) as { met: boolean; accuracy: number; reference: number; tuningItems: number };
    assert.ok(made.met && made.reference - made.accuracy <= 0.5 && made.tuningItems === 100);
  });

  it("mixes the bits of a recipe file, and names the result after it", async (t) => {
    const cwd = await scratchFolder(t);
    const recipe = { schema_version: "quantgate.recipe.v1", extends: "u8s8", id: "mine", layers: { skip: ["fc1"] } };
    const args = ["quantize", digits, "--config", config, "--recipe", "mine.json", "--max-drop", "0.5"];
    const run = () => runCli([...args, "--no-compare", "--out-dir", "made", "--json"], { cwd });
    writeFileSync(join(cwd, "mine.json"), JSON.stringify(recipe));
    assertRefused(await run(), { exitCode: 2, code: "CONFIG_INVALID", says: /mine\.json/ });
    assert.equal(existsSync(join(cwd, "made")), false);
    const { layers, ...usable } = recipe;
    writeFileSync(join(cwd, "mine.json"), JSON.stringify(usable));
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    const { file, met } = JSON.parse(stdout) as { met: boolean; file: { path: string; recipe: string } };
    assert.ok(met && existsSync(join(cwd, file.path)));
    assert.equal(file.recipe, "mine-mixed");
  });

  const misuse: [what: string, args: string[], says: RegExp][] = [
    ["two ways at once", ["--recipe", "u8s8", "--profile", "edge"], /--profile and --recipe/],
    ["a ladder's flag with a recipe", ["--recipe", "w8a16", "--fail-fast"], /--fail-fast belongs/],
    ["a target without a config", ["--max-drop", "0.1"], /--config/],
    ["a minimum that cannot be read", ["--profile", "edge", "--min-quality", "3=0.5"], /'3=0.5'/],
    ["an unknown modality", ["--profile", "edge", "--modality", "smell"], /'smell'/],
    ["items twice", ["--profile", "edge", "--config", config, "--calibration", "x.jsonl"], /Both/],
  ];
  for (const [what, args, says] of misuse) {
    it(`refuses ${what}`, async (t) => {
      const cwd = await scratchFolder(t);
      assertRefused(await runCli(["quantize", digits, ...args, "--out-dir", "made"], { cwd }), {
        exitCode: 2,
        code: "CONFIG_USAGE",
        says,
      });
      assert.equal(existsSync(join(cwd, "made")), false);
    });
  }

  it("refuses a minimum above 1, and a variable it does not know", async (t) => {
    const cwd = await scratchFolder(t);
    const args = ["quantize", digits, "--profile", "edge", "--out-dir", "made"];
    const above = await runCli([...args, "--min-quality", "2=1.5"], { cwd });
    assertRefused(above, { exitCode: 2, code: "CONFIG_INVALID", says: /minimum_quality/ });
    const unknown = await runCli(args, { cwd, env: { QUANTGATE_PROFILE_BITZ: "4" } });
    assertRefused(unknown, { exitCode: 2, code: "CONFIG_INVALID", says: /QUANTGATE_PROFILE_BITZ/ });
  });

  it("refuses what only a file can be when it is given a folder", async (t) => {
    const cwd = await scratchFolder(t);
    mkdirSync(join(cwd, "m"));
    writeFileSync(join(cwd, "m/metadata.json"), "{}");
    assertRefused(await runCli(["quantize", "m", "--clean-only"], { cwd }), {
      exitCode: 2,
      code: "CONFIG_USAGE",
      says: /not on a folder/,
    });
    assertRefused(await runCli(["quantize", "m"], { cwd }), {
      exitCode: 2,
      code: "CONFIG_MODEL_INVALID",
      says: /holds no/,
    });
  });
});
