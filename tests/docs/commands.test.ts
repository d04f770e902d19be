import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

interface DocumentedCommand {
  readonly file: string;
  readonly line: number;
  readonly args: readonly string[];
  /** Exit code that the fence states: `exit=3`, or `exit=any` where it depends on the machine; 0 otherwise. */
  readonly exit: number | "any";
}

/** Commands of fenced blocks that start with `quantgate`. A block whose fence says `not-run` is for another machine. */
function documentedCommands(file: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  let info: string | undefined;
  for (const [index, text] of readFileSync(join(packageRoot(), "docs", file), "utf8")
    .split("\n")
    .entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (fence !== null) {
      info = info === undefined ? (fence[1] ?? "") : undefined;
      continue;
    }
    const typed = /^(?:\$ )?(?:npx )?quantgate (.*)$/.exec(text);
    if (info === undefined || info.includes("not-run") || typed === null) continue;
    const stated = /exit=(\d+|any)/.exec(info)?.[1] ?? "0";
    // A comment behind a command is no argument; quoting is not used in the docs.
    const args = (typed[1] ?? "")
      .replace(/\s+#.*$/, "")
      .trim()
      .split(/\s+/);
    commands.push({ file, line: index + 1, args, exit: stated === "any" ? "any" : Number(stated) });
  }
  return commands;
}

/** A document with this line promises that its commands run from top to bottom beside a simulated `quantgate.json` and its run. */
const MARKER = "<!-- commands run by a test -->";
const files = readdirSync(join(packageRoot(), "docs")).filter(
  (name) => name.endsWith(".md") && readFileSync(join(packageRoot(), "docs", name), "utf8").includes(MARKER),
);
const all = files.flatMap(documentedCommands);
const root = mkdtempSync(join(tmpdir(), "quantgate-docs-"));
after(() => rmSync(root, { recursive: true, force: true }));

before(async () => {
  const seed = join(root, "seed");
  cpSync(join(packageRoot(), "configs"), join(seed, "configs"), { recursive: true });
  const config = writeConfig(seed, simulatedBody(), "quantgate.json");
  const env = { QUANTGATE_CACHE_DIR: join(root, "cache") };
  const { runId } = await sweep({ config, outDir: join(seed, "results"), cwd: seed, env });
  const recorded = await runCli(["baselines", "record", "--run", runId], { cwd: seed });
  assert.equal(recorded.code, 0, recorded.stderr);
});

describe("commands in docs/ run as they stand", () => {
  test("the runbook covers the week", () => {
    const verbs = new Set(all.filter(({ file }) => file === "runbook.md").map(({ args }) => args[0]));
    for (const verb of [
      "doctor",
      "plan",
      "sweep",
      "kpi",
      "report",
      "frontier",
      "thermal",
      "check",
      "baselines",
      "gate",
      "history",
      "explain",
    ]) {
      assert.ok(verbs.has(verb), verb);
    }
  });

  for (const file of new Set(all.map((one) => one.file))) {
    test(`docs/${file}`, async () => {
      const cwd = join(root, file);
      cpSync(join(root, "seed"), cwd, { recursive: true, verbatimSymlinks: true });
      for (const { line, args, exit } of all.filter((one) => one.file === file)) {
        const result = await runCli(args, { cwd });
        const said = `docs/${file}:${line} quantgate ${args.join(" ")}: exit ${result.code}\n${result.stderr}`;
        assert.doesNotMatch(result.stderr, /internal error/, said);
        if (exit === "any") assert.ok(result.code !== null && ![1, 2].includes(result.code), said);
        else assert.equal(result.code, exit, said);
      }
    });
  }
});
