import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { planSweep } from "../../harness/pipeline/sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { fakeOllama } from "../fixtures/language/fake-ollama.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const folder = join(packageRoot(), "configs");
const tasks: Readonly<Record<string, number>> = {
  "quant_sweep_common_sessions.json": 32,
  "quant_sweep_logic_only.json": 16,
  "quant_sweep_refactor_heavy.json": 16,
  "quant_sweep_mixed.json": 64,
};

test("the matrix presets are the four that are tested", () => {
  const presets = readdirSync(folder).filter((name) => name.startsWith("quant_sweep_"));
  assert.deepEqual(presets.sort(), Object.keys(tasks).sort());
});

for (const [name, count] of Object.entries(tasks)) {
  test(`${name} plans ${count} tasks for three quants whose tags the server resolves`, async (t) => {
    const model = (digit: string, quantization: string, size: number) => ({
      digest: digit.repeat(64),
      quantization,
      size,
    });
    const { url } = await fakeOllama(t, {
      "qwen2.5-coder:7b-instruct-q8_0": model("a", "Q8_0", 8.1e9),
      "qwen2.5-coder:7b-instruct-q6_K": model("b", "Q6_K", 6.25e9),
      "qwen2.5-coder:7b-instruct-q4_K_M": model("c", "Q4_K_M", 4.7e9),
    });
    const text = (await readFile(join(folder, name), "utf8"))
      .replace("http://127.0.0.1:11434", url)
      .replace('"task-banks/', `"${folder}/task-banks/`);
    const config = join(await scratchFolder(t), name);
    await writeFile(config, text);
    const { plan } = await planSweep({ config });
    assert.equal(plan.dataset.count, count);
    assert.deepEqual(
      plan.variants.map(({ quant_tag, role }) => [quant_tag, role]),
      [
        ["Q8_0", "baseline"],
        ["Q6_K", "candidate"],
        ["Q4_K_M", "candidate"],
      ],
    );
  });
}
