import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { baselineRow, summary } from "../fixtures/summary-builder.ts";

const text = readFileSync(join(packageRoot(), "docs/thermal.md"), "utf8");
const commands = [...text.matchAll(/^```sh\n(quantgate .*)\n```$/gm)].map(([, line = ""]) => line.split(" ").slice(1));
const output = /^```\n(thermal · .*?)```$/ms.exec(text)?.[1];

/** The runs whose table the document shows. */
const RUNS = [
  ["monday", 60, 40, 62],
  ["tuesday", 60.5, 41, 63],
  ["wednesday", 59.8, 40, 62],
  ["thursday", 144, 48, 84],
] as const;

describe("docs/thermal.md", () => {
  it("shows what its command prints for its runs", async (t) => {
    const cwd = await scratchFolder(t);
    for (const [name, wall_s, thermal_start_c, thermal_end_c] of RUNS) {
      const rest = {
        memory_total_bytes: null,
        memory_peak_bytes: null,
        energy_j: null,
        clock_hz: null,
        first_seq: 0,
        last_seq: 9,
      };
      const machine = { wall_s, thermal_start_c, thermal_end_c, thermal_peak_c: thermal_end_c, ...rest };
      const rows = [baselineRow({ machine, quant_tag: "*", cell_id: "digits/fp32@t1b1" })];
      writeFileSync(join(cwd, `${name}.json`), JSON.stringify(summary(rows)));
    }
    const done = await runCli(commands[0] ?? [], { cwd });
    assert.equal(done.code, 3, done.stderr);
    assert.equal(done.stdout, output);
  });

  it("runs its constant load as it is written, shortened", async (t) => {
    const cwd = await scratchFolder(t);
    const args = (commands[1] ?? [])
      .join(" ")
      .replace("--seconds 180", "--seconds 1.5")
      .replace("--blocks 3", "--blocks 2")
      .replace("--cool-down 300", "--cool-down 1");
    assert.match(args, /--seconds 1.5 --blocks 2 --cool-down 1 /, "the document's line is the one that was shortened");
    const done = await runCli(args.split(" "), { cwd });
    assert.ok([0, 3, 4].includes(done.code ?? -1), done.stderr);
    assert.match(done.stdout, /thermal · digits-cnn\/as-given · 2 runs/);
    assert.match(readFileSync(join(cwd, "thermal.json.svg"), "utf8"), /<\/svg>/);
  });
});
