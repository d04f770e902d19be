import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { assertGolden } from "../fixtures/golden.ts";

const here = { cwd: tmpdir() };
const overview = await runCli(["--help"], here);
const commands = [...overview.stdout.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)]
  .map((found) => found[1] as string)
  .filter((name) => name !== "help");

describe("help", () => {
  it("lists the commands and the exit codes, on stdout, with exit code 0", () => {
    assert.deepEqual([overview.code, overview.stderr], [0, ""]);
    assert.ok(commands.includes("sweep") && commands.includes("gate") && commands.length >= 8, commands.join(" "));
    assertGolden("cli/help.txt", overview.stdout);
  });

  for (const command of commands) {
    it(`describes ${command} with an example of its own`, async () => {
      const { code, stdout, stderr } = await runCli([command, "--help"], here);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, new RegExp(`\\nExample:\\n {2}\\$ quantgate ${command} \\S`));
      assertGolden(`cli/help-${command}.txt`, stdout);
    });
  }

  it("help COMMAND is COMMAND --help", async () => {
    const [word, flag] = await Promise.all([runCli(["help", "gate"], here), runCli(["gate", "--help"], here)]);
    assert.deepEqual(word, flag);
  });

  it("the version is package.json's, alone on stdout", async () => {
    const { code, stdout } = await runCli(["--version"], here);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe("a command line that cannot be used", () => {
  const cases: readonly [title: string, args: readonly string[], says: RegExp, hint: RegExp][] = [
    ["no command", [], /No command was given/, /--help/],
    ["a command with a typo", ["swep"], /Unknown command 'swep'/, /Did you mean sweep\?/],
    ["a command that is like none", ["zzzzzz"], /Unknown command 'zzzzzz'/, /--help/],
    ["a flag with a typo", ["sweep", "--run", "3"], /Unknown option '--run'/, /Did you mean --runs\?/],
    ["a flag of another command", ["check", "--resume", "x"], /Unknown option '--resume'/, /--help/],
    ["a flag without its value", ["sweep", "--seed"], /'--seed <n>' argument missing/, /--help/],
    ["a value that is no number", ["sweep", "--runs", "many"], /'many' is invalid\. Must be a whole number/, /--help/],
    ["zero runs", ["sweep", "--runs", "0"], /at least 1/, /--help/],
    ["an unknown lane", ["sweep", "--execution-lane", "prod"], /Allowed choices are ci, lab/, /--help/],
    ["a required flag that is absent", ["gate"], /'--run <run>' not specified/, /--help/],
    ["an argument that is absent", ["inspect"], /Missing required argument 'model'/, /--help/],
    ["an argument too many", ["sweep", "a.json", "b.json"], /Too many arguments/, /--help/],
    ["nothing to check", ["check"], /Nothing to check/, /quantgate check results\/latest/],
    ["two configs", ["sweep", "a.json", "--matrix-config", "b.json"], /Two configs are given/, /one of them/],
  ];
  for (const [title, args, says, hint] of cases) {
    it(`exits 2 with a hint: ${title}`, async () => {
      assertRefused(await runCli(args, here), { exitCode: 2, code: "CONFIG_USAGE", says, hint });
    });
  }
});
