import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { docsServer, makeDocsFolder, OLLAMA } from "../fixtures/docs-folder.ts";
import { type DocumentedCommand, documentedCommands } from "../fixtures/documented-commands.ts";

/** A document with this line promises that its commands run from top to bottom in a folder as docs-folder.ts makes it. */
const MARKER = "<!-- commands run by a test -->";
const files = readdirSync(join(packageRoot(), "docs")).filter(
  (name) => name.endsWith(".md") && readFileSync(join(packageRoot(), "docs", name), "utf8").includes(MARKER),
);
const all = files.flatMap(documentedCommands);
const root = mkdtempSync(join(tmpdir(), "quantgate-docs-"));
after(() => rmSync(root, { recursive: true, force: true }));
let server = "";
const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

before(async () => {
  server = (await docsServer((close) => closers.push(close))).url;
  await makeDocsFolder(join(root, "seed"), server);
});

/** `baselines` → its verbs, and so on; a command without verbs is itself. */
async function everyCommand(): Promise<string[]> {
  const verbs = async (args: readonly string[]) => {
    const { stdout } = await runCli([...args, "--help"], { cwd: root });
    const [, list = ""] = /^Commands:\n((?: .*\n)*)/m.exec(stdout) ?? [];
    return [...list.matchAll(/^ {2}(\S+)/gm)].map(([, verb = ""]) => verb).filter((verb) => verb !== "help");
  };
  const commands: string[] = [];
  for (const command of await verbs([])) {
    const own = await verbs([command]);
    commands.push(...own.map((verb) => `${command} ${verb}`));
    // thermal does something by itself, too.
    if (own.length === 0 || command === "thermal") commands.push(command);
  }
  return commands;
}

const isOf = ({ args }: DocumentedCommand, command: string) => command.split(" ").every((word, i) => args[i] === word);

describe("commands in docs/ run as they stand", () => {
  test("docs/commands.md has an example of every command of the program", async () => {
    const own = all.filter(({ file }) => file === "commands.md");
    const commands = await everyCommand();
    assert.ok(commands.length >= 28, commands.join());
    assert.deepEqual(
      commands.filter((command) => !own.some((one) => isOf(one, command))),
      // Wants PyTorch, or a model's file; tests of their own run them.
      ["parity", "publish", "promote", "rollback"],
    );
  });

  test("the runbook covers the week", async () => {
    const own = all.filter(({ file }) => file === "runbook.md");
    const typed = own.map(({ args }) => args.join(" "));
    const week: Readonly<Record<string, RegExp>> = {
      presets: /^plan configs\/quant_sweep_/,
      "dry run": /^sweep quantgate\.json --dry-run$/,
      "full sweep": /^sweep quantgate\.json$/,
      "polluted override": /--allow-polluted-frontier/,
      sidecars: /--hardware-sidecar-template/,
      "KPI report": /^kpi --summary/,
      "operator report": /^report .*--out-html/,
      frontier: /^frontier --summary/,
      "context sweep": /^context sweep/,
      "context ceiling": /^context ceiling/,
      "thermal profile": /^thermal --summaries/,
      "thermal load": /^thermal run/,
      "contract check": /^check results/,
      ...Object.fromEntries(
        (await everyCommand())
          .filter((command) => command.startsWith("baselines "))
          .map((command) => [command, new RegExp(`^${command} ?`)]),
      ),
    };
    assert.deepEqual(
      Object.entries(week).flatMap(([what, pattern]) => (typed.some((one) => pattern.test(one)) ? [] : [what])),
      [],
    );
    for (const preset of readdirSync(join(packageRoot(), "configs")).filter((name) => name.startsWith("quant_sweep_")))
      assert.ok(
        typed.some((one) => one.includes(preset)),
        preset,
      );
  });

  for (const file of new Set(all.map((one) => one.file))) {
    test(`docs/${file}`, async () => {
      const cwd = join(root, file);
      cpSync(join(root, "seed"), cwd, { recursive: true, verbatimSymlinks: true });
      for (const { line, args, exit } of all.filter((one) => one.file === file)) {
        const words = args.map((word) => (word === OLLAMA ? server : word.replace(/\bRUN\b/, () => newestRecord(cwd))));
        const result = await runCli(words, { cwd });
        const said = `docs/${file}:${line} quantgate ${words.join(" ")}: exit ${result.code}\n${result.stderr}`;
        assert.doesNotMatch(result.stderr, /internal error/, said);
        if (exit === "any") assert.ok(result.code !== null && ![1, 2].includes(result.code), said);
        else assert.equal(result.code, exit, said);
      }
    });
  }
});

/** RUN stands for the run that was recorded last. */
function newestRecord(cwd: string): string {
  const lines = readFileSync(join(cwd, "baselines/audit.ndjson"), "utf8").trimEnd().split("\n");
  const recorded = lines.map((line) => JSON.parse(line)).filter(({ op }) => op === "record");
  return recorded.at(-1)?.entry.ref;
}
