import assert from "node:assert/strict";
import { test } from "node:test";
import { type StoredSample, summarizeWindow } from "../../harness/telemetry/summarize-window.ts";

const S = 1_000_000_000n;

/** A CPU at `at` seconds with a counter of busy time and a load. */
function sample(at: number, busy: number | null, load: number | null = null): StoredSample {
  const missing = {
    ...(busy === null ? { cpu_busy_s: "no-permission" as const } : {}),
    ...(load === null ? { load_1m: "not-available" as const } : {}),
  };
  const readings = { cpu_busy_s: busy, load_1m: load };
  const device = { id: "cpu", kind: "cpu" as const, uuid: null, name: null, readings, missing, clock_reasons: null };
  return { atNs: BigInt(Math.round(at * 1e9)), devices: [device] };
}

function summarize(samples: readonly StoredSample[], startS: bigint, endS: bigint) {
  const [device] = summarizeWindow(samples, { startNs: startS * S, endNs: endS * S });
  assert.ok(device);
  return device;
}

test("a counter is cut at the window's ends between its samples", () => {
  const samples = [0.5, 1.5, 2.5, 3.5].map((at) => sample(at, 10 * at));
  const { readings, samples: n } = summarize(samples, 1n, 3n);
  assert.equal(n, 2);
  assert.deepEqual(readings.cpu_busy_s, { kind: "counter", n: 2, change: 20, coveredS: 2 });
});

test("a counter without a sample before the window covers only what it saw", () => {
  const { readings } = summarize([sample(2, 5), sample(3, 9)], 1n, 4n);
  assert.deepEqual(readings.cpu_busy_s, { kind: "counter", n: 2, change: 4, coveredS: 1 });
});

test("a counter is not drawn across a long silence", () => {
  const { readings } = summarize([sample(1, 0), sample(9, 80)], 4n, 6n);
  assert.deepEqual(readings.cpu_busy_s, { kind: "absent", reason: "no-sample" });
});

test("a counter that fell is absent, with that reason", () => {
  const { readings } = summarize([sample(1, 50), sample(2, 60), sample(3, 1), sample(4, 2)], 1n, 4n);
  assert.deepEqual(readings.cpu_busy_s, { kind: "absent", reason: "counter-reset" });
});

test("samples outside do not enter a gauge, gaps are counted, and zero is a value", () => {
  const samples = [sample(0.9, 0, 100), sample(1, 0, 0), sample(1.5, 0, null), sample(2, 0, 4), sample(2.1, 0, 100)];
  const { readings } = summarize(samples, 1n, 2n);
  assert.deepEqual(readings.load_1m, { kind: "gauge", n: 2, gaps: 1, first: 0, last: 4, least: 0, peak: 4, mean: 2 });
});

test("a reading that was never there keeps its reason, and a window without samples says so", () => {
  const samples = [sample(1, null), sample(2, null)];
  assert.deepEqual(summarize(samples, 1n, 2n).readings.cpu_busy_s, { kind: "absent", reason: "no-permission" });
  const beside = summarize(samples, 3n, 4n);
  assert.equal(beside.samples, 0);
  assert.deepEqual(beside.readings.load_1m, { kind: "absent", reason: "no-sample" });
});
