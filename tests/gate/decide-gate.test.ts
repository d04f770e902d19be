import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Comparison } from "../../harness/domain/comparison.ts";
import type { GateSpecDoc } from "../../harness/domain/generated/plan-v1.ts";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { DEFAULT_GATES } from "../../harness/plan/defaults.ts";
import { comparison, gateSpec, ratiosAround, scoresOf } from "../fixtures/comparison-builder.ts";

const TIMES: GateSpecDoc["metric"][] = ["latency.call", "throughput.items"];
const ratioGate = (metric: GateSpecDoc["metric"], more: Partial<GateSpecDoc> = {}) =>
  gateSpec({ metric, margin: 0.05, margin_kind: "relative", ...more });
const defaultGate = (id: string) => DEFAULT_GATES.find((gate) => gate.id === id) as GateSpecDoc;

/** Every default gate and every other that has a meaning. */
const ALL_GATES: GateSpecDoc[] = [
  ...DEFAULT_GATES,
  ratioGate("throughput.items", { id: "throughput" }),
  gateSpec({ id: "floor", policy: "floor", margin: null, limit: 0.9 }),
  gateSpec({ id: "any_drop", policy: "any-regression" }),
  gateSpec({ id: "same_accuracy", policy: "equivalence" }),
  gateSpec({ id: "any_class_drop", metric: "quality.class_accuracy", policy: "any-regression", margin: 0.05 }),
  gateSpec({ id: "ceiling", metric: "size.bytes_on_disk", policy: "ceiling", margin: null, limit: 500 }),
  gateSpec({ id: "flips", metric: "determinism.rate", margin: 0.3 }),
  gateSpec({ id: "rate", metric: "determinism.rate", policy: "floor", margin: null, limit: 0.7 }),
];

function verdicts(more: Partial<Comparison>, specs = ALL_GATES) {
  return new Map(specs.map((spec) => [spec.id, decideGate(spec, comparison(more))]));
}

test("a candidate that is as good, fast and small as it should be passes every gate", () => {
  for (const [id, { verdict, reasons }] of verdicts({})) assert.deepEqual([id, verdict, reasons], [id, "pass", []]);
});

