import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import type { Runtime, TrialMeasurement, TrialRequest } from "../../harness/domain/runtime-port.ts";
import { decide } from "../../harness/pipeline/decide.ts";
import { runTrials } from "../../harness/pipeline/run-trials.ts";
import { systemClock } from "../../harness/platform/clock.ts";
import { openSimulatedRuntime } from "../../harness/runtimes/simulated.ts";
import type { JournalWriter } from "../../harness/store/journal.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { BASELINE, copyRun, GOOD, StoredRun, sweepGood } from "./stored-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "quantgate-faults-"));
let swept = "";
let runs = 0;
before(async () => {
  swept = await sweepGood(scratch);
});
after(() => rmSync(scratch, { recursive: true, force: true }));

type Spoil = (measurement: TrialMeasurement, request: TrialRequest) => TrialMeasurement;

/** Sweeps the good run's plan again with a runtime whose reports of one cell's block trials are spoiled. */
async function sweepSpoiled(cell: string, spoil: Spoil): Promise<Summary> {
  const good = new StoredRun(copyRun(swept, join(scratch, `spoiled-${runs++}`)));
  const folder = await RunFolder.open(good.path, scratch);
  const labels = good.ints(good.header.labels);
  good.trials = [];
  // Kept in memory and written at the end: nothing here is killed, and a disk is slow.
  const writer: JournalWriter = {
    write: async (body) => void (body.kind === "trial" && good.trials.push(body)),
    close: async () => undefined,
  };
  const honest = openSimulatedRuntime(good.plan);
  const runtime: Runtime = {
    ...honest,
    async runTrial(request, options) {
      const measurement = await honest.runTrial(request, options);
      return request.cellId === cell && request.block >= 0 ? spoil(measurement, request) : measurement;
    },
  };
  const ready = { state: "ready", model: undefined, sessionConfig: {} } as const;
  const outcome = await runTrials(
    {
      plan: good.plan,
      runtime,
      variants: new Map(good.variants.map((line) => [line.variant_id, ready])),
      itemsPath: undefined,
      labels,
      folder,
      writer,
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
    [],
  );
  good.end = { kind: "end", state: outcome.state, reason: outcome.state === "complete" ? null : outcome.reason };
  good.seal();
  return (await decide(folder)).summary;
}

const inBlock =
  (block: number, spoil: (measurement: TrialMeasurement) => object): Spoil =>
  (measurement, request) =>
    request.block === block ? { ...measurement, ...spoil(measurement) } : measurement;

interface RuntimeFault {
  readonly name: string;
  readonly cell?: string;
  readonly spoil: Spoil;
  /** Of the failed trials' lines; absent: the trials complete. */
  readonly says?: RegExp;
}

/** A trial that cannot be true is a failed one: it counts against its variant, and the run goes on. */
const FAULTS: readonly RuntimeFault[] = [
  {
    name: "a latency is NaN",
    spoil: inBlock(3, ({ latencyS }) => ({ latencyS: latencyS.map((x, i) => (i === 5 ? Number.NaN : x)) })),
    says: /latency of NaN/,
  },
  {
    name: "a latency is infinite",
    spoil: inBlock(3, ({ latencyS }) => ({ latencyS: latencyS.map((x, i) => (i === 5 ? Infinity : x)) })),
    says: /latency of Infinity/,
  },
  {
    name: "a latency is negative, as by a clock that was set back",
    spoil: inBlock(3, ({ latencyS }) => ({ latencyS: latencyS.map((x, i) => (i === 5 ? -x : x)) })),
    says: /latency of -/,
  },
  {
    name: "latencies are in milliseconds",
    spoil: inBlock(3, ({ latencyS }) => ({ latencyS: latencyS.map((x) => x * 1000) })),
    says: /calls add up to/,
  },
  {
    name: "only three calls were timed",
    spoil: inBlock(3, ({ latencyS, host }) => {
      const kept = latencyS.slice(0, 3);
      return { latencyS: kept, host: { ...host, loopWallS: kept.reduce((sum, x) => sum + x, 0) } };
    }),
    says: /holds 3 latency samples/,
  },
  {
    name: "the weights changed while a trial ran",
    spoil: inBlock(3, () => ({ modelSha256Before: "a".repeat(64), modelSha256After: "b".repeat(64) })),
    says: /weights changed while the trial ran/,
  },
  {
    name: "the load time is infinite",
    spoil: inBlock(3, () => ({ loadS: Infinity })),
    says: /reports Infinity as its load time/,
  },
  {
    name: "the memory reading is NaN",
    spoil: inBlock(3, ({ memory }) => ({ memory: { ...memory, peakRssBytes: Number.NaN } })),
    says: /reports NaN as its peak memory/,
  },
  {
    name: "the throughput is 0",
    spoil: inBlock(3, ({ throughput }) => ({ throughput: { ...throughput, itemsPerSecond: 0 } })),
    says: /reports 0 as its throughput/,
  },
  {
    name: "a load average is NaN",
    spoil: inBlock(3, ({ host }) => ({ host: { ...host, load1: Number.NaN } })),
    says: /reports NaN as its load/,
  },
  {
    name: "outputs are of half of the items",
    spoil: inBlock(0, ({ allOutputs }) => ({ allOutputs: allOutputs?.slice(0, allOutputs.length / 2) })),
    says: /outputs for 1500 items/,
  },
  {
    name: "all items were not evaluated where they were to be",
    spoil: inBlock(0, () => ({ allOutputs: undefined })),
    says: /scored 200 and timed 1500 of 1500 items/,
  },
  {
    name: "every output is NaN",
    spoil: (measurement) => ({
      ...measurement,
      subsetOutputs: measurement.subsetOutputs.map(() => Number.NaN),
      allOutputs: measurement.allOutputs?.map(() => Number.NaN),
    }),
  },
  {
    name: "every output is the same",
    spoil: (measurement) => ({
      ...measurement,
      subsetOutputs: measurement.subsetOutputs.map(() => 0.5),
      allOutputs: measurement.allOutputs?.map(() => 0.5),
    }),
  },
  {
    name: "the baseline's outputs are NaN in a block",
    cell: BASELINE,
    spoil: inBlock(2, ({ subsetOutputs }) => ({ subsetOutputs: subsetOutputs.map(() => Number.NaN) })),
  },
  {
    name: "the runtime crashes in every trial",
    spoil: () => {
      throw new Error("The library went down.");
    },
    says: /The library went down/,
  },
];

describe("a fault of the runtime never ends in a pass", () => {
  it("an honest runtime passes", async () => {
    const { suite } = await sweepSpoiled(GOOD, (measurement) => measurement);
    assert.deepEqual([suite.verdict, suite.exit_code], ["pass", 0]);
  });

  for (const { name, cell = GOOD, spoil, says } of FAULTS) {
    it(`${name}: fail`, async () => {
      const { suite, rows } = await sweepSpoiled(cell, spoil);
      assert.equal(suite.verdict, "fail", suite.reasons.join("; "));
      assert.equal(suite.exit_code, 3);
      const failed = new StoredRun(join(scratch, `spoiled-${runs - 1}`)).of(cell).filter((line) => line.failure);
      assert.equal(rows.find((row) => row.cell_id === cell)?.trials.failed, failed.length);
      if (says === undefined) assert.equal(failed.length, 0);
      else assert.match(failed[0]?.failure?.message ?? "no trial failed", says);
    });
  }
});
