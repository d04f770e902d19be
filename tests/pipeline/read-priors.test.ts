import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readPriors } from "../../harness/pipeline/read-priors.ts";
import { planSweep, sweep } from "../../harness/pipeline/sweep.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

test("the second plan of a matrix rests on the spreads of its first run, and its digest does not", async (t) => {
  const folder = await scratchFolder(t);
  const config = join(folder, "config.json");
  const variant = (id: string, more: object = {}) => ({
    id,
    kind: "simulated",
    accuracy: 0.95,
    latency_cv: 0.2,
    ...more,
  });
  await writeFile(
    config,
    JSON.stringify({
      schema_version: "quantgate.config.v1",
      name: "priors",
      models: [{ id: "sim" }],
      runtime: { kind: "simulated" },
      dataset: { kind: "simulated", items: 3000, classes: 3 },
      quants: [
        variant("fp32"),
        variant("good", { discordance: 0.012 }),
        variant("broken", { accuracy: 0.5, discordance: 0.5 }),
      ],
      runs_per_quant: 6,
    }),
  );
  const options = { config, cwd: folder, outDir: "out", env: {} };
  const first = (await planSweep(options)).plan;
  assert.equal(first.power?.discordance, 0.02);
  await sweep(options);
  const second = (await planSweep(options)).plan;
  assert.ok(Math.abs((second.power?.discordance as number) - 0.012) < 0.006, `${second.power?.discordance}`);
  assert.match(second.power?.basis ?? "", /discordance as in the last run, spread of times as in the last run/);
  assert.equal(second.plan_digest, first.plan_digest);
  assert.ok(
    Math.abs(((await readPriors(join(folder, "out"), "priors"))?.power.baselineAccuracy as number) - 0.95) < 0.02,
  );
  assert.equal(await readPriors(join(folder, "out"), "another"), undefined);
});
