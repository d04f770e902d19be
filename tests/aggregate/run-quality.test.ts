import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runMarks } from "../../harness/aggregate/run-marks.ts";
import { foreignShare, isPolluting, type QualityContext, trialMarks } from "../../harness/aggregate/run-quality.ts";
import { RUN_QUALITY_REASONS } from "../../harness/domain/codes.ts";
import type { DeviceWindowDoc, TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { DEFAULTS } from "../../harness/plan/defaults.ts";
import { counterDoc, deviceWindow, gaugeDoc, watchedBy } from "../fixtures/device-window.ts";
import { handPlan, type Measured, trialLine } from "../fixtures/hand-run.ts";

const plan = handPlan({}, { sidecarProfile: "nvidia" });
const real = { ...plan, simulated: false };
const [planned] = plan.trials;
assert.ok(planned);
const context: QualityContext = { plan, cell: { threads: 1 }, seed: 7, watchesGpu: true };

/** Two cores for two seconds: the trial's process used half a second of them, and nobody else did much. */
const quiet: Measured["host"] = {
  loop_cpu_s: 0.97,
  loop_wall_s: 1,
  involuntary_switches: 3,
  steal_s: 0.01,
  cpu_pressure_s: 0.2,
  load1: 9,
  wall_s: 2,
  system_clock_s: 2,
  cpu_busy_s: 1.7,
  own_cpu_s: 1.5,
  harness_cpu_s: 0.1,
  cpus: 2,
};

function trial(
  host: Partial<Measured["host"]> = {},
  devices: readonly DeviceWindowDoc[] = [],
  more: Partial<Measured> = {},
): TrialLine {
  assert.ok(planned);
  const line = trialLine(plan, planned, { measured: { host: { ...quiet, ...host }, ...more } });
  return { ...line, telemetry: watchedBy(devices.length === 0 ? [deviceWindow("cpu")] : devices) };
}

const reasons = (line: TrialLine, by: QualityContext = context): string[] =>
  trialMarks(line, by).map(({ reason }) => reason);

describe("run quality of a trial", () => {
  it("has nothing against a trial on a quiet machine, whatever the load of the minutes before", () => {
    assert.deepEqual(trialMarks(trial(), context), []);
  });

  it("subtracts the trial's and the harness's own use before it calls a processor saturated", () => {
    assert.ok(Math.abs((foreignShare(quiet) ?? 1) - 0.025) < 1e-9);
    // Both cores busy for the whole two seconds, by ourselves.
    assert.deepEqual(reasons(trial({ cpu_busy_s: 4, own_cpu_s: 3.5, harness_cpu_s: 0.3 })), []);
    const burnt = trialMarks(trial({ cpu_busy_s: 4, own_cpu_s: 1.2 }), context);
    assert.deepEqual(
      burnt.map(({ reason }) => reason),
      ["HIGH_CPU_SATURATION"],
    );
    assert.match(burnt[0]?.detail ?? "", /68 %/);
  });

  it("counts foreign tasks that were ready to run, not the trial's own threads and the probe", () => {
    const cpu = (mean: number) => [deviceWindow("cpu", { processes_running: gaugeDoc(mean) })];
    assert.deepEqual(reasons(trial({}, cpu(2))), []);
    assert.deepEqual(reasons(trial({}, cpu(4))), ["HIGH_SYSTEM_LOAD"]);
    assert.deepEqual(reasons(trial({}, cpu(4)), { ...context, cell: { threads: 2 } }), [], "a thread of our own");
  });

  it("tells each disturbance by its own reason", () => {
    const gpu = (readings: DeviceWindowDoc["readings"]) => [deviceWindow("gpu", readings)];
    const cpu = (readings: DeviceWindowDoc["readings"]) => [deviceWindow("cpu", readings)];
    const cases: [string[], TrialLine][] = [
      [["CPU_STARVED"], trial({ loop_cpu_s: 0.1 })],
      [["HYPERVISOR_STEAL"], trial({ steal_s: 1.1 })],
      [["HIGH_ORCHESTRATION_OVERHEAD"], trial({ harness_cpu_s: 0.6 })],
      [["THERMAL_THROTTLE"], trial({}, gpu({ throttle_thermal: gaugeDoc(0.2) }))],
      [["THERMAL_THROTTLE"], trial({}, gpu({ throttle_thermal_s: counterDoc(0.5) }))],
      [["THERMAL_THROTTLE"], trial({}, cpu({ throttle_events: counterDoc(3) }))],
      [[], trial({}, gpu({ throttle_thermal: gaugeDoc(0), throttle_thermal_s: counterDoc(0.001) }))],
      [["HIGH_TEMPERATURE"], trial({}, cpu({ temperature_cpu_c: gaugeDoc(95) }))],
      [[], trial({}, cpu({ temperature_cpu_c: gaugeDoc(94) }))],
      [["FOREIGN_GPU_LOAD"], trial({}, gpu({ foreign_memory_bytes: gaugeDoc(2 ** 31) }))],
      [["GPU_FAULT"], trial({}, gpu({ xid_events: counterDoc(1) }))],
      [["MEMORY_PRESSURE"], trial({}, cpu({ pressure_memory_s: counterDoc(0.5) }))],
      [
        ["MEMORY_PRESSURE"],
        trial({}, cpu({ memory_available_bytes: gaugeDoc(10), memory_total_bytes: gaugeDoc(1000) })),
      ],
    ];
    for (const [expected, line] of cases) assert.deepEqual(reasons(line), expected);
  });

  it("lets a limit at its end accuse nobody, and a zero limit accuse everybody", () => {
    const with_ = (more: object): QualityContext => ({
      ...context,
      plan: { ...plan, run_quality: { ...DEFAULTS.run_quality, ...more } },
    });
    const busy = trial({ cpu_busy_s: 4, own_cpu_s: 0, harness_cpu_s: 0 });
    assert.deepEqual(reasons(busy, with_({ max_foreign_cpu_share: 1 })), []);
    assert.deepEqual(reasons(trial(), with_({ max_foreign_cpu_share: 0 })), ["HIGH_CPU_SATURATION"]);
  });

  it("does not hold a card's other users against work on the processors, unless the card is watched", () => {
    const shared = trial({}, [deviceWindow("gpu", { foreign_memory_bytes: gaugeDoc(2 ** 33) })]);
    assert.deepEqual(reasons(shared), ["FOREIGN_GPU_LOAD"]);
    assert.deepEqual(reasons(shared, { ...context, watchesGpu: false }), []);
  });

  it("holds the controls that the trial's process saw against those of the plan", () => {
    const by: QualityContext = { ...context, plan: real };
    const seen = (controls: Measured["controls"]) => trial({}, [], controls === undefined ? {} : { controls });
    assert.deepEqual(reasons(seen({ seed: 7, threads: 1, cpu_affinity: [0, 1] }), by), []);
    assert.deepEqual(reasons(seen({ seed: 7, threads: null, cpu_affinity: null }), by), [], "no figure accuses nobody");
    for (const controls of [
      { seed: 8, threads: 1, cpu_affinity: [0] },
      { seed: 7, threads: 2, cpu_affinity: [0] },
    ]) {
      assert.deepEqual(reasons(seen(controls), by), ["MISSING_EXPERIMENTAL_CONTROLS"]);
    }
    const pinned = { ...real, experimental_controls: { ...real.experimental_controls, cpu_affinity: [1] } };
    const pinnedBy = { ...by, plan: pinned };
    assert.deepEqual(reasons(seen({ seed: 7, threads: 1, cpu_affinity: [1] }), pinnedBy), []);
    assert.deepEqual(reasons(seen({ seed: 7, threads: 1, cpu_affinity: [0, 1] }), pinnedBy), [
      "MISSING_EXPERIMENTAL_CONTROLS",
    ]);
    assert.deepEqual(reasons(seen({ seed: 7, threads: 1, cpu_affinity: null }), pinnedBy), [
      "MISSING_EXPERIMENTAL_CONTROLS",
    ]);
    const cold = trial({}, [], {
      controls: { seed: 7, threads: 1, cpu_affinity: [0] },
      warmup: { iterations: 9, seconds: 1 },
    });
    assert.match(trialMarks(cold, by)[0]?.detail ?? "", /9 of 10 calls/);
  });

  it("calls a probe that gave nothing missing telemetry, which pollutes nothing", () => {
    const silent = { ...trial(), telemetry: watchedBy([], 0) };
    const marks = trialMarks(silent, context);
    assert.deepEqual(
      marks.map(({ reason }) => reason),
      ["MISSING_TELEMETRY"],
    );
    assert.equal(isPolluting(marks), false);
    const { telemetry: _, ...unwatched } = trial();
    assert.deepEqual(reasons(unwatched as TrialLine), ["MISSING_TELEMETRY"]);
  });

  it("calls tokens without times missing timings, which pollutes nothing, and asks none of a model that has no tokens", () => {
    const language = (...statuses: string[]) =>
      ({ requests: statuses.map((status) => ({ state: "completed", status })) }) as unknown as NonNullable<
        Measured["language"]
      >;
    const marks = trialMarks(trial({}, [], { language: language("OK", "TIMING_UNAVAILABLE") }), context);
    assert.deepEqual(marks, [{ reason: "MISSING_TOKEN_TIMINGS", detail: "1 of 2 replies have no times" }]);
    assert.equal(isPolluting(marks), false);
    assert.deepEqual(reasons(trial({}, [], { language: language("OK") })), []);
    assert.deepEqual(reasons(trial()), []);
  });

  it("accuses nobody for readings that are not there, and judges no trial of a plan without limits", () => {
    const unknown = { ...quiet, loop_cpu_s: null, steal_s: null, cpu_pressure_s: null, cpu_busy_s: null };
    assert.deepEqual(reasons(trial(unknown)), []);
    const { run_quality: _, ...older } = plan;
    assert.deepEqual(reasons(trial({ loop_cpu_s: 0 }), { ...context, plan: older }), []);
  });

  it("marks every trial of a run once, clock steps among them", () => {
    const lines = plan.trials.map((one, i) => ({
      ...trialLine(plan, one, { measured: { host: i === 3 ? { ...quiet, system_clock_s: 9 } : quiet } }),
      telemetry: watchedBy([deviceWindow("cpu")]),
    }));
    const marks = runMarks({ plan, trials: lines });
    assert.deepEqual([...marks.keys()], [plan.trials[3]?.trial_id]);
    assert.deepEqual(
      marks.get(plan.trials[3]?.trial_id ?? "")?.map(({ reason }) => reason),
      ["CLOCK_STEP"],
    );
  });

  it("has a sentence for every reason", () => {
    for (const { text } of Object.values(RUN_QUALITY_REASONS)) assert.match(text, /^[A-Z].*\.$/);
  });
});
