import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { simulatedQuant } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Words of a command as a shell would split them; the docs use double quotes only. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? found[2] ?? "");
}

test("every command of docs/baselines.md runs, in its order", async () => {
  const quants = [
    simulatedQuant("fp32", { bytes: 4_000_000, latency_cv: 0.005 }),
    simulatedQuant("int8", { role: "required", latency_ms: 6, latency_cv: 0.005 }),
  ];
  const config = {
    schema_version: "quantgate.config.v1",
    name: "docs",
    models: [{ id: "sim" }],
    runtime: { kind: "simulated" },
    dataset: { kind: "simulated", items: 2000, classes: 4, seed: 1 },
    quants,
    latency: { min_samples: 20, max_samples: 20 },
    runs_per_quant: 8,
  };
  writeFileSync(join(folder, "quantgate.json"), JSON.stringify(config));
  const text = readFileSync(join(packageRoot(), "docs/baselines.md"), "utf8");
  const commands = [...text.matchAll(/^\$ quantgate (.*)$/gm)].map((found) => found[1] as string);
  assert.ok(commands.length >= 15);
  for (const verb of [
    "record",
    "list",
    "show",
    "resolve",
    "health",
    "prune",
    "pin-baseline",
    "unpin-baseline",
    "compare",
  ]) {
    assert.ok(
      commands.some((command) => command.startsWith(`baselines ${verb}`)),
      verb,
    );
  }
  let recorded = "";
  for (const command of commands) {
    const words = wordsOf(command).map((word) => (word === "RUN" ? recorded : word));
    const result = await runCli(words, { cwd: folder });
    assert.equal(result.code, 0, `${command}: ${result.stderr}${result.stdout}`);
    if (command.startsWith("baselines record")) recorded = basename(readlinkSync(join(folder, "results/latest")));
  }
  assert.ok(existsSync(join(folder, "history.parquet")) && existsSync(join(folder, "kpis.json")));
});
