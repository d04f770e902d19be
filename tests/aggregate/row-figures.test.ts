import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareSidecar } from "../../harness/aggregate/compare-sidecar.ts";
import { energyPerItem } from "../../harness/aggregate/energy-per-item.ts";
import { rowMachine } from "../../harness/aggregate/row-machine.ts";
import { rowQuality } from "../../harness/aggregate/row-quality.ts";
import type { RunMarks } from "../../harness/aggregate/run-marks.ts";
import { VRAM_CAPS, vramFit } from "../../harness/aggregate/vram-fit.ts";
import type { LanguageDoc, TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { DEFAULTS } from "../../harness/plan/defaults.ts";
import { parseSidecar } from "../../harness/telemetry/parse-sidecar.ts";
import { counterDoc, deviceWindow, gaugeDoc, watchedBy } from "../fixtures/device-window.ts";
import { handPlan, trialLine } from "../fixtures/hand-run.ts";

const plan = handPlan({ runs_per_quant: 4 });
const trials = plan.trials
  .filter(({ kind, cell_id }) => kind === "trial" && cell_id === "m/q8")
  .map((one) => trialLine(plan, one));
const limits = DEFAULTS.run_quality;
const ids = trials.map(({ trial_id }) => trial_id);

function marked(count: number): RunMarks {
  return new Map(ids.slice(0, count).map((id) => [id, [{ reason: "HIGH_CPU_SATURATION" as const, detail: "x" }]]));
}

describe("a row's run quality", () => {
  it("leaves polluted trials out of the figures while they are few", () => {
    const quality = rowQuality({ finished: trials }, marked(2), { limits, allowsPolluted: false });
    assert.equal(quality.isPolluted, false);
    assert.equal(quality.pollutedTrials, 2);
    assert.deepEqual(trials.map(quality.counts), [false, false, true, true]);
    assert.deepEqual(quality.reasons, ["HIGH_CPU_SATURATION"]);
    assert.equal(quality.marks[0]?.polluted, true);
  });

  it("is polluted as a whole when they are too many, and keeps its figures then", () => {
    const quality = rowQuality({ finished: trials }, marked(3), { limits, allowsPolluted: false });
    assert.equal(quality.isPolluted, true);
    assert.ok(trials.every(quality.counts));
  });

  it("counts all of them where that is allowed, and still marks them", () => {
    const quality = rowQuality({ finished: trials }, marked(2), { limits, allowsPolluted: true });
    assert.ok(trials.every(quality.counts));
    assert.equal(quality.marks.length, 2);
  });

  it("is not polluted by a doubt that pollutes nothing, nor where nothing ran", () => {
    const marks: RunMarks = new Map(ids.map((id) => [id, [{ reason: "MISSING_TELEMETRY" as const, detail: "x" }]]));
    const quality = rowQuality({ finished: trials }, marks, { limits, allowsPolluted: false });
    assert.deepEqual([quality.isPolluted, quality.pollutedTrials, quality.marks.length], [false, 0, 4]);
    assert.equal(rowQuality({ finished: [] }, marks, { limits, allowsPolluted: false }).isPolluted, false);
  });
});

describe("energy an item", () => {
  const joules = (change: number, kind: "gpu" | "cpu" = "gpu") =>
    watchedBy([deviceWindow(kind, { energy_j: counterDoc(change) })]);
  const [first, second, third, fourth] = trials as [TrialLine, TrialLine, TrialLine, TrialLine];

  it("is a trial's energy over its calls that warmed up or were timed, by batch size, and its evaluated items", () => {
    const { latency_ns, warmup, throughput } = first.measured as NonNullable<TrialLine["measured"]>;
    const items = (latency_ns.length + warmup.iterations) * 4 + throughput.items;
    assert.ok(items > throughput.items);
    assert.deepEqual(energyPerItem([{ ...first, telemetry: joules(120) }], 4), [120 / items]);
  });

  it("is a trial's energy over its prompts, of a language model", () => {
    const requests = new Array(5).fill({}) as LanguageDoc["requests"];
    const measured = { ...first.measured, language: { requests } } as unknown as NonNullable<TrialLine["measured"]>;
    assert.deepEqual(energyPerItem([{ ...first, measured, telemetry: joules(120, "cpu") }], 1), [24]);
  });

  it("is missing, never zero, where a trial failed, was not watched, or its counter did not move", () => {
    const all: TrialLine[] = [
      { ...first, measured: null, state: "failed", telemetry: joules(120) },
      second,
      { ...third, telemetry: joules(0) },
      {
        ...fourth,
        telemetry: watchedBy([deviceWindow("gpu", { energy_j: { kind: "absent", reason: "no-counter" } })]),
      },
    ];
    assert.deepEqual(energyPerItem(all, 1), [undefined, undefined, undefined, undefined]);
  });
});

describe("the machine over a row's trials", () => {
  const watched = trials.map((trial, i) => ({
    ...trial,
    telemetry: watchedBy([
      deviceWindow("cpu", { temperature_cpu_c: gaugeDoc(40) }),
      deviceWindow("gpu", {
        temperature_gpu_c: gaugeDoc(50 + 5 * i, 58 + 5 * i),
        memory_used_bytes: gaugeDoc(1e9, 3e9),
        memory_total_bytes: gaugeDoc(8e9),
        energy_j: counterDoc(100),
        clock_sm_hz: gaugeDoc(1.5e9),
      }),
    ]),
  }));

  it("takes the card before the processors, the first start and the last end", () => {
    assert.deepEqual(rowMachine(watched), {
      first_seq: trials[0]?.seq,
      last_seq: trials.at(-1)?.seq,
      wall_s: 8,
      thermal_start_c: 50,
      thermal_end_c: 73,
      thermal_peak_c: 73,
      memory_total_bytes: 8e9,
      memory_peak_bytes: 3e9,
      energy_j: 400,
      clock_hz: 1.5e9,
    });
  });

  it("is null where nothing was watched, and never passes a part of the energy for all of it", () => {
    assert.equal(rowMachine(trials), null);
    const [first, ...others] = watched;
    assert.ok(first);
    const gap = { ...first, telemetry: watchedBy([deviceWindow("gpu")]) };
    const machine = rowMachine([gap, ...others]);
    assert.equal(machine?.energy_j, null);
    assert.equal(machine?.thermal_start_c, 55);
  });

  it("has no end from one sample alone", () => {
    const [first] = trials;
    assert.ok(first);
    const one = { kind: "gauge" as const, n: 1, gaps: 0, first: 50, last: 50, least: 50, peak: 50, mean: 50 };
    const machine = rowMachine([{ ...first, telemetry: watchedBy([deviceWindow("cpu", { temperature_cpu_c: one })]) }]);
    assert.deepEqual([machine?.thermal_start_c, machine?.thermal_end_c], [50, null]);
  });
});

describe("a sidecar beside the harness", () => {
  const parse = parseSidecar(JSON.stringify({ decode_tps: 40, prefill_tps: 900, model_load_ms: 1800, ttft_ms: 250 }), {
    profile: "cpu_only",
  });
  const of = (harness: Parameters<typeof compareSidecar>[1]) =>
    compareSidecar(parse, harness).map(({ quantity, status }) => [quantity, status]);

  it("agrees within a tenth and diverges with a reason beyond it", () => {
    const rows = compareSidecar(parse, { generationTokensPerS: 41, prefillTokensPerS: 300, loadS: 1.8 });
    assert.deepEqual(
      rows.map(({ quantity, status }) => [quantity, status]),
      [
        ["decode rate", "AGREES"],
        ["prefill rate", "DIVERGES"],
        ["time to first token", "NOT_COMPARABLE"],
        ["model load", "AGREES"],
      ],
    );
    assert.match(rows[1]?.reason ?? "", /factor of two/);
    assert.match(rows[2]?.reason ?? "", /harness did not measure/);
  });

  it("knows a unit by its factor of a thousand", () => {
    const [row] = compareSidecar(parse, { generationTokensPerS: 0.04 });
    assert.match(row?.reason ?? "", /unit/);
  });

  it("does not let the parts take longer than the whole", () => {
    assert.deepEqual(of({ totalS: 2, wallS: 3 }).at(-1), ["total against wall clock", "AGREES"]);
    assert.deepEqual(of({ totalS: 3.2, wallS: 3 }).at(-1), ["total against wall clock", "DIVERGES"]);
    assert.deepEqual(compareSidecar(undefined, {}), []);
  });
});

describe("device memory under a profile", () => {
  const GIB = 2 ** 30;
  const fit = (usedGib: number, modelGib: number, profile: keyof typeof VRAM_CAPS) =>
    vramFit({ totalBytes: 10 * GIB, usedBytes: usedGib * GIB, modelBytes: modelGib * GIB }, profile)?.code;

  it("has the caps .50, .80 and .95", () => {
    assert.deepEqual(VRAM_CAPS, { safe: 0.5, balanced: 0.8, stress: 0.95 });
    assert.deepEqual(
      (["safe", "balanced", "stress"] as const).map((profile) => fit(6, 1, profile)),
      ["VRAM_OVER_PROFILE", undefined, undefined],
    );
  });

  it("tells what does not fit, what is over, and what is nearly so", () => {
    assert.equal(fit(1, 6, "safe"), "VRAM_DOES_NOT_FIT");
    assert.equal(fit(4.6, 1, "safe"), "VRAM_LOW_HEADROOM");
    assert.equal(fit(4, 1, "safe"), undefined);
    assert.equal(vramFit({ totalBytes: undefined, usedBytes: 9, modelBytes: 9 }, "safe"), undefined);
  });
});
