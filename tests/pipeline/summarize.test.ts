import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RunRecord } from "../../harness/aggregate/run-record.ts";
import { artifactJson } from "../../harness/domain/canonical-json.ts";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import type { EstimateDoc } from "../../harness/domain/generated/summary-v1.ts";
import { type JournalFacts, summarize } from "../../harness/pipeline/summarize.ts";
import { validator } from "../../harness/platform/schema.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { handPlan, handRecord, journalFacts, type Outcome, sha256 } from "../fixtures/hand-run.ts";

const OPTIONS = { policyDigest: sha256("policy") };

function decide(record: RunRecord, facts: Partial<JournalFacts> = {}) {
  const { summary, gate } = summarize(record, journalFacts(facts), OPTIONS);
  // What cannot be stored was not decided.
  validator.validate("summary.v1", JSON.parse(artifactJson(summary)), { what: "summary", code: "STORE_SCHEMA" });
  validator.validate("gate.v1", JSON.parse(artifactJson(gate)), { what: "gate", code: "STORE_SCHEMA" });
  const row = (tag: string) => {
    const found = summary.rows.find(({ quant_tag }) => quant_tag === tag);
    assert.ok(found, tag);
    return found;
  };
  return { summary, gate, row };
}

function close(actual: number | null | undefined, expected: number, within: number): void {
  assert.ok(typeof actual === "number" && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
}

function isInterval(estimate: EstimateDoc | null, [value, low, high]: [number, number, number], within: number): void {
  close(estimate?.value, value, within);
  close(estimate?.low, low, within);
  close(estimate?.high, high, within);
}

/** 2,000 items, two classes, six blocks: enough for every default gate to pass. */
const PASSING: Partial<MatrixConfig> = { dataset: { kind: "simulated", items: 2000, classes: 2 }, runs_per_quant: 6 };
const passing = handPlan(PASSING);
/** A little faster than the baseline, varying as times do. */
const steady = (block: number): Outcome => ({ latencyNs: [9e5, 9e5 + 900 * block, 9e5 + 1000 * block] });
const reference = (block: number): Outcome => ({ latencyNs: [1e6, 1e6 + 500 * block, 1e6 + 700 * block] });

function outcomes(of: Partial<Record<string, (block: number) => Outcome>>) {
  const usual = { "m/fp32": reference, ...of };
  return ({ cell_id, block }: { cell_id: string; block: number }) =>
    (usual as Partial<Record<string, (block: number) => Outcome>>)[cell_id]?.(block) ?? steady(block);
}

const passes = () => handRecord(passing, outcomes({}));

describe("figures with known answers", () => {
  test("the paired table 4, 9, 3, 16 has Tango's interval .1875 [-.0270905, .3896975]", () => {
    const plan = handPlan({ dataset: { kind: "simulated", items: 32, classes: 2 }, alpha: 0.025 });
    const record = handRecord(plan, ({ cell_id }) => ({
      right: cell_id === "m/q8" ? (i) => i < 4 || (i >= 13 && i < 16) : (i) => i < 13,
    }));
    const { row } = decide(record);
    const { b, c, n, correct, drop } = row("q8");
    assert.deepEqual([b, c, n, correct], [9, 3, 32, 7]);
    close(drop?.value, 0.1875, 1e-12);
    close(drop?.high, 0.3896975, 1e-7);
    // The lower limit, on which a fail rests, may be corrected outwards but not inwards.
    assert.ok((drop?.low as number) <= -0.0270905 + 1e-7 && (drop?.low as number) > -0.06);
    assert.equal(drop?.level, 0.95);
  });

  test("15 of 148 right is .1014 [.0624, .1605], by Wilson", () => {
    const plan = handPlan({ dataset: { kind: "simulated", items: 148, classes: 2 }, alpha: 0.025 });
    const { row } = decide(handRecord(plan, ({ cell_id }) => (cell_id === "m/q8" ? { right: (i) => i < 15 } : {})));
    isInterval(row("q8").accuracy, [15 / 148, 0.0624, 0.1605], 5e-5);
  });

  test("the speed of five blocks is the Hodges-Lehmann estimate, between the slowest and the fastest block", () => {
    const plan = handPlan({ runs_per_quant: 5 });
    const ratios = [0.4, 0.5, 0.55, 0.45, 0.6];
    const record = handRecord(plan, ({ cell_id, block }) => {
      const ns = cell_id === "m/q8" ? 1e6 * (ratios[block] as number) : 1e6;
      return { latencyNs: [ns - 1000, ns, ns + 1000] };
    });
    const logs = ratios.map(Math.log);
    const walsh = logs.flatMap((x, i) => logs.slice(i).map((y) => (x + y) / 2)).sort((x, y) => x - y);
    // At level .9 and n = 5 the interval is the whole range: 2^-5 = .03125 is below .05, twice that is not.
    isInterval(decide(record).row("q8").speedup, [Math.exp(-(walsh[7] as number)), 1 / 0.6, 1 / 0.4], 1e-9);
  });

  test("bytes, determinism and memory are beside the baseline's", () => {
    const { row } = decide(
      handRecord(passing, outcomes({ "m/q8": (block) => (block === 5 ? "crash" : steady(block)) })),
    );
    const q8 = row("q8");
    assert.deepEqual([q8.bytes_on_disk, q8.bytes_ratio], [250, 0.25]);
    close(q8.determinism_rate, 5 / 6, 1e-12);
    // One of six, Clopper-Pearson at .9: 1 - .95^(1/6) below; the upper from the binomial: P(X <= 1 | 6, p) = .05.
    const high = q8.determinism?.high as number;
    close((1 - high) ** 6 + 6 * high * (1 - high) ** 5, 0.05, 1e-9);
    close(q8.determinism?.low, 1 - 0.95 ** (1 / 6), 1e-9);
    assert.deepEqual(q8.trials, { planned: 6, completed: 5, failed: 1, missing: 0 });
  });

  test("quantiles of latency are over all samples of the blocks, block medians in block order", () => {
    const { row } = decide(
      handRecord(
        passing,
        outcomes({ "m/q8": (block) => ({ latencyNs: [1, 2, 3].map((x) => x * 1000 * (block + 1)) }) }),
      ),
    );
    assert.equal(row("q8").latency.samples, 18);
    assert.deepEqual(
      row("q8").latency.block_medians.map((s) => Math.round((s as number) * 1e9)),
      [2000, 4000, 6000, 8000, 10000, 12000],
    );
  });

  test("per class, each has its own items and drop, and the worst is named", () => {
    const record = handRecord(
      passing,
      outcomes({ "m/q8": (block) => ({ ...(steady(block) as object), right: (i) => i % 2 === 0 || i >= 200 }) }),
    );
    const { per_class, worst_class } = decide(record).row("q8");
    assert.deepEqual(
      per_class.map(({ class: name, n, correct, b, c, flagged }) => [name, n, correct, b, c, flagged]),
      [
        ["class 0", 1000, 1000, 0, 0, false],
        ["class 1", 1000, 900, 100, 0, true],
      ],
    );
    assert.equal(worst_class, "class 1");
  });
});

test("a run in which nothing is wrong passes, and ships the variant", () => {
  const { summary, gate, row } = decide(passes());
  assert.deepEqual([row("q8").verdict, summary.suite.verdict, summary.suite.exit_code], ["pass", "pass", 0]);
  assert.equal(summary.suite.ship, "m/q8");
  assert.deepEqual(gate.suite, summary.suite);
  assert.deepEqual(summary.findings, []);
});

describe("what never passes", () => {
  const neverPasses = (record: RunRecord, facts?: Partial<JournalFacts>) => {
    const { summary } = decide(record, facts);
    assert.notEqual(summary.suite.verdict, "pass");
    assert.notEqual(summary.suite.exit_code, 0);
    assert.equal(summary.suite.ship, null);
    return summary;
  };

  test("a run without an end line, though every row passes", () => {
    const { suite, state } = neverPasses(passes(), { end: undefined });
    assert.deepEqual(
      [state, suite.verdict, suite.exit_code, suite.reasons],
      ["partial", "inconclusive", 4, ["the run is not finished"]],
    );
    assert.deepEqual(suite.certified, []);
  });

  test("a run that its canary stopped", () => {
    const { suite } = neverPasses(passes(), { end: { kind: "end", state: "canary-abort", reason: "outputs differ" } });
    assert.deepEqual(suite.reasons, ["the canary stopped the run: outputs differ"]);
  });

  test("a journal with nothing but its header: nothing was measured, exit code 3", () => {
    for (const end of [undefined, journalFacts().end]) {
      const { suite } = neverPasses({ ...handRecord(passing, () => "missing"), variants: [] }, { end });
      assert.deepEqual([suite.verdict, suite.exit_code, suite.reasons], ["fail", 3, ["nothing was measured"]]);
    }
  });

  test("a run of which every trial crashed", () => {
    assert.equal(neverPasses(handRecord(passing, () => "crash")).suite.exit_code, 3);
  });

  test("a run that lost one trial of the candidate", () => {
    const { rows } = neverPasses(
      handRecord(passing, outcomes({ "m/q8": (block) => (block === 4 ? "missing" : steady(block)) })),
    );
    assert.equal(rows[1]?.verdict, "inconclusive");
  });

  test("a run without the baseline's trials", () => {
    neverPasses(handRecord(passing, outcomes({ "m/fp32": () => "missing" })));
    neverPasses(handRecord(passing, outcomes({ "m/fp32": () => "crash" })));
  });

  test("a candidate with half the items right, because the baseline crashed once in an evaluation", () => {
    const plan = handPlan({ ...PASSING, evaluate_runs: 2, gates: [{ id: "determinism", enabled: false }] });
    const record = handRecord(
      plan,
      outcomes({
        "m/fp32": (block) => (block === 0 ? "crash" : steady(block)),
        "m/q8": (block) => ({ ...(steady(block) as object), right: (i) => i % 20 < 11 }),
      }),
    );
    const { rows } = neverPasses(record);
    assert.equal(rows[1]?.verdict, "fail");
    close(rows[1]?.drop?.value, 0.45, 1e-9);
  });

  test("a clock that stands still", () => {
    const still = handRecord(passing, () => ({ latencyNs: [1e6, 1e6, 1e6] }));
    const { rows } = neverPasses(still);
    const gate = rows[1]?.gates.find(({ metric }) => metric === "latency.call");
    assert.deepEqual([gate?.verdict, gate?.reasons], ["inconclusive", ["constant-where-it-cannot-be"]]);
  });

  test("a clock that reads 0 in some blocks, though the others are fast", () => {
    const zero = outcomes({
      "m/q8": (block) =>
        block === 0 ? { latencyNs: [0, 0, 0, 1] } : { latencyNs: [5e5, 5e5 + block, 5e5 + 2 * block] },
    });
    const { rows } = neverPasses(handRecord(passing, zero));
    assert.deepEqual(rows[1]?.gates.find(({ metric }) => metric === "latency.call")?.reasons, ["invalid-values"]);
  });

  test("a session in which the baseline differs from itself", () => {
    const noisy = (block: number): Outcome => ({
      latencyNs: [1, 1.01, 1.02].map((x) => Math.round(x * 1e6 * (block % 2 === 0 ? 1 : 1.4))),
    });
    const plan = handPlan({ ...PASSING, runs_per_quant: 12 });
    const { rows, findings } = neverPasses(handRecord(plan, outcomes({ "m/fp32": noisy, "m/q8": noisy })));
    assert.equal(rows[1]?.run_quality_status, "noisy");
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["SPLIT_HALF_DISAGREES"],
    );
  });

  test("a variant that was not made, and one whose size nobody knows", () => {
    const record = passes();
    const failed = record.variants.map((line) =>
      line.variant_id === "m/q8" ? { ...line, state: "failed" as const, failure: "no such operator" } : line,
    );
    const { rows, findings } = neverPasses({ ...record, variants: failed });
    assert.equal(rows[1]?.verdict, "fail");
    assert.ok(findings.some(({ code }) => code === "VARIANT_FAILED"));
    neverPasses({ ...record, variants: [] });
  });

  test("outputs with NaN in a row of the baseline or of the candidate", () => {
    for (const cell of ["m/fp32", "m/q8"]) {
      const record = passes();
      const trials = record.trials.map((line) =>
        line.cell_id === cell && line.evaluates === "all" && line.measured !== null
          ? { ...line, measured: { ...line.measured, quality: { ...line.measured.quality, invalid_rows: 1 } } }
          : line,
      );
      const { findings } = neverPasses({ ...record, trials });
      assert.ok(findings.some(({ code, subject }) => code === "INVALID_OUTPUTS" && subject === cell));
    }
  });

  test("a run whose gates were all removed, and one whose gates only advise", () => {
    for (const gates of [[], passing.gates.map((gate) => ({ ...gate, tier: "advisory" as const }))]) {
      const { summary } = summarize(passes(), journalFacts(), { ...OPTIONS, gates });
      assert.deepEqual([summary.suite.verdict, summary.suite.exit_code, summary.suite.ship], ["inconclusive", 4, null]);
    }
  });

  test("a run of a baseline alone", () => {
    const plan = handPlan(PASSING, {}, { only: "fp32" });
    const { suite } = neverPasses(handRecord(plan, outcomes({})));
    assert.deepEqual([suite.exit_code, suite.reasons], [3, ["there is no variant to judge"]]);
  });

  test("a run with a handful of items and blocks, in which all is right", () => {
    neverPasses(handRecord(handPlan()));
  });
});

