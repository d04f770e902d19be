import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideRow } from "../../harness/gate/decide-row.ts";
import { GATE_PRESETS, type GatePreset, presetGates } from "../../harness/plan/gate-presets.ts";
import { rng } from "../../harness/stats/rng.ts";
import { comparison, scores } from "../fixtures/bare-comparison.ts";

const RUNS = 600;

describe("the presets", () => {
  for (const preset of Object.keys(GATE_PRESETS) as GatePreset[]) {
    it(`${preset}: identical quality and speed pass all primary gates in at least 90 % of the runs it is sized for`, () => {
      const { items, classes, blocks, discordance, logRatioSd } = GATE_PRESETS[preset].sizedFor;
      const random = rng(`preset ${preset}`);
      const gates = presetGates(preset);
      let passed = 0;
      for (let run = 0; run < RUNS; run++) {
        const byClass = Array.from({ length: classes }, () => ({ a: 0, b: 0, c: 0, d: 0 }));
        for (const table of byClass) {
          for (let item = 0; item < items / classes; item++) {
            const u = random.uniform();
            table[u < discordance / 2 ? "b" : u < discordance ? "c" : u < 0.95 ? "a" : "d"]++;
          }
        }
        const sum = (key: "a" | "b" | "c" | "d") => byClass.reduce((total, table) => total + table[key], 0);
        const given = comparison({
          overall: scores({ a: sum("a"), b: sum("b"), c: sum("c"), d: sum("d") }),
          classes: byClass.map((table, k) => ({ name: String(k), ...scores(table) })),
          latencyLogRatios: Float64Array.from({ length: blocks }, () => logRatioSd * random.normal()),
          memoryLogRatios: new Float64Array(blocks),
          bytesOnDisk: 100,
          baselineBytesOnDisk: 100,
        });
        if (decideRow(gates, given).verdict === "pass") passed++;
      }
      // The share may fall short of .9 by chance alone, but not by three standard errors.
      assert.ok(passed / RUNS > 0.9 - 3 * Math.sqrt(0.09 / RUNS), `${preset}: ${passed / RUNS}`);
    });
  }
});