describe("nothing and nonsense never pass", () => {
  const nothing: Partial<Comparison> = {
    trials: { planned: 12, completed: 0, failed: 0, missing: 12 },
    overall: undefined,
    classes: [],
    latencyLogRatios: new Float64Array(0),
    memoryLogRatios: new Float64Array(0),
    throughputLogRatios: new Float64Array(0),
    bytesOnDisk: undefined,
    baselineBytesOnDisk: undefined,
    determinism: { n: 0, matching: 0 },
  };

  test("no trial at all: every gate is inconclusive, missing", () => {
    for (const [id, { verdict, reasons, effect }] of verdicts(nothing)) {
      assert.deepEqual([id, verdict, reasons[0], effect], [id, "inconclusive", "missing-metric", null]);
    }
  });

  test("a file alone, without one completed trial, is not a pass on bytes", () => {
    const { verdict, reasons } = verdicts({ ...nothing, bytesOnDisk: 1, baselineBytesOnDisk: 9 }).get("bytes")!;
    assert.deepEqual([verdict, reasons], ["inconclusive", ["missing-metric", "missing-trials"]]);
  });

  test("a missing trial keeps every gate from passing, whatever was measured", () => {
    for (const { verdict, reasons } of verdicts({
      trials: { planned: 12, completed: 11, failed: 0, missing: 1 },
    }).values()) {
      assert.deepEqual([verdict, reasons], ["inconclusive", ["missing-trials"]]);
    }
  });

  test("a variant that could not be made fails every gate, whatever was measured", () => {
    for (const { verdict, reasons } of verdicts({ variantFailure: "no such operator" }).values()) {
      assert.deepEqual([verdict, reasons], ["fail", ["variant-failed"]]);
    }
  });

  test("failed trials keep times and memory from passing on those that survived", () => {
    const failing = verdicts({ trials: { planned: 12, completed: 6, failed: 6, missing: 0 } });
    for (const id of ["latency_ratio", "throughput", "peak_memory"]) {
      assert.deepEqual(
        [id, failing.get(id)?.verdict, failing.get(id)?.reasons],
        [id, "inconclusive", ["failed-trials"]],
      );
    }
  });

  test("a noisy session and a clock that stands still decide no time, in either direction", () => {
    for (const metric of TIMES) {
      for (const ratio of [0.5, 1, 2]) {
        const ratios = { latencyLogRatios: ratiosAround(ratio), throughputLogRatios: ratiosAround(ratio) };
        const noisy = decideGate(ratioGate(metric), comparison({ ...ratios, isNoisy: true }));
        assert.deepEqual([noisy.verdict, noisy.reasons, noisy.p_pass], ["inconclusive", ["noisy"], null]);
        const still = decideGate(ratioGate(metric), comparison({ ...ratios, isLatencyConstant: true }));
        assert.deepEqual([still.verdict, still.reasons], ["inconclusive", ["constant-where-it-cannot-be"]]);
      }
    }
  });

  test("noise does not excuse accuracy, bytes, memory or determinism", () => {
    const noisy = verdicts({ isNoisy: true, isLatencyConstant: true });
    for (const id of ["accuracy_drop", "worst_class_drop", "bytes", "determinism", "peak_memory"]) {
      assert.equal(noisy.get(id)?.verdict, "pass", id);
    }
  });

  test("one ratio that is NaN or infinite is not left out: the metric is invalid", () => {
    for (const odd of [Number.NaN, Infinity, -Infinity]) {
      const ratios = ratiosAround(0.5);
      ratios[3] = odd;
      const more = { latencyLogRatios: ratios, memoryLogRatios: ratios, throughputLogRatios: ratios };
      for (const id of ["latency_ratio", "throughput", "peak_memory"]) {
        const { verdict, reasons } = verdicts(more).get(id)!;
        assert.deepEqual([id, verdict, reasons], [id, "inconclusive", ["invalid-values"]]);
      }
    }
  });

  test("outputs with NaN, of the candidate or of its baseline, keep scores from passing", () => {
    for (const more of [{ invalidRows: 1 }, { baselineInvalidRows: 1 }]) {
      for (const id of ["accuracy_drop", "worst_class_drop", "floor", "any_drop", "same_accuracy"]) {
        const { verdict, reasons } = verdicts(more).get(id)!;
        assert.deepEqual([id, verdict, reasons], [id, "inconclusive", ["invalid-values"]]);
      }
    }
  });

  test("NaN among item differences passes nothing", () => {
    const table = { a: 9, b: 0, c: 0, d: 1 };
    const scores = {
      n: 10,
      total: 9,
      table: undefined,
      differences: new Float64Array(10).fill(Number.NaN),
      strict: table,
    };
    const odd = verdicts({ overall: scores, classes: [{ name: "cat", ...scores }] });
    for (const id of ["accuracy_drop", "worst_class_drop", "any_drop", "same_accuracy"]) {
      assert.equal(odd.get(id)?.verdict, "inconclusive", id);
    }
  });

  test("empty files and files of unknown size pass no size gate", () => {
    for (const bytesOnDisk of [0, undefined]) {
      const odd = verdicts({ bytesOnDisk });
      assert.deepEqual([odd.get("bytes")?.verdict, odd.get("ceiling")?.verdict], ["inconclusive", "inconclusive"]);
    }
    for (const baselineBytesOnDisk of [0, undefined]) {
      const { verdict, reasons } = verdicts({ baselineBytesOnDisk }).get("bytes")!;
      assert.deepEqual([verdict, reasons], ["inconclusive", ["missing-baseline"]]);
    }
  });

  test("one trial shows no determinism", () => {
    for (const n of [0, 1]) {
      for (const id of ["determinism", "flips", "rate"]) {
        assert.equal(verdicts({ determinism: { n, matching: n } }).get(id)?.verdict, "inconclusive");
      }
    }
  });

  test("too few blocks for a finite interval pass no ratio, however fast", () => {
    for (let n = 1; n <= 4; n++) {
      const { verdict, effect } = decideGate(
        ratioGate("latency.call"),
        comparison({ latencyLogRatios: ratiosAround(0.01, n) }),
      );
      assert.deepEqual([n, verdict, effect?.high], [n, "inconclusive", null]);
    }
    assert.equal(
      decideGate(ratioGate("latency.call"), comparison({ latencyLogRatios: ratiosAround(0.5, 5) })).verdict,
      "pass",
    );
  });

  test("a handful of items passes no accuracy gate, though none differs", () => {
    const scores = scoresOf({ a: 20, b: 0, c: 0, d: 0 });
    const few = verdicts({ overall: scores, classes: [{ name: "cat", ...scores }] });
    for (const id of ["accuracy_drop", "worst_class_drop"]) assert.equal(few.get(id)?.verdict, "inconclusive");
  });

  test("nor does it when runs that disagree leave differences without any spread", () => {
    const scores = {
      n: 20,
      total: 19.5,
      table: undefined,
      differences: new Float64Array(20),
      strict: { a: 19, b: 1, c: 0, d: 0 },
    };
    const few = verdicts({ overall: scores, classes: [{ name: "cat", ...scores }] });
    for (const id of ["accuracy_drop", "worst_class_drop", "any_drop", "same_accuracy"]) {
      assert.equal(few.get(id)?.verdict, "inconclusive", id);
    }
  });

  test("a gate without a threshold decides nothing", () => {
    for (const spec of ALL_GATES) {
      const { verdict } = decideGate({ ...spec, margin: null, limit: null }, comparison());
      assert.equal(verdict, "inconclusive", spec.id);
    }
  });

  test("a limit that times, memory or classes cannot have decides nothing", () => {
    for (const metric of ["latency.call", "throughput.items", "memory.peak_rss", "quality.class_accuracy"] as const) {
      for (const policy of ["floor", "ceiling"] as const) {
        const { verdict } = decideGate(gateSpec({ metric, policy, margin: null, limit: 0.5 }), comparison());
        assert.equal(verdict, "inconclusive");
      }
    }
  });

  test("a floor looks at its limit, not at a margin that stands beside it", () => {
    const spec = gateSpec({ policy: "floor", margin: 0.01, limit: 0.999 });
    assert.equal(decideGate(spec, comparison()).verdict, "fail");
  });
});