test("other gates decide a stored run again, and the summary says which did", () => {
  const strict = passing.gates.map((gate) => (gate.metric === "size.bytes_on_disk" ? { ...gate, margin: -0.9 } : gate));
  const { summary, gate } = summarize(passes(), journalFacts(), { ...OPTIONS, gates: strict });
  assert.notEqual(summary.suite.verdict, "pass");
  assert.deepEqual([gate.gates, gate.policy_digest], [strict, OPTIONS.policyDigest]);
});

test("equal journals give equal bytes, and times come from the journal", () => {
  const [x, y] = [decide(passes()), decide(passes())];
  assert.equal(artifactJson(x.summary), artifactJson(y.summary));
  assert.equal(artifactJson(x.gate), artifactJson(y.gate));
  assert.equal(x.summary.generated_at, passes().header.created_at);
  assert.equal(x.gate.generated_at, passes().header.created_at);
});

test("the summary names plan, journal and reference, so that it can be recomputed", () => {
  const record = passes();
  const { summary } = summarize(record, journalFacts({ lines: 77 }), { ...OPTIONS, ref: "main@abc" });
  assert.deepEqual(summary.plan, { digest: passing.plan_digest, path: "plan.json" });
  assert.deepEqual(summary.journal, { path: "journal.ndjson", sha256: sha256("journal"), lines: 77 });
  assert.equal(summary.provenance.ref, "main@abc");
  assert.equal(summary.simulated, true);
});

