import assert from "node:assert/strict";
import { test } from "node:test";
import { coolDownState } from "../../harness/explore/cool-down.ts";
import { buildThermalStability } from "../../harness/explore/thermal.ts";
import { THERMAL_DEFAULTS, type ThermalRun } from "../../harness/explore/thermal-runs.ts";
import { analyzeThermalTrace } from "../../harness/explore/thermal-trace.ts";
import { validator } from "../../harness/platform/schema.ts";

const labels = {
  generated_at: "2026-01-02T03:04:05.000Z",
  hardware_fingerprint: "0123456789abcdef",
  execution_lane: "lab",
  vram_profile: "safe",
  model_id: "m:7b",
  quant_tag: "Q4_0",
  provenance: {
    commit_sha: null,
    config_digest: "0".repeat(64),
    plan_digest: "1".repeat(64),
    tool_versions: {},
    ref: null,
  },
} as const;

type Row = readonly [startC: number | undefined, endC: number | undefined, totalLatencyS: number | undefined];

function build(rows: readonly Row[], extra: Partial<ThermalRun> = {}) {
  const runs = rows.map(([startC, endC, totalLatencyS], i) => {
    return { summaryPath: `run${i}.json`, startC, endC, totalLatencyS, ...extra };
  });
  const artifact = buildThermalStability(runs, { labels, thresholds: THERMAL_DEFAULTS });
  validator.validate("thermal_stability.v1", artifact, { what: "the artifact", code: "STORE_SCHEMA" });
  return artifact;
}

test("cool runs of equal length are stable", () => {
  const artifact = build([
    [40, 60, 10],
    [41, 61, 10.1],
    [40, 60, 9.9],
    [40.5, 61, 10],
  ]);
  assert.equal(artifact.verdict, "stable");
  assert.equal(artifact.heat_soak_detected, false);
  assert.equal(artifact.polluted_run_rate, 0);
  assert.equal(artifact.cooldown_failure_rate, 0);
  assert.equal(artifact.points[1]?.thermal_delta_c, 20);
  assert.deepEqual(
    artifact.points.flatMap(({ reasons }) => reasons),
    [],
  );
});

test("starts that climb from run to run are heat soak, and jitter in starts is none", () => {
  const climbing = build([40, 42, 44, 46, 48, 50].map((start) => [start, start + 20, 10] as const));
  assert.equal(climbing.heat_soak_detected, true);
  assert.match(climbing.recommendation, /soaks up heat/);
  // Four rises in a row of a tenth of a degree each are four, and nothing.
  const jitter = build([40, 40.1, 40.2, 40.3, 40.4].map((start) => [start, 60, 10] as const));
  assert.equal(jitter.heat_soak_detected, false);
  assert.equal(jitter.verdict, "stable");
  const saw = build([40, 45, 40, 45, 40, 45].map((start) => [start, 60, 10] as const));
  assert.equal(saw.heat_soak_detected, false);
});

test("three rises in a row that matter are heat soak though there are too few runs for an interval", () => {
  const artifact = build([
    [40, 60, 10],
    [43, 62, 10],
    [46, 65, 10],
    [49, 66, 10],
  ]);
  assert.equal(artifact.heat_soak_detected, true);
  assert.equal(artifact.estimates?.start_temperature_slope.low, null);
  assert.equal(artifact.estimates?.start_temperature_slope.reason, "too-few");
});

test("a run 2.4 times as long at temperature is not called stable", () => {
  const artifact = build([
    [40, 70, 10],
    [45, 84, 24],
  ]);
  assert.equal(artifact.verdict, "unstable");
  assert.deepEqual(artifact.points[1]?.reasons, ["SLOWER_THAN_COOLEST"]);
  assert.doesNotMatch(artifact.recommendation, /thermally stable/);
});

test("a run that ends too hot is polluted, and one that starts too hot was not cooled down", () => {
  const artifact = build([
    [40, 60, 10],
    [55, 85, 10],
  ]);
  assert.equal(artifact.polluted_run_rate, 0.5);
  assert.equal(artifact.cooldown_failure_rate, 0.5);
  assert.deepEqual(artifact.points[1]?.reasons, ["COOLDOWN_INSUFFICIENT", "THERMAL_THRESHOLD_EXCEEDED"]);
  assert.equal(artifact.estimates?.polluted_run_rate?.n, 2);
  assert.equal(artifact.verdict, "unstable");
});

test("temperatures that are missing are null with a reason, never a cool start, and nothing is called stable", () => {
  const artifact = build([
    [undefined, undefined, 10],
    [undefined, undefined, 10],
  ]);
  assert.equal(artifact.verdict, "inconclusive");
  assert.equal(artifact.cooldown_failure_rate, 1);
  assert.equal(artifact.points[0]?.thermal_delta_c, null);
  assert.deepEqual(artifact.points[0]?.reasons, ["THERMAL_END_MISSING", "THERMAL_START_MISSING"]);
  assert.equal(artifact.heat_soak_detected, false);
});

test("no run, and one run alone, decide nothing", () => {
  const none = build([]);
  assert.equal(none.polluted_run_rate, null);
  assert.equal(none.verdict, "inconclusive");
  assert.equal(build([[40, 60, 10]]).verdict, "inconclusive");
});

test("what the summary calls polluted is polluted", () => {
  const artifact = build([[40, 60, 10]], { polluted: true });
  assert.deepEqual(artifact.points[0]?.reasons, ["POLLUTED_IN_SUMMARY"]);
  assert.equal(artifact.points[0].polluted, true);
});

test("a run under constant load that was throttled makes the machine unstable", () => {
  const samples = Array.from({ length: 1200 }, (_, i) => ({
    atS: i / 2,
    rate: i < 400 ? 100 + (i % 3) : 60 + (i % 3),
    temperatureC: i < 400 ? 60 : 95,
    throttled: i >= 400,
  }));
  const artifact = build([[40, 60, 10]], { trace: analyzeThermalTrace(samples) });
  assert.equal(artifact.points[0]?.trace?.verdict, "throttled");
  assert.equal(artifact.points[0].polluted, true);
  assert.equal(artifact.verdict, "unstable");
  assert.match(artifact.recommendation, /sustained rate/);
});

test("a cool-down ends near idle, at the target, when nothing changes any more, or at the cap", () => {
  const falling = (from: number, perS: number, seconds: number) =>
    Array.from({ length: seconds + 1 }, (_, atS) => ({ atS, temperatureC: from - perS * atS }));
  assert.equal(coolDownState(falling(80, 0.5, 30), 30, { idleC: 40 }), "cooling");
  assert.equal(coolDownState(falling(80, 0.5, 77), 77, { idleC: 40 }), "cooled");
  assert.equal(coolDownState(falling(80, 0.5, 61), 61, { targetC: 50 }), "cooled");
  assert.equal(coolDownState(falling(60, 0.05, 25), 25, { idleC: 40 }), "settled");
  // Too soon to know that it stands still.
  assert.equal(coolDownState(falling(60, 0.05, 5), 5, { idleC: 40 }), "cooling");
  assert.equal(coolDownState(falling(400, 0.5, 300), 300, { idleC: 40 }), "gave-up");
  assert.equal(coolDownState([], 10, { idleC: 40 }), "cooling");
  assert.equal(coolDownState([], 300, { idleC: 40 }), "unknown");
});