describe("accuracy", () => {
  test("the interval shown is Tango's at 1 - 2 alpha, and the p-value agrees with it", () => {
    // statistics.md section 2: 43,0,1,0 at .90 -> -.0227 [-.0956624, .0365169].
    const { effect, verdict } = decideGate(
      gateSpec({ margin: 0.04 }),
      comparison({ overall: scoresOf({ a: 43, b: 0, c: 1, d: 0 }) }),
    );
    assert.equal(verdict, "pass");
    assert.equal(effect?.method, "tango, lower limit corrected");
    assert.ok(Math.abs(effect!.high! - 0.0365169) < 5e-7);
    assert.ok(effect!.low! <= -0.0956 && effect!.low! > -0.12);
  });

  test("a clear drop fails, one at the margin is open", () => {
    const drop = (b: number, c: number) => comparison({ overall: scoresOf({ a: 5000 - b - c, b, c, d: 0 }) });
    assert.equal(decideGate(gateSpec(), drop(300, 10)).verdict, "fail");
    const open = decideGate(gateSpec(), drop(60, 10));
    assert.deepEqual([open.verdict, open.reasons], ["inconclusive", ["underpowered"]]);
  });

  test("a pass and its p-value agree: below alpha exactly when the gate passes", () => {
    for (let b = 0; b < 90; b += 3) {
      const { verdict, p_pass } = decideGate(
        gateSpec(),
        comparison({ overall: scoresOf({ a: 4900 - b, b, c: 10, d: 90 }) }),
      );
      assert.equal(verdict === "pass", (p_pass as number) < 0.05, `b = ${b}, p = ${p_pass}`);
    }
  });

  test("a failed evaluation of the candidate fails the gate", () => {
    const differences = Float64Array.from({ length: 1000 }, (_, i) => (i < 980 ? 0.5 : 0));
    const overall = { n: 1000, total: 490, table: undefined, differences, strict: { a: 0, b: 980, c: 0, d: 20 } };
    const { verdict, effect } = decideGate(gateSpec(), comparison({ overall }));
    assert.equal(verdict, "fail");
    assert.ok(Math.abs(effect!.value! - 0.49) < 1e-12);
  });

  test("a floor is Clopper-Pearson against the limit", () => {
    // statistics.md section 2: 15/148 -> .0578 at .95 two-sided, that is at alpha .025.
    const spec = (limit: number) => gateSpec({ policy: "floor", margin: null, limit, alpha: 0.025 });
    const few = comparison({ overall: scoresOf({ a: 15, b: 0, c: 0, d: 133 }) });
    assert.equal(decideGate(spec(0.0577), few).verdict, "pass");
    assert.equal(decideGate(spec(0.0579), few).verdict, "inconclusive");
    assert.equal(decideGate(spec(0.1618), few).verdict, "fail");
  });

  test("half an item does not lift a candidate over its floor", () => {
    const table = { a: 2, b: 0, c: 0, d: 0 };
    const overall = { n: 100, total: 99.9, table: undefined, differences: new Float64Array(100), strict: table };
    const { effect } = decideGate(gateSpec({ policy: "floor", margin: null, limit: 0.5 }), comparison({ overall }));
    assert.equal(effect?.value, 0.99);
  });
});

