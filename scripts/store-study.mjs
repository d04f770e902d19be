// Torments a baseline store and proves from its audit log that nothing was lost; writes docs/studies/baseline-store.json.
// Needs dist/. `node scripts/store-study.mjs [--processes 16] [--seconds 60] [--kills 50] [--out FILE]`, some five minutes.

import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";

const { crowd, killed } = await import("../dist/tests/fixtures/store-torture.js");

const { values } = parseArgs({
  options: {
    processes: { type: "string", default: "16" },
    seconds: { type: "string", default: "60" },
    kills: { type: "string", default: "50" },
    out: { type: "string", default: new URL("../docs/studies/baseline-store.json", import.meta.url).pathname },
  },
});

const loadBefore = loadavg()[0];
const crowdResult = await crowd({ processes: Number(values.processes), limit: `${values.seconds}s` });
console.log("crowd", JSON.stringify(crowdResult));
const killResult = await killed({ kills: Number(values.kills), processes: 2 });
console.log("killed", JSON.stringify(killResult));
const result = {
  made_by: "scripts/store-study.mjs",
  node: process.version,
  cores: cpus().length,
  load_before: loadBefore,
  crowd: crowdResult,
  killed: killResult,
};
writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
