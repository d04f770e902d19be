import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Files that break the layer table, each in one way, with the rule that must name it. */
const violations: readonly { file: string; source: string; rule: string; title: string }[] = [
  {
    title: "a pure folder imports a node: module",
    file: "harness/gate/planted-node.ts",
    source: 'import { readFileSync } from "node:fs";\n\nexport const planted = readFileSync;\n',
    rule: "noRestrictedImports",
  },
  {
    title: "a pure folder imports an edge",
    file: "harness/gate/planted-edge.ts",
    source: 'export { sha256 } from "../platform/digest.ts";\n',
    rule: "noRestrictedImports",
  },
  {
    title: "a pure folder sees the process",
    file: "harness/stats/planted-process.ts",
    source: "export const planted = process.pid;\n",
    rule: "noRestrictedGlobals",
  },
  {
    title: "a pure folder imports one it may not",
    file: "harness/report/planted-pure.ts",
    source: 'export { wilson } from "../stats/proportion.ts";\n',
    rule: "noRestrictedImports",
  },
  {
    title: "an edge imports another edge",
    file: "harness/datasets/planted-edge.ts",
    source: 'export { simulatedRuntime } from "../runtimes/simulated.ts";\n',
    rule: "noRestrictedImports",
  },
  {
    title: "the pipeline imports the command line",
    file: "harness/pipeline/planted-cli.ts",
    source: 'export { EXIT } from "../cli/exit.ts";\n',
    rule: "noRestrictedImports",
  },
  ...["store", "pipeline", "cli"].map((folder) => ({
    title: `${folder} starts a process by itself`,
    file: `harness/${folder}/planted-spawn.ts`,
    source: 'export { spawn } from "node:child_process";\n',
    rule: "noRestrictedImports",
  })),
  {
    title: "a probe imports the harness",
    file: "probes/planted-harness.ts",
    source: 'export { HarnessError } from "../harness/domain/errors.ts";\n',
    rule: "noRestrictedImports",
  },
  {
    title: "two files import each other",
    file: "harness/domain/planted-cycle-a.ts",
    source: 'import { b } from "./planted-cycle-b.ts";\n\nexport const a = () => b;\n',
    rule: "noImportCycles",
  },
  {
    title: "two files import each other, seen from the other one",
    file: "harness/domain/planted-cycle-b.ts",
    source: 'import { a } from "./planted-cycle-a.ts";\n\nexport const b = () => a;\n',
    rule: "noImportCycles",
  },
];

function biomeCi(cwd: string): { status: number | null; found: string[]; output: string } {
  const biome = join(packageRoot(), "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "ci", "--reporter=github", "--max-diagnostics=none", "harness", "probes"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  const errors = [...stdout.matchAll(/^::error title=lint\/\w+\/(\w+),file=([^,]+),/gm)];
  return {
    status,
    found: errors.map(([, rule, file]) => `${relative(cwd, resolve(cwd, file as string))} ${rule}`),
    output: stdout + stderr,
  };
}

describe("the layer table", () => {
  it("holds as it is, and biome ci catches every kind of violation where it is planted, and nothing else", async (t) => {
    const cwd = await scratchFolder(t);
    for (const name of ["harness", "biome.json", ".gitignore", "package.json", "tsconfig.json"]) {
      cpSync(join(packageRoot(), name), join(cwd, name), { recursive: true });
    }
    mkdirSync(join(cwd, "probes"), { recursive: true });
    writeFileSync(join(cwd, "probes/clean.ts"), "export const clean = 1;\n");
    const clean = biomeCi(cwd);
    assert.equal(clean.status, 0, clean.output);

    for (const { file, source } of violations) writeFileSync(join(cwd, file), source);
    const planted = biomeCi(cwd);
    assert.notEqual(planted.status, 0);
    for (const { title, file, rule } of violations) {
      assert.ok(planted.found.includes(`${file} ${rule}`), `${title}: not caught\n${planted.output}`);
    }
    const files = new Set(violations.map(({ file }) => file));
    assert.deepEqual(
      planted.found.filter((line) => !files.has(line.split(" ")[0] as string)),
      [],
    );
  });
});