describe("classes", () => {
  const spec = defaultGate("worst_class_drop");
  const fine = (name: string) => ({ name, ...scoresOf({ a: 2400, b: 2, c: 2, d: 96 }) });

  test("one bad class fails the gate and is named, however many are fine", () => {
    const classes = [
      ...Array.from({ length: 9 }, (_, i) => fine(`fine ${i}`)),
      { name: "bad", ...scoresOf({ a: 60, b: 40, c: 0, d: 0 }) },
    ];
    const { verdict, detail } = decideGate(spec, comparison({ classes }));
    assert.deepEqual([verdict, detail], ["fail", "bad"]);
  });

  test("one small class that is not yet known keeps the gate open and is named", () => {
    const classes = [fine("x"), { name: "rare", ...scoresOf({ a: 5, b: 0, c: 0, d: 0 }) }, fine("y")];
    const { verdict, detail } = decideGate(spec, comparison({ classes }));
    assert.deepEqual([verdict, detail], ["inconclusive", "rare"]);
  });

  test("a fail is corrected for the number of classes: what fails alone may be chance among a hundred", () => {
    const odd = { name: "odd", ...scoresOf({ a: 85, b: 14, c: 1, d: 0 }) };
    assert.equal(decideGate(spec, comparison({ classes: [odd] })).verdict, "fail");
    const among = [odd, ...Array.from({ length: 99 }, (_, i) => fine(`fine ${i}`))];
    const { verdict, effect, detail } = decideGate(spec, comparison({ classes: among }));
    assert.deepEqual([verdict, detail], ["inconclusive", "odd"]);
    assert.match(effect!.method, /lower limit at alpha\/100/);
  });

  test("any regression of any class fails, though another class has the larger upper limit", () => {
    const anyRegression = gateSpec({ metric: "quality.class_accuracy", policy: "any-regression", margin: 0.2 });
    const classes = [
      { name: "regressed", ...scoresOf({ a: 4900, b: 60, c: 5, d: 35 }) },
      { name: "wide", ...scoresOf({ a: 30, b: 1, c: 1, d: 0 }) },
    ];
    const { verdict, detail } = decideGate(anyRegression, comparison({ classes }));
    assert.deepEqual([verdict, detail], ["fail", "regressed"]);
  });

  test("the row's p-value is that of the class which is the hardest to clear", () => {
    const one = decideGate(spec, comparison({ classes: [fine("x")] })).p_pass as number;
    const small = { name: "small", ...scoresOf({ a: 190, b: 1, c: 1, d: 8 }) };
    const two = decideGate(spec, comparison({ classes: [fine("x"), small] })).p_pass as number;
    assert.ok(two > one);
  });
});

describe("ratios", () => {
  test("slower than the margin fails with the reason, faster passes, in between is open", () => {
    const at = (ratio: number) =>
      decideGate(ratioGate("latency.call"), comparison({ latencyLogRatios: ratiosAround(ratio) }));
    assert.deepEqual([at(1.2).verdict, at(1.2).reasons], ["fail", ["slower-than-baseline"]]);
    assert.equal(at(1).verdict, "pass");
    assert.deepEqual([at(1.05).verdict, at(1.05).reasons], ["inconclusive", ["underpowered"]]);
  });

  test("throughput that falls is worse, though its number is smaller", () => {
    const at = (ratio: number) =>
      decideGate(ratioGate("throughput.items"), comparison({ throughputLogRatios: ratiosAround(ratio) })).verdict;
    assert.deepEqual([at(0.5), at(1), at(2)], ["fail", "pass", "pass"]);
  });

  test("memory that grows beyond the margin fails", () => {
    const at = (ratio: number) =>
      decideGate(defaultGate("peak_memory"), comparison({ memoryLogRatios: ratiosAround(ratio) })).verdict;
    assert.deepEqual([at(0.9), at(1), at(1.5)], ["pass", "pass", "fail"]);
  });

  test("a margin is a share: 5 % slower is a change of .05, not of ln 1.05", () => {
    const logRatios = Float64Array.of(-0.01, -0.005, 0, 0.005, 0.01).map((x) => Math.log(1.25) + x);
    const { effect } = decideGate(ratioGate("latency.call"), comparison({ latencyLogRatios: logRatios }));
    assert.ok(Math.abs(effect!.value! - 0.25) < 1e-12);
  });

  test("one and the same ratio in every block is no measurement of a time; of a memory it may be", () => {
    const logRatios = new Float64Array(12).fill(Math.log(0.5));
    const more = { latencyLogRatios: logRatios, throughputLogRatios: logRatios, memoryLogRatios: logRatios };
    for (const metric of TIMES) {
      const { verdict, reasons } = decideGate(ratioGate(metric), comparison(more));
      assert.deepEqual([verdict, reasons], ["inconclusive", ["constant-where-it-cannot-be"]]);
    }
    assert.equal(decideGate(ratioGate("memory.peak_rss"), comparison(more)).verdict, "pass");
  });
});

