import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, type TestContext, test } from "node:test";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import type { TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import type { Runtime, TrialMeasurement, TrialRequest } from "../../harness/domain/runtime-port.ts";
import type { PreparedVariant } from "../../harness/pipeline/prepare-variants.ts";
import type { SweepEvent } from "../../harness/pipeline/progress.ts";
import { runTrials } from "../../harness/pipeline/run-trials.ts";
import { systemClock } from "../../harness/platform/clock.ts";
import { openSimulatedRuntime } from "../../harness/runtimes/simulated.ts";
import { createJournal, readJournal } from "../../harness/store/journal.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { handLabels, handPlan, headerOf } from "../fixtures/hand-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const config: Partial<MatrixConfig> = {
  dataset: { kind: "simulated", items: 60, classes: 2 },
  canary: { runs: 2, items: 40, latency_cv_threshold: 0.2 },
  runs_per_quant: 3,
};
const plan = handPlan(config);

type Change = (measured: TrialMeasurement, request: TrialRequest) => TrialMeasurement | Promise<TrialMeasurement>;

interface Given {
  /** What becomes of a simulated measurement; may throw. */
  readonly change?: Change;
  readonly earlier?: readonly TrialLine[];
  readonly variants?: ReadonlyMap<string, PreparedVariant>;
  readonly plan?: Plan;
  readonly signal?: AbortSignal;
  /** Stands between the loop and the simulated runtime. */
  readonly wrap?: (open: Runtime) => Runtime;
  /** Filled with what reached the journal, even if the run rejects. */
  readonly written?: TrialLine[];
}

/** Runs the plan on the simulated runtime, with its measurements changed. */
async function run(t: TestContext, given: Given = {}) {
  const { change = (measured) => measured, earlier = [], plan: chosen = plan } = given;
  const simulated = openSimulatedRuntime(chosen);
  const ran: string[] = [];
  const runtime: Runtime = {
    ...simulated,
    async runTrial(request, options) {
      ran.push(request.trialId);
      return change(await simulated.runTrial(request, options), request);
    },
  };
  const { wrap = (open: Runtime) => open } = given;
  const folder = await RunFolder.create(await scratchFolder(t), "run");
  const journalPath = folder.file("journal.ndjson");
  const writer = await createJournal(journalPath, headerOf(chosen));
  const events: SweepEvent[] = [];
  const ready: PreparedVariant = { state: "ready", model: undefined, sessionConfig: {} };
  try {
    const outcome = await runTrials(
      {
        plan: chosen,
        runtime: wrap(runtime),
        variants: given.variants ?? new Map(chosen.variants.map(({ variant_id }) => [variant_id, ready])),
        itemsPath: undefined,
        labels: handLabels(chosen),
        folder,
        writer,
        clock: systemClock,
        signal: given.signal ?? new AbortController().signal,
        onProgress: (event) => events.push(event),
      },
      earlier,
    );
    return { outcome, ran, events, folder, journal: await readJournal(journalPath) };
  } finally {
    await writer.close();
    given.written?.push(...(await readJournal(journalPath)).trials);
  }
}

const ids = (list: readonly { trial_id: string }[]) => list.map(({ trial_id }) => trial_id);
const inTrial =
  (id: string, more: (measured: TrialMeasurement) => Partial<TrialMeasurement>): Change =>
  (measured, request) =>
    request.trialId === id ? { ...measured, ...more(measured) } : measured;

/** These samples, in a loop that took as long as they did. */
const timed = ({ host }: TrialMeasurement, latencyS: Float64Array): Partial<TrialMeasurement> => ({
  latencyS,
  host: { ...host, loopWallS: latencyS.reduce((sum, seconds) => sum + seconds, 0) },
});
const halfSlow = (m: TrialMeasurement) =>
  timed(
    m,
    m.latencyS.map((s, i, all) => (i < all.length / 2 ? s : 4 * s)),
  );

test("every planned trial runs once, in order, and is in the journal", async (t) => {
  const { outcome, ran, journal } = await run(t);
  assert.equal(outcome.state, "complete");
  assert.deepEqual(ran, ids(plan.trials));
  assert.deepEqual(ids(journal.trials), ids(plan.trials));
  assert.ok(journal.trials.every(({ state }) => state === "completed"));
});

test("what an earlier journal holds is not run again, failed trials neither", async (t) => {
  const whole = (
    await run(t, {
      change: (measured, { trialId }) => {
        if (trialId === "b000.m/q8") throw new Error("it fell over");
        return measured;
      },
    })
  ).journal.trials;
  const { outcome, ran } = await run(t, { earlier: whole.slice(0, 5) });
  assert.deepEqual(ran, ids(plan.trials).slice(5));
  assert.deepEqual(outcome.trials.slice(0, 5), whole.slice(0, 5));
  assert.equal(outcome.trials.length, plan.trials.length);
});

test("one trial that breaks is recorded as failed with its reason, and the others go on", async (t) => {
  const { outcome, journal } = await run(t, {
    change: (measured, { trialId }) => {
      if (trialId === "b001.m/q8") throw new HarnessError("RUNTIME_TIMEOUT", "it took too long", { hint: "wait" });
      return measured;
    },
  });
  assert.equal(outcome.state, "complete");
  const failed = journal.trials.filter(({ state }) => state === "failed");
  assert.deepEqual(
    failed.map(({ trial_id, failure, measured }) => [trial_id, failure, measured]),
    [["b001.m/q8", { code: "RUNTIME_TIMEOUT", message: "it took too long" }, null]],
  );
});

describe("a measurement that cannot be one fails its trial, is not scored and spoils no line", () => {
  const odd: [string, (m: TrialMeasurement) => Partial<TrialMeasurement>][] = [
    ["no latency samples", () => ({ latencyS: new Float64Array(0) })],
    ["a NaN latency", () => ({ latencyS: Float64Array.of(1e-3, Number.NaN, 1e-3, 1e-3, 1e-3) })],
    ["a negative latency", () => ({ latencyS: Float64Array.of(1e-3, -1e-3, 1e-3, 1e-3, 1e-3) })],
    ["an infinite throughput", (m) => ({ throughput: { ...m.throughput, itemsPerSecond: Infinity } })],
    ["a NaN load time", () => ({ loadS: Number.NaN })],
    ["a NaN peak", (m) => ({ memory: { ...m.memory, peakRssBytes: Number.NaN } })],
    ["outputs of too few items", (m) => ({ subsetOutputs: m.subsetOutputs.slice(2) })],
    ["outputs of no class", () => ({ outputSize: 0 })],
  ];
  for (const [what, more] of odd) {
    test(what, async (t) => {
      const { outcome, journal } = await run(t, { change: inTrial("b002.m/q8", more) });
      assert.equal(outcome.state, "complete");
      const states = journal.trials.filter(({ state }) => state === "failed");
      assert.deepEqual(ids(states), ["b002.m/q8"]);
    });
  }

  test("an evaluation of everything that came back without outputs", async (t) => {
    const { journal } = await run(t, { change: inTrial("b000.m/q8", () => ({ allOutputs: undefined })) });
    const line = journal.trials.find(({ trial_id }) => trial_id === "b000.m/q8");
    assert.equal(line?.state, "failed");
    assert.match(line?.failure?.message ?? "", /scored 40 and timed 60 of 60 items/);
  });
});

describe("the canary stops a sweep before its first block", () => {
  const cases: [string, Change, RegExp][] = [
    [
      "outputs that differ",
      inTrial("c001.m/fp32", (m) => ({ subsetOutputs: m.subsetOutputs.map((x) => x + 1) })),
      /output-identity/,
    ],
    [
      "outputs that are all NaN",
      (m) => ({ ...m, subsetOutputs: m.subsetOutputs.map(() => Number.NaN) }),
      /accuracy: 0 of 40 right/,
    ],
    [
      "a run that broke",
      () => {
        throw new Error("no such library");
      },
      /completed: 2 of 2 runs did not complete: no such library/,
    ],
    [
      "too few samples",
      (m) => ({ ...m, ...timed(m, m.latencyS.slice(0, 3)) }),
      /it holds 3 latency samples of 20 to 1000/,
    ],
    ["a machine that is too noisy", (m) => ({ ...m, ...halfSlow(m) }), /latency-cv/],
  ];
  for (const [what, change, reason] of cases) {
    test(what, async (t) => {
      const { outcome, ran } = await run(t, { change });
      assert.ok(outcome.state === "canary-abort");
      assert.match(outcome.reason, reason);
      assert.deepEqual(ran, ["c000.m/fp32", "c001.m/fp32"]);
      assert.equal(outcome.canary.block, -1);
      assert.notEqual(outcome.canary.verdict, "ok");
    });
  }
});

describe("sentinels in the blocks", () => {
  test("other outputs than the canary's stop the sweep in that block", async (t) => {
    const change = inTrial("b001.m/fp32", (m) => ({ subsetOutputs: m.subsetOutputs.map((x) => x * 0.999) }));
    const { outcome } = await run(t, { change });
    assert.ok(outcome.state === "canary-abort");
    assert.deepEqual([outcome.canary.block, outcome.trials.at(-1)?.trial_id], [1, "b001.m/fp32"]);
    assert.match(outcome.reason, /output-identity/);
  });

  test("noise in a block is told, and judged at the end", async (t) => {
    const change = inTrial("b001.m/fp32", halfSlow);
    const { outcome, events } = await run(t, { change });
    assert.equal(outcome.state, "complete");
    assert.ok(events.some((event) => event.kind === "warning" && /block 1: m\/fp32: latency-cv/.test(event.message)));
  });

  test("a stored trial is held against the canary as well when a run goes on", async (t) => {
    const { journal } = await run(t);
    const earlier = journal.trials.map((line) =>
      line.trial_id === "b000.m/fp32" && line.measured !== null
        ? {
            ...line,
            measured: { ...line.measured, subset: { ...line.measured.subset, outputs_sha256: "0".repeat(64) } },
          }
        : line,
    );
    const { outcome, ran } = await run(t, { earlier });
    assert.equal(outcome.state, "canary-abort");
    assert.deepEqual(ran, []);
  });
});

test("a variant that was not made fails its trials and no others", async (t) => {
  const ready: PreparedVariant = { state: "ready", model: undefined, sessionConfig: {} };
  const variants = new Map<string, PreparedVariant>([
    ["m/fp32", ready],
    ["m/q8", { state: "failed", failure: "no such operator" }],
  ]);
  const { outcome, ran } = await run(t, { variants });
  assert.equal(outcome.state, "complete");
  assert.ok(ran.every((id) => id.endsWith("fp32")));
  for (const line of outcome.trials.filter(({ variant_id }) => variant_id === "m/q8")) {
    assert.deepEqual([line.state, line.failure?.message], ["failed", "no such operator"]);
  }
});

test("an interruption leaves the trial in progress unrecorded, so that a resume runs it", async (t) => {
  const interrupt = new AbortController();
  const lines: string[] = [];
  await assert.rejects(
    run(t, {
      signal: interrupt.signal,
      change: (measured, { trialId }) => {
        lines.push(trialId);
        if (lines.length === 4) {
          interrupt.abort(new Error("Ctrl-C"));
          throw new Error("killed with its owner");
        }
        return measured;
      },
    }),
    /Ctrl-C/,
  );
  assert.equal(lines.length, 4);
});

test("full outputs are stored once where they are equal, and the line names them by digest", async (t) => {
  const { journal, folder } = await run(t, { plan: handPlan({ ...config, evaluate_runs: 3 }) });
  const files = new Set(journal.trials.flatMap(({ measured }) => (measured?.outputs ? [measured.outputs.file] : [])));
  assert.equal(files.size, 2);
  const predictions = new Set(
    journal.trials.flatMap(({ measured }) => (measured?.predictions ? [measured.predictions.file] : [])),
  );
  assert.equal((await readdir(folder.file("arrays"))).length, files.size + predictions.size);
});

describe("a block whose trials are timed in turns", () => {
  const inTurns: Plan = { ...plan, experimental_controls: { ...plan.experimental_controls, slice_ms: 2 } };
  /** Asks for two turns a trial, as the real runtime does, and notes whose they were. */
  const taking = (seen: string[], change?: Change): ((open: Runtime) => Runtime) => {
    return (open) => ({
      ...open,
      async runTrial(request, options) {
        const { turn } = options;
        const work = async () => {
          seen.push(`${request.trialId}${turn === undefined ? " alone" : ""}`);
        };
        for (let i = 0; i < 2; i++) await (turn === undefined ? work() : turn.take(work));
        const measured = await open.runTrial(request, options);
        return change === undefined ? measured : change(measured, request);
      },
    });
  };
  const blockOf = (block: number) =>
    ids(inTurns.trials.filter((trial) => trial.kind === "trial" && trial.block === block));

  test("they are alive together and take turns, canaries run alone, and the journal keeps the planned order", async (t) => {
    const seen: string[] = [];
    const { journal, outcome } = await run(t, { plan: inTurns, wrap: taking(seen) });
    assert.equal(outcome.state, "complete");
    assert.deepEqual(ids(journal.trials), ids(inTurns.trials));
    const [first, second] = blockOf(0);
    const canaries = inTurns.trials.filter(({ kind }) => kind === "canary");
    assert.ok(seen.slice(0, 2 * canaries.length).every((one) => one.endsWith(" alone")));
    assert.deepEqual(seen.slice(2 * canaries.length).slice(0, 4), [first, second, second, first]);
  });

  test("one that breaks is a failed trial, and the others of its block are measured", async (t) => {
    const broken = blockOf(1)[0];
    const breaks: Change = (measured, { trialId }) => {
      if (trialId === broken) throw new HarnessError("RUNTIME_CRASHED", "it fell over", { hint: "look" });
      return measured;
    };
    const { journal } = await run(t, { plan: inTurns, wrap: taking([], breaks) });
    const states = journal.trials.map(({ trial_id, state }) => [trial_id, state]);
    assert.deepEqual(
      states,
      inTurns.trials.map(({ trial_id }) => [trial_id, trial_id === broken ? "failed" : "completed"]),
    );
  });

  test("an abort leaves the whole block unrecorded, and a resume runs it", async (t) => {
    const stop = new AbortController();
    const [, second] = blockOf(1);
    const aborts: Change = (measured, { trialId }) => {
      if (trialId === second) {
        stop.abort(new Error("stopped"));
        throw stop.signal.reason;
      }
      return measured;
    };
    const earlier: TrialLine[] = [];
    const given = { plan: inTurns, wrap: taking([], aborts), signal: stop.signal, written: earlier };
    await assert.rejects(run(t, given), /stopped/);
    assert.ok(earlier.every(({ block }) => block < 1) && earlier.some(({ block }) => block === 0));
    const { outcome, journal } = await run(t, { plan: inTurns, earlier });
    assert.equal(outcome.trials.length, inTurns.trials.length);
    assert.deepEqual(ids(journal.trials), ids(inTurns.trials).slice(earlier.length));
  });
});
