import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import { compareWithBaseline, recordBaseline } from "../../harness/pipeline/baselines.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-story-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const outDir = join(folder, "results");
const storageRoot = join(folder, "baselines");
const NIGHTS = 40;
const OLD_RUNNER = "0".repeat(16);
const NEW_RUNNER = "1".repeat(16);

/** What is true of each night; what was broken is mended two nights later. */
function night(i: number) {
  const isSlow = i === 25 || i === 26;
  const isLossy = i === 35 || i === 36;
  return {
    runner: i < 30 ? OLD_RUNNER : NEW_RUNNER,
    quants: [
      simulatedQuant("fp32", { bytes: 4_000_000 }),
      simulatedQuant("int8", { role: "required", latency_ms: isSlow ? 6.18 : 6 }),
      simulatedQuant("int4", {
        role: "required",
        latency_ms: 5,
        bytes: 500_000,
        accuracy: isLossy ? 0.94 : 0.96,
        discordance: isLossy ? 0.02 : 0.002,
      }),
    ],
  };
}

/** The gates of a nightly: 1 % of time against the recorded run, 1 point of accuracy. */
const GATES = [
  { id: "latency_ratio", margin: 0.01 },
  { id: "worst_class_drop", enabled: false },
];

/** Red cells of one night with the gates that failed, or the code of the mismatch. */
async function judgeNight(i: number): Promise<string[]> {
  const { runner, quants } = night(i);
  const { runId, summary } = await simulatedRun(folder, quants, { seed: 1000 + i, gates: GATES });
  const own = summary.rows.flatMap((row) =>
    row.gates
      .filter((gate) => gate.tier === "primary" && gate.verdict === "fail")
      .map((gate) => `${row.quant_tag} ${gate.gate_id}`),
  );
  const identity = { run: runId, outDir, storageRoot, hardwareFingerprint: runner };
  if (i === 0) {
    await recordBaseline(identity);
    return own;
  }
  try {
    const { comparison } = await compareWithBaseline(identity);
    const against = comparison.rows.flatMap((row) =>
      row.checks
        .filter((check) => check.tier === "primary" && check.verdict === "fail")
        .map((check) => `${row.cell_id.split("/")[1]} ${check.gate_id}`),
    );
    return [...new Set([...own, ...against])];
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    // The new runner's first passing night is approved for it.
    await recordBaseline(identity);
    return [...own, error.code];
  }
}

test("of forty nights with noise exactly those go red on which something broke, with the right reason", async () => {
  const red: Record<number, string[]> = {};
  for (let i = 0; i < NIGHTS; i++) {
    const reasons = await judgeNight(i);
    if (reasons.length > 0) red[i] = reasons;
  }
  assert.deepEqual(red, {
    25: ["int8 latency_ratio"],
    26: ["int8 latency_ratio"],
    30: ["BASELINE_HW_MISMATCH"],
    35: ["int4 accuracy_drop"],
    36: ["int4 accuracy_drop"],
  });
});
