import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import type { TrialRequest } from "../../harness/domain/runtime-port.ts";
import { openSimulatedRuntime, type SimulatedSettings, simulatedRuntime } from "../../harness/runtimes/simulated.ts";
import { drawsFor, splitMix64 } from "../../harness/runtimes/split-mix.ts";

const ITEMS = 20_000;
const labels = Int32Array.from({ length: ITEMS }, (_, i) => i % 10);
const signal = new AbortController().signal;

const base: SimulatedSettings = {
  modelId: "m",
  isBaseline: true,
  accuracy: 0.9,
  latencyMs: 2,
  latencyCv: 0.1,
  peakMemoryBytes: 1e8,
  loadMs: 10,
  failureRate: 0,
  flipRate: 0,
  trialMs: 0,
};
const runtimeOf = (variants: Record<string, Partial<SimulatedSettings>>, seed = 1) =>
  simulatedRuntime({
    seed,
    labels,
    classes: 10,
    variants: new Map(
      Object.entries(variants).map(([id, settings]) => [id, { ...base, isBaseline: id === "fp32", ...settings }]),
    ),
  });
const request = (variantId: string, seed: number, changes: Partial<TrialRequest> = {}): TrialRequest => ({
  trialId: `t${seed}.${variantId}`,
  cellId: variantId,
  variantId,
  block: 0,
  seed,
  session: { threads: 1, optimizationLevel: "all", cpuMemArena: true, memPattern: true, sessionConfig: {} },
  latency: { batchSize: 1, warmupIterations: 5, warmupMs: 20, minSamples: 10, maxSamples: 400, timeBudgetMs: 500 },
  subset: [3, 1, 4, 1, 5],
  evaluateAll: true,
  evaluateBatchSize: 32,
  timeoutMs: 60_000,
  ...changes,
});
function rightItems(outputs: Float32Array | undefined): boolean[] {
  return Array.from(labels, (label, i) => {
    const row = (outputs as Float32Array).subarray(i * 10, i * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  });
}

test("a measurement depends on the trial's seed and the settings, not on what ran before", async () => {
  const [one, other] = [
    runtimeOf({ fp32: {}, q: { discordance: 0.02 } }),
    runtimeOf({ fp32: {}, q: { discordance: 0.02 } }),
  ];
  for (const seed of [5, 6, 7]) await other.runTrial(request("q", seed), { signal });
  const first = await one.runTrial(request("q", 9), { signal });
  assert.deepEqual(await other.runTrial(request("q", 9), { signal }), first);
  assert.notDeepEqual((await one.runTrial(request("q", 10), { signal })).latencyS, first.latencyS);
});

test("accuracy and discordance with the baseline come out as configured", async () => {
  const runtime = runtimeOf({ fp32: {}, q: { accuracy: 0.88, discordance: 0.06 } });
  const fp32 = rightItems((await runtime.runTrial(request("fp32", 1), { signal })).allOutputs);
  const q = rightItems((await runtime.runTrial(request("q", 2), { signal })).allOutputs);
  const share = (of: boolean[]): number => of.filter(Boolean).length / ITEMS;
  // Five standard errors of each rate at 20,000 items.
  assert.ok(Math.abs(share(fp32) - 0.9) < 0.0106, `baseline ${share(fp32)}`);
  assert.ok(Math.abs(share(q) - 0.88) < 0.0115, `variant ${share(q)}`);
  const differ = share(fp32.map((right, i) => right !== q[i]));
  assert.ok(Math.abs(differ - 0.06) < 0.0084, `discordance ${differ}`);
});

test("outputs are the same in every trial, follow the plan's seed, and the subset is a part of them", async () => {
  const runtime = runtimeOf({ fp32: {} });
  const one = await runtime.runTrial(request("fp32", 1), { signal });
  const two = await runtime.runTrial(request("fp32", 2, { evaluateAll: false }), { signal });
  assert.deepEqual(two.subsetOutputs, one.subsetOutputs);
  assert.equal(two.allOutputs, undefined);
  assert.equal(two.throughput.items, 5);
  assert.deepEqual(one.subsetOutputs.subarray(0, 10), one.allOutputs?.subarray(30, 40));
  const other = await runtimeOf({ fp32: {} }, 2).runTrial(request("fp32", 1), { signal });
  assert.notDeepEqual(other.allOutputs, one.allOutputs);
});

test("calls are lognormal about the configured median, in at most the samples and the time allowed", async () => {
  const settings = { fp32: { latencyMs: 2, latencyCv: 0.1 } };
  const limits = { ...request("fp32", 1).latency, maxSamples: 4000, timeBudgetMs: 60_000 };
  const { latencyS } = await runtimeOf(settings).runTrial(request("fp32", 1, { latency: limits }), { signal });
  assert.equal(latencyS.length, 4000);
  const sorted = [...latencyS].sort((a, b) => a - b);
  assert.ok(Math.abs((sorted[2000] as number) - 0.002) < 0.002 * 0.02, `median ${sorted[2000]}`);
  const mean = latencyS.reduce((a, b) => a + b) / 4000;
  const cv = Math.sqrt(latencyS.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000) / mean;
  assert.ok(Math.abs(cv - 0.1) < 0.01, `cv ${cv}`);
  const budget = await runtimeOf(settings).runTrial(request("fp32", 1), { signal });
  const spent = budget.latencyS.reduce((a, b) => a + b);
  assert.ok(spent >= 0.5 && spent < 0.51, `${spent} s`);
  assert.equal(budget.warmup.iterations, 10);
});

test("trials fail and flip at their rates, and a flip changes scores but no prediction", async () => {
  const runtime = runtimeOf({ fp32: {}, fails: { failureRate: 0.3 }, flips: { flipRate: 0.3, discordance: 0.01 } });
  const trials = 400;
  let failed = 0;
  const digests = new Set<string>();
  let flipped = 0;
  const usual = Buffer.from(
    (await runtimeOf({ fp32: {}, flips: { discordance: 0.01 } }).runTrial(request("flips", 0), { signal }))
      .subsetOutputs.buffer,
  ).toString("hex");
  for (let seed = 0; seed < trials; seed++) {
    await runtime
      .runTrial(request("fails", seed, { evaluateAll: false }), { signal })
      .catch((error: { code: string }) => {
        assert.equal(error.code, "RUNTIME_CRASHED");
        failed++;
      });
    const { subsetOutputs } = await runtime.runTrial(request("flips", seed, { evaluateAll: false }), { signal });
    const digest = Buffer.from(subsetOutputs.buffer).toString("hex");
    digests.add(digest);
    if (digest !== usual) flipped++;
  }
  // Five standard errors at 400 trials: 11.5 points.
  assert.ok(Math.abs(failed / trials - 0.3) < 0.115, `${failed} failed`);
  assert.ok(Math.abs(flipped / trials - 0.3) < 0.115, `${flipped} flipped`);
  assert.ok(digests.size > 2);
  const flips = runtimeOf({ fp32: {}, flips: { flipRate: 1, discordance: 0.01 } });
  const calm = runtimeOf({ fp32: {}, flips: { discordance: 0.01 } });
  const [a, b] = [
    await flips.runTrial(request("flips", 3), { signal }),
    await calm.runTrial(request("flips", 3), { signal }),
  ];
  assert.notDeepEqual(a.allOutputs, b.allOutputs);
  assert.deepEqual(rightItems(a.allOutputs), rightItems(b.allOutputs));
});

test("accuracy and discordance that exclude each other are refused with the possible range", () => {
  assert.throws(() => runtimeOf({ fp32: { accuracy: 0.9 }, q: { accuracy: 0.8, discordance: 0.05 } }), {
    code: "CONFIG_INVALID",
    message: /variant q cannot have accuracy 0\.8 and discordance 0\.05 beside a baseline of 0\.9/,
    hint: "Its discordance must be between 0.1000 and 0.3000.",
  });
});

test("a trial that really waits can be aborted, and is stopped by its timeout", async () => {
  const runtime = runtimeOf({ fp32: { trialMs: 600_000 } });
  const control = new AbortController();
  const waiting = assert.rejects(runtime.runTrial(request("fp32", 1), { signal: control.signal }), {
    message: "Ctrl-C",
  });
  control.abort(new Error("Ctrl-C"));
  await waiting;
  await assert.rejects(runtime.runTrial(request("fp32", 1, { timeoutMs: 20 }), { signal }), {
    code: "RUNTIME_TIMEOUT",
  });
});

test("a plan opens its variants with their settings, each paired with its model's baseline", async () => {
  const variant = (id: string, role: string, simulated: object) => ({
    variant_id: `m/${id}`,
    model_id: "m",
    role,
    simulated,
  });
  const plan = {
    experimental_controls: { seed: 4 },
    dataset: { count: ITEMS, class_names: Array.from({ length: 10 }, String) },
    variants: [
      variant("fp32", "baseline", { accuracy: 0.9 }),
      variant("w2", "candidate", { accuracy: 0.5, latency_ms: 7, peak_memory_bytes: 123 }),
    ],
  } as unknown as Plan;
  const measured = await openSimulatedRuntime(plan).runTrial(request("m/w2", 1), { signal });
  const accuracy = rightItems(measured.allOutputs).filter(Boolean).length / ITEMS;
  assert.ok(Math.abs(accuracy - 0.5) < 0.018, `${accuracy}`);
  assert.equal(measured.memory.peakRssBytes, 123);
  assert.ok(Math.abs((measured.latencyS[0] as number) - 0.007) < 0.002);
  await assert.rejects(openSimulatedRuntime(plan).runTrial(request("m/none", 1), { signal }), {
    code: "RUNTIME_PROTOCOL",
  });
});

test("the generator gives the known numbers of SplitMix64 for seed 1234567", () => {
  const next = splitMix64(1234567n);
  const known = [6457827717110365317n, 3203168211198807973n, 9817491932198370423n, 4593380528125082431n];
  assert.deepEqual(known.map(next), known);
});

test("streams of other labels differ, and numbers are spread evenly", () => {
  const [a, b] = [drawsFor(1, "x"), drawsFor(1, "y")];
  const values = Array.from({ length: 2000 }, () => a.uniform());
  assert.notEqual(values[0], b.uniform());
  assert.ok(values.every((value) => value >= 0 && value < 1));
  const mean = values.reduce((sum, value) => sum + value) / 2000;
  assert.ok(Math.abs(mean - 0.5) < 0.0323, `${mean}`);
});
