import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ContextCeiling } from "../../harness/domain/generated/context-ceiling-v1.ts";
import { CONTEXT_PROFILES } from "../../harness/explore/context-ceiling.ts";
import { checkFile } from "../../harness/pipeline/check-file.ts";
import { contextThresholds } from "../../harness/pipeline/context-ceiling.ts";
import { sweepContexts } from "../../harness/pipeline/context-sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { fakeLanguageModel } from "../fixtures/fake-language-model.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const doc = (name: string) => readFileSync(join(packageRoot(), "docs", name), "utf8");
/** Fenced blocks of a language, one after the other: a closing fence looks like the opening one of a block without. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , block]) => block as string);

describe("docs/task-banks.md", () => {
  it("the bank in it is one, and check says what the document says", async (t) => {
    const cwd = await scratchFolder(t);
    const [bank = ""] = blocks(doc("task-banks.md"), "json");
    await writeFile(join(cwd, "my-bank.json"), bank);
    const { code, stdout } = await runCli(["check", "my-bank.json"], { cwd });
    const [shown = ""] = blocks(doc("task-banks.md"), "").filter((block) => block.startsWith("$ quantgate check"));
    assert.deepEqual([code, stdout], [0, shown.split("\n").slice(1).join("\n")]);
  });

  it("names every kind of check, and no other", () => {
    const schema = JSON.parse(readFileSync(join(packageRoot(), "schemas/task_bank.v1.schema.json"), "utf8")) as {
      $defs: { check: { oneOf: { $ref: string }[] } };
    };
    const kinds = schema.$defs.check.oneOf.map(({ $ref }) => $ref.replace("#/$defs/", ""));
    const section = doc("task-banks.md").split("## Checks")[1]?.split("\n## ")[0] ?? "";
    assert.deepEqual(
      [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind),
      kinds,
    );
  });
});

describe("docs/context-ceiling.md", () => {
  const text = doc("context-ceiling.md");

  async function swept(t: TestContext): Promise<string> {
    const cwd = await scratchFolder(t);
    await sweepContexts({
      runtime: fakeLanguageModel({ forgetsFrom: 1500, forgetsBefore: 0.6 }),
      model: { name: "my-model" },
      modelId: "my-model",
      quantTag: "Q8_0",
      contexts: [512, 1024, 2048, 4096],
      thresholds: contextThresholds("safe"),
      lane: "lab",
      profile: "safe",
      summaryTemplate: "results/context_{context}.json",
      cwd,
    });
    return cwd;
  }

  it("the ceiling in it is what its command prints for a model that forgets", async (t) => {
    const cwd = await swept(t);
    const [commands = ""] = blocks(text, "");
    const command = commands.split("\n").find((line) => line.startsWith("quantgate context ceiling")) ?? "";
    const { code, stdout } = await runCli(command.split(" ").slice(1), { cwd, env: { COLUMNS: "160" } });
    assert.equal(code, 0);
    const [shown] = blocks(text, "text");
    assert.equal(stdout.replace(/\nMemory of keys and values: .*\n$/, "\n"), shown);
    const artifact = JSON.parse(await readFile(join(cwd, "results/context_ceiling.json"), "utf8")) as ContextCeiling;
    assert.equal(artifact.safe_context_ceiling, 1024);
  });

  it("every flag of its commands is one", async (t) => {
    const cwd = await scratchFolder(t);
    const [commands = ""] = blocks(text, "");
    for (const line of commands.split("\n").filter((one) => one.startsWith("quantgate context sweep"))) {
      const { stderr } = await runCli([...line.split(" ").slice(1), "--url", "http://127.0.0.1:9"], { cwd });
      assert.doesNotMatch(stderr, /CONFIG_USAGE/, line);
    }
  });

  it("the profiles in it are the code's", () => {
    for (const [name, { contexts, adherenceMin, ttftCeilingMs, decodeFloorTps }] of Object.entries(CONTEXT_PROFILES)) {
      const lengths = contexts.map((one) => one.toLocaleString("en-US")).join(" · ");
      const row = `| \`${name}\` | ${lengths} | ${adherenceMin.toFixed(2)} | ${ttftCeilingMs} ms | ${decodeFloorTps} |`;
      assert.ok(text.includes(row), row);
    }
  });
});

describe("docs/language-real.md", () => {
  const folder = join(packageRoot(), "docs/language");

  it("its tables are those of the artifacts that were kept", () => {
    execFileSync(process.execPath, [join(packageRoot(), "scripts/language-page.mjs"), "--check"], { stdio: "pipe" });
  });

  it("the artifacts are valid, and name no path of the machine that made them", async () => {
    const names = readdirSync(folder);
    assert.ok(names.includes("summary.json") && names.includes("refusal.json"));
    for (const name of names) {
      const text = readFileSync(join(folder, name), "utf8");
      assert.doesNotMatch(text, /"(?:\/(?:tmp|home|work|root|Users)\/|[A-Z]:\\)/, name);
      if (/"schema_version"/.test(text)) await checkFile(join(folder, name));
    }
  });
});
