import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { dataDir, hasResnet8 } from "../fixtures/cifar10.ts";
import { runCli } from "../fixtures/cli.ts";
import { need } from "../fixtures/require.ts";
import { onlyRun } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { writeConfig } from "../fixtures/sweep-configs.ts";

interface Row {
  readonly quant_tag: string;
  readonly n: number;
  readonly correct: number;
  readonly bytes_on_disk: number;
  readonly verdict: string;
}

interface Manifest {
  readonly layers: { readonly op: string; readonly kernel: string; readonly kernel_op?: string | null }[];
}

type Config = Record<string, unknown> & { quants: (string | { id: string; role?: string })[]; dataset: object };

const shipped = JSON.parse(readFileSync(join(packageRoot(), "configs/resnet8-cifar10.json"), "utf8")) as Config;
const tagOf = (quant: Config["quants"][number]) => (typeof quant === "string" ? quant : quant.id);

/** The config as it is shipped but for fewer variants, blocks and evaluations; noise does not stop it. */
function reduced(tags: readonly string[], more: object = {}): Config {
  const { $schema, schema_version, name, ...rest } = shipped;
  assert.ok($schema && schema_version && name);
  const quants = shipped.quants.filter((quant) => tags.includes(tagOf(quant)));
  assert.equal(quants.length, tags.length);
  return { ...rest, evaluate_runs: 1, canary: { latency_cv_threshold: 100 }, ...more, quants } as unknown as Config;
}

async function sweep(
  cwd: string,
  config: Config,
): Promise<{ code: number | null; rows: Map<string, Row>; run: string }> {
  const out = join(cwd, String(config.quants.length));
  mkdirSync(out);
  const path = writeConfig(out, config);
  // On lane ci, time advises: how fast this machine is just now decides nothing here.
  const args = [
    "sweep",
    path,
    "--data-dir",
    dataDir,
    "--runs",
    "3",
    "--execution-lane",
    "ci",
    "--out-dir",
    out,
    "--json",
  ];
  const { code, stdout, stderr } = await runCli(args, { cwd });
  assert.notEqual(stdout, "", stderr);
  const { rows } = JSON.parse(stdout) as { rows: Row[] };
  return { code, rows: new Map(rows.map((row) => [row.quant_tag, row])), run: onlyRun(out) };
}

test("ResNet8 on all 10,000 CIFAR-10 test images: counts, kernels, bytes, verdicts and exit codes", {
  ...need("data", hasResnet8),
}, async (t) => {
  const cwd = await scratchFolder(t);
  const tags = ["fp32", "u8s8", "official-int8", "w2a8-rtn"];
  const { code, rows, run } = await sweep(cwd, reduced(tags));
  const row = (tag: string) => rows.get(tag) as Row;
  assert.deepEqual(
    tags.map((tag) => row(tag).n),
    tags.map(() => 10_000),
  );
  assert.equal(row("fp32").correct, 8719);
  assert.equal(row("official-int8").correct, 8702);
  assert.ok(row("u8s8").correct >= 8690, `${row("u8s8").correct} right`);
  const share = row("u8s8").bytes_on_disk / row("fp32").bytes_on_disk;
  assert.ok(share <= 0.35, `${share} of the bytes`);
  assert.deepEqual(
    ["u8s8", "official-int8", "w2a8-rtn"].map((tag) => row(tag).verdict),
    ["pass", "pass", "fail"],
  );
  assert.equal(code, 0);

  const manifest = JSON.parse(readFileSync(join(run, "onnx/resnet8__u8s8.manifest.json"), "utf8")) as Manifest;
  const convolutions = manifest.layers.filter((layer) => layer.op === "Conv");
  assert.equal(convolutions.length, 9);
  for (const layer of convolutions) assert.equal(layer.kernel, "native", JSON.stringify(layer));

  // The broken control as a required variant; a tenth of the images shows it.
  const required = reduced(["fp32", "w2a8-rtn"], { dataset: { ...shipped.dataset, limit: 1000 } });
  required.quants = ["fp32", { id: "w2a8-rtn", role: "required" }];
  const broken = await sweep(cwd, required);
  assert.equal(broken.rows.get("w2a8-rtn")?.verdict, "fail");
  assert.equal(broken.code, 3);
});