test("findings name clock steps, failed trials and equal bytes", () => {
  const record = handRecord(passing, outcomes({ "m/q8": (block) => (block === 2 ? "crash" : steady(block)) }));
  const trials = record.trials.map((line) =>
    line.trial_id === "b001.m/q8" && line.measured !== null
      ? { ...line, measured: { ...line.measured, host: { ...line.measured.host, system_clock_s: 3600 } } }
      : line,
  );
  const variants = record.variants.map((line) => ({ ...line, sha256: sha256("the same") }));
  const { summary } = decide({ ...record, trials, variants });
  assert.deepEqual(
    summary.findings.map(({ code, subject }) => [code, subject]),
    [
      ["CLOCK_STEP", "b001.m/q8"],
      ["TRIALS_FAILED", "m/q8"],
      ["OUTPUTS_VARY", "m/q8"],
      ["TRIALS_POLLUTED", "m/q8"],
      ["IDENTICAL_WEIGHTS", "m/q8"],
    ],
  );
});

describe("a recipe that is slower than the baseline", () => {
  /** One and a half times the baseline's time, in every block. */
  const slow = (block: number): Outcome => ({ latencyNs: [1.5e6, 1.5e6 + 500 * block, 1.5e6 + 700 * block] });
  const slowRun = (kernels: { native: number; emulated: number }, lists: { slow: string[]; native: string[] }) => {
    const record = handRecord(passing, outcomes({ "m/q8": slow }));
    const variants = record.variants.map((line) =>
      line.variant_id === "m/q8"
        ? {
            ...line,
            kernels: { ...kernels, skipped: 0 },
            slow_layers: lists.slow,
            native_layers: lists.native,
            layers: 2,
          }
        : line,
    );
    return decide({ ...record, variants }).summary.findings;
  };

  test("has a finding that names the layers that are emulated", () => {
    const findings = slowRun({ native: 1, emulated: 1 }, { slow: ["conv2"], native: ["conv1"] });
    const told = findings.find(({ code }) => code === "SLOWER_WITH_EMULATION");
    assert.match(told?.message ?? "", /Slower than the baseline \(0\.67x\) with emulated layers: conv2\./);
    assert.ok(!findings.some(({ code }) => code === "SLOWER_ON_INTEGERS"));
  });

  test("has a finding that names its integer layers where none is emulated", () => {
    const findings = slowRun({ native: 2, emulated: 0 }, { slow: [], native: ["conv1", "conv2"] });
    const told = findings.find(({ code }) => code === "SLOWER_ON_INTEGERS");
    assert.match(told?.message ?? "", /\(0\.67x\) though no layer is emulated.*conv1, conv2\./);
    assert.ok(!findings.some(({ code }) => code === "SLOWER_WITH_EMULATION"));
  });

  test("has none while it may be as fast", () => {
    const record = handRecord(passing, outcomes({}));
    const variants = record.variants.map((line) => ({
      ...line,
      kernels: { native: 2, emulated: 0, skipped: 0 },
      native_layers: ["conv1", "conv2"],
      layers: 2,
    }));
    const { findings } = decide({ ...record, variants }).summary;
    assert.ok(!findings.some(({ code }) => code.startsWith("SLOWER_")));
  });
});

test("variants that differ in bits and granularity are told to be no comparison of bits", () => {
  const recipeOf = (id: string) =>
    id === "fp32"
      ? {}
      : {
          recipe: resolveRecipe(
            id === "q8" ? "u8s8" : { extends: "w4a8", id: "q4", weights: { granularity: "tensor" } },
          ) as unknown as Record<string, unknown>,
        };
  const simulated = (id: string) => ({ id, kind: "simulated" as const, bytes: 1000 });
  const quants: MatrixConfig["quants"] = [simulated("fp32"), simulated("q8"), simulated("q4")];
  const plan = handPlan(
    { quants },
    {},
    { variant: (_, { id }) => ({ rank: id === "fp32" ? 32 : Number(id.slice(1)), ...recipeOf(id) }) },
  );
  const { summary } = decide(handRecord(plan));
  const told = summary.findings.filter(({ code }) => code === "GRANULARITY_CONFOUNDED");
  assert.deepEqual(
    told.map(({ subject }) => subject),
    ["m/q4"],
  );
  assert.match(told[0]?.message ?? "", /4 bits, one scale a tensor.*8 bits, one scale a channel/);
});
