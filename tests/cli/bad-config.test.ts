import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ErrorCode } from "../../harness/domain/errors.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { npyFile } from "../fixtures/npy-files.ts";
import { listing } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, digitsItems, simulatedBody, simulatedQuant, writeConfig } from "../fixtures/sweep-configs.ts";

interface Case {
  readonly title: string;
  /** Writes whatever the config needs and gives its body, or the text of the whole file. */
  readonly config: (folder: string) => Readonly<Record<string, unknown>> | string;
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly hint?: RegExp;
}

/** Float items [n, 1, 28, 28] and int64 labels, as npy files in the folder. */
function npyData(folder: string, options: { items: number; labels: number; nan?: boolean }): object {
  const values = Float32Array.from({ length: options.items * 784 }, (_, i) => (i % 255) / 255);
  if (options.nan) values[784 + 5] = Number.NaN;
  const labels = BigInt64Array.from({ length: options.labels }, (_, i) => BigInt(i % 10));
  writeFileSync(join(folder, "x.npy"), npyFile(values, { descr: "<f4", shape: `(${options.items}, 1, 28, 28)` }));
  writeFileSync(join(folder, "y.npy"), npyFile(labels, { descr: "<i8", shape: `(${options.labels},)` }));
  return { kind: "npy", items: "x.npy", labels: "y.npy" };
}

const cases: readonly Case[] = [
  {
    title: "a key with a typo names the nearest valid key",
    config: () => simulatedBody({ runs_per_qant: 3 }),
    code: "CONFIG_INVALID",
    says: /unknown key "runs_per_qant".*did you mean "runs_per_quant"\?/i,
  },
  {
    title: "a nested key with a typo names its place",
    config: () => simulatedBody({ canary: { latency_cv_treshold: 0.3 } }),
    code: "CONFIG_INVALID",
    says: /canary.*"latency_cv_treshold".*did you mean "latency_cv_threshold"\?/i,
  },
  {
    title: "a word with a typo names the nearest valid word",
    config: () => simulatedBody({ execution_lane: "labb" }),
    code: "CONFIG_INVALID",
    says: /execution_lane.*"lab"/,
  },
  {
    title: "a value out of range names its place and bound",
    config: () => simulatedBody({ runs_per_quant: 0 }),
    code: "CONFIG_INVALID",
    says: /runs_per_quant.*1/,
  },
  {
    title: "JSON cut off has its line and column",
    config: () => '{\n  "schema_version": "quantgate.config.v1",\n  "name": ',
    code: "CONFIG_INVALID",
    says: /line 3, column \d+/,
  },
  { title: "an empty config", config: () => "", code: "CONFIG_INVALID", says: /empty/ },
  {
    title: "another version of the schema",
    config: () => ({ ...simulatedBody(), schema_version: "quantgate.config.v9" }),
    code: "CONFIG_INVALID",
    says: /quantgate\.config\.v1/,
  },
  {
    title: "a recipe that does not exist names the nearest",
    config: () => digitsBody({ quants: ["fp32", "w8a61"] }),
    code: "CONFIG_INVALID",
    says: /w8a61/,
    hint: /w8a16/,
  },
  {
    title: "no baseline",
    config: () => simulatedBody({ quants: [simulatedQuant("good8")] }),
    code: "CONFIG_INVALID",
    says: /baseline/,
  },
  {
    title: "duplicate cells",
    config: () => simulatedBody({ quants: ["fp32", "a8", "a8"].map((id) => simulatedQuant(id)) }),
    code: "CONFIG_DUPLICATE_CELL",
    says: /sim\/a8 is declared more than once/,
  },
  {
    title: "cells whose files would share a path",
    config: () => simulatedBody({ quants: ["fp32", "a8", "A8"].map((id) => simulatedQuant(id)) }),
    code: "CONFIG_DUPLICATE_CELL",
    says: /sim\/a8 and sim\/A8 would share the path/,
  },
  {
    title: "a gate that nothing can pass",
    config: () => simulatedBody({ gates: [{ id: "accuracy_drop", margin: 0 }] }),
    code: "CONFIG_INVALID",
    says: /margin of 0, which nothing can pass/,
  },
  {
    title: "a simulated quant in a real run",
    config: () => digitsBody({ quants: ["fp32", simulatedQuant("x8")] }),
    code: "CONFIG_INVALID",
    says: /runtime is onnxruntime, but the config has a quant x8 of kind simulated/,
  },
  {
    title: "items that are not there",
    config: () => digitsBody({ dataset: { kind: "npy", items: "x.npy", labels: "y.npy" } }),
    code: "CONFIG_DATA_MISSING",
    says: /x\.npy/,
  },
  {
    title: "labels that do not match the items",
    config: (folder) => digitsBody({ dataset: npyData(folder, { items: 4, labels: 5 }) }),
    code: "CONFIG_DATA_INVALID",
    says: /5 labels.*4 items|4 items.*5 labels/,
  },
  {
    title: "zero items",
    config: (folder) => digitsBody({ dataset: npyData(folder, { items: 0, labels: 0 }) }),
    code: "CONFIG_DATA_INVALID",
    says: /no item/i,
  },
  {
    title: "a folder of images with nothing in it",
    config: (folder) => {
      mkdirSync(join(folder, "photos"));
      return digitsBody({ dataset: { kind: "image-folder", path: "photos", width: 28, height: 28 } });
    },
    code: "CONFIG_DATA_INVALID",
    says: /photos/,
  },
  {
    title: "NaN in an item names the item",
    config: (folder) => digitsBody({ dataset: npyData(folder, { items: 4, labels: 4, nan: true }) }),
    code: "CONFIG_DATA_INVALID",
    says: /item 1\b.*NaN|NaN.*item 1\b/i,
  },
  {
    title: "calibration items in the evaluation set are found by their content",
    config: () =>
      digitsBody({ calibration: { dataset: digitsItems("test", 40), count: 20 }, quants: ["fp32", "u8s8"] }),
    code: "CONFIG_CALIBRATION_OVERLAP",
    says: /40 calibration items are also in the evaluation set/,
  },
  {
    title: "an item shared by two files in other formats",
    config: (folder) => {
      const dataset = npyData(folder, { items: 4, labels: 4 });
      return digitsBody({ dataset, calibration: { dataset, count: 4 }, quants: ["fp32", "u8s8"] });
    },
    code: "CONFIG_CALIBRATION_OVERLAP",
    says: /also in the evaluation set/,
  },
];

for (const { title, config, code, says, hint } of cases) {
  test(`exits 2 and leaves nothing behind: ${title}`, async (t) => {
    const cwd = await scratchFolder(t);
    const body = config(cwd);
    if (typeof body === "string") writeFileSync(join(cwd, "config.json"), body);
    else writeConfig(cwd, body);
    const before = listing(cwd);
    const result = await runCli(["sweep", "config.json"], { cwd });
    assertRefused(result, { exitCode: 2, code, says, ...(hint === undefined ? {} : { hint }) });
    assert.deepEqual(listing(cwd), before);
  });
}

test("a config that is not there is exit code 2", async (t) => {
  const cwd = await scratchFolder(t);
  assertRefused(await runCli(["sweep", "nowhere.json"], { cwd }), {
    exitCode: 2,
    code: "CONFIG_INVALID",
    says: /nowhere\.json: there is no such file/,
  });
  assert.deepEqual(listing(cwd), []);
});
