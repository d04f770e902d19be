import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findBaseline, recordBaseline } from "../../harness/pipeline/baselines.ts";
import { analyzeHistory, recordHistory } from "../../harness/pipeline/history.ts";
import { judgeRun } from "../../harness/pipeline/judge-run.ts";
import { simulatedQuant, simulatedRun } from "../fixtures/simulated-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "quantgate-story-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const OLD_RUNNER = "0".repeat(16);
const NEW_RUNNER = "1".repeat(16);

/** The gates of a nightly: 1 % of time, 1 point of accuracy. */
const GATES = [
  { id: "latency_ratio", margin: 0.01 },
  { id: "worst_class_drop", enabled: false },
];

interface Night {
  readonly runner: string;
  readonly int8Ms: number;
  readonly int4Accuracy: number;
}

/** A place where nights are run, judged against the newest baseline and the history, and recorded in the history. */
function nightly(name: string) {
  const folder = join(scratch, name);
  const where = { outDir: join(folder, "results"), storageRoot: join(folder, "baselines") };
  const historyDir = join(folder, "history");
  return {
    historyDir,
    storageRoot: where.storageRoot,
    async run(i: number, { runner, int8Ms, int4Accuracy }: Night) {
      const quants = [
        simulatedQuant("fp32", { bytes: 4_000_000, latency_cv: 0.005 }),
        simulatedQuant("int8", { role: "required", latency_ms: int8Ms, latency_cv: 0.005 }),
        simulatedQuant("int4", {
          role: "required",
          latency_ms: 5,
          latency_cv: 0.005,
          bytes: 500_000,
          accuracy: int4Accuracy,
          discordance: int4Accuracy < 0.96 ? 0.02 : 0.002,
        }),
      ];
      const { runId } = await simulatedRun(folder, quants, {
        seed: 1000 + i,
        gates: GATES,
        // The nights measure the same models: only their noise and order differ.
        dataset: { kind: "simulated", items: 2000, classes: 4, seed: 1 },
      });
      const identity = { ...where, run: runId, hardwareFingerprint: runner };
      const judged = await judgeRun({ ...identity, baselineRef: "latest", historyDir });
      await recordHistory({ ...identity, root: historyDir });
      const red = judged.report.lines
        .filter((line) => line.scope !== "suite" && line.decides && line.verdict !== "pass")
        .map((line) => [line.scope, line.cell, line.gate].filter((word) => word !== null).join(" "));
      return { ...judged, runId, red, record: () => recordBaseline(identity) };
    },
    async pin(ref: string) {
      const { store, entry } = await findBaseline({ ...where, baselineRef: ref });
      await store.setPinned(entry, true, "the story's anchor");
    },
  };
}

test("of forty nights with noise exactly those go red on which something is broken, with the right reasons", async () => {
  const place = nightly("forty");
  const red: Record<number, { exit: number; why: string[] }> = {};
  for (let i = 0; i < 40; i++) {
    const night = await place.run(i, {
      runner: i < 30 ? OLD_RUNNER : NEW_RUNNER,
      int8Ms: i < 25 ? 6 : 6.18,
      int4Accuracy: i < 35 ? 0.96 : 0.94,
    });
    if (night.exitCode !== 0) red[i] = { exit: night.exitCode, why: night.red };
    // A person approves the first night, and the first of a new runner after reading why it is red. Nothing else moves a baseline.
    if (i === 0 || i === 30) {
      await night.record();
      await place.pin(night.runId);
    }
  }
  const slow = { exit: 3, why: ["baseline sim/int8 latency_ratio"] };
  const lossy = { exit: 3, why: ["session sim/int4 accuracy_drop", "baseline sim/int4 accuracy_drop"] };
  const unknown = { exit: 6, why: ["baseline resolve"] };
  assert.deepEqual(red, {
    0: unknown,
    25: slow,
    26: slow,
    27: slow,
    28: slow,
    // Five of the newest six are slow by now, so the history says it too.
    29: { exit: 3, why: [...slow.why, "history sim/int8 drift latency.ratio"] },
    30: unknown,
    35: lossy,
    36: lossy,
    37: lossy,
    38: lossy,
    39: { exit: 3, why: [...lossy.why, "history sim/int4 drift quality.error"] },
  });

  const { series } = await analyzeHistory({ root: place.historyDir, storageRoot: place.storageRoot });
  const changed = series.flatMap((one) =>
    one.changes.map(({ index, direction }) => [one.hard, one.cell_id, one.metric, index, direction]),
  );
  assert.deepEqual(changed, [[OLD_RUNNER, "sim/int8", "latency.ratio", 25, "worse"]]);
});

test("creep of .4 % a night passes against each night before, and is caught against the pinned one", async () => {
  const place = nightly("creep");
  const red: Record<number, string[]> = {};
  for (let i = 0; i < 12; i++) {
    const night = await place.run(i, { runner: OLD_RUNNER, int8Ms: 6 * 1.004 ** i, int4Accuracy: 0.96 });
    if (i === 0) {
      await night.record();
      await place.pin(night.runId);
      continue;
    }
    if (night.exitCode !== 0) red[i] = night.red;
    // A careless nightly that takes whatever the night before let pass as its next baseline.
    if (night.baseline?.comparison.verdict === "pass") await night.record();
  }
  const drift = ["history sim/int8 drift latency.ratio"];
  // On night 7 the newest six are .8 to 2.8 % slower: 1.8 % in the middle, and all but one beyond the margin of 1 %.
  assert.deepEqual(red, { 7: drift, 8: drift, 9: drift, 10: drift, 11: drift });
});