describe("bytes and determinism", () => {
  test("bytes are exact: one byte more than the baseline fails, as many pass", () => {
    const bytes = (bytesOnDisk: number) => decideGate(defaultGate("bytes"), comparison({ bytesOnDisk })).verdict;
    assert.deepEqual([bytes(999), bytes(1000), bytes(1001)], ["pass", "pass", "fail"]);
  });

  test("a margin of bytes is a share or a number, as its kind says", () => {
    const at = (more: Partial<GateSpecDoc>, bytesOnDisk: number) =>
      decideGate(gateSpec({ metric: "size.bytes_on_disk", policy: "exact", ...more }), comparison({ bytesOnDisk }))
        .verdict;
    assert.deepEqual(
      [at({ margin: 0.1, margin_kind: "relative" }, 1100), at({ margin: 0.1, margin_kind: "relative" }, 1101)],
      ["pass", "fail"],
    );
    assert.deepEqual([at({ margin: 5 }, 1005), at({ margin: 5 }, 1006)], ["pass", "fail"]);
  });

  test("a ceiling of bytes needs no baseline", () => {
    const spec = gateSpec({ metric: "size.bytes_on_disk", policy: "ceiling", margin: null, limit: 250 });
    assert.equal(decideGate(spec, comparison({ baselineBytesOnDisk: undefined })).verdict, "pass");
    assert.equal(decideGate(spec, comparison({ bytesOnDisk: 251 })).verdict, "fail");
  });

  test("one output that differs, or one crash, fails the exact gate", () => {
    const { verdict, reasons } = decideGate(
      defaultGate("determinism"),
      comparison({ determinism: { n: 12, matching: 11 } }),
    );
    assert.deepEqual([verdict, reasons], ["fail", ["outputs-vary"]]);
  });

  test("a tolerated flip rate is judged by its upper limit, so two trials do not show it", () => {
    const at = (n: number, matching = n) =>
      decideGate(gateSpec({ metric: "determinism.rate", margin: 0.1 }), comparison({ determinism: { n, matching } }));
    assert.equal(at(2).verdict, "inconclusive");
    // 1 - .05^(1/n) < .1 from n = 29.
    assert.deepEqual([at(28).verdict, at(29).verdict], ["inconclusive", "pass"]);
    assert.ok(Math.abs((at(29).p_pass as number) - 0.9 ** 29) < 1e-12);
    assert.equal(at(29, 10).verdict, "fail");
  });

  test("a floor of the determinism rate is about the rate, not about the flips", () => {
    const spec = gateSpec({ metric: "determinism.rate", policy: "floor", margin: null, limit: 0.9 });
    assert.equal(decideGate(spec, comparison({ determinism: { n: 40, matching: 40 } })).verdict, "pass");
    assert.equal(decideGate(spec, comparison({ determinism: { n: 40, matching: 0 } })).verdict, "fail");
  });
});

describe("the baseline's own row", () => {
  const baseline = (more: Partial<Comparison> = {}) => comparison({ role: "baseline", ...more });

  test("is the reference for what compares with it", () => {
    for (const id of ["accuracy_drop", "worst_class_drop", "latency_ratio", "bytes", "peak_memory"]) {
      assert.equal(decideGate(defaultGate(id), baseline()).verdict, "reference", id);
    }
  });

  test("must hold what is about itself: floor, ceiling and determinism", () => {
    assert.equal(
      decideGate(defaultGate("determinism"), baseline({ determinism: { n: 12, matching: 7 } })).verdict,
      "fail",
    );
    assert.equal(decideGate(gateSpec({ policy: "floor", margin: null, limit: 0.999 }), baseline()).verdict, "fail");
    const ceiling = gateSpec({ metric: "size.bytes_on_disk", policy: "ceiling", margin: null, limit: 10 });
    assert.equal(decideGate(ceiling, baseline()).verdict, "fail");
  });
});
