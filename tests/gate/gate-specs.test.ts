import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { resolveGates } from "../../harness/plan/resolve-gates.ts";
import { mlperfQueries } from "../../harness/stats/service-level.ts";
import { comparison, gateSpec, latencyOf, scores } from "../fixtures/bare-comparison.ts";

const QUANTILE = { metric: "latency.call", policy: "quantile-limit", margin: null, limit: 0.01 } as const;

describe("a quantile limit", () => {
  it("passes from MLPerf's smallest number of calls on, and not one call before", () => {
    for (const quantile of [0.9, 0.99]) {
      for (const over of [0, 1, 2, 5, 10]) {
        const n = mlperfQueries({ quantile, overLatency: over, confidence: 0.99 });
        const spec = gateSpec({ ...QUANTILE, quantile, alpha: 0.01 });
        const calls = (total: number) =>
          Float64Array.from({ length: total }, (_, i) => (i < over ? 0.02 : 0.005 + i * 1e-7));
        assert.equal(
          decideGate(spec, comparison({ latencyS: calls(n) })).verdict,
          "pass",
          `p ${quantile}, ${over} over`,
        );
        assert.equal(decideGate(spec, comparison({ latencyS: calls(n - 1) })).verdict, "inconclusive");
      }
    }
  });

  it("fails when significantly more calls than allowed are over, and says how many", () => {
    const latencyS = Float64Array.from({ length: 1000 }, (_, i) => (i < 40 ? 0.02 : 0.005 + i * 1e-7));
    const gate = decideGate(gateSpec({ ...QUANTILE, quantile: 0.99 }), comparison({ latencyS }));
    assert.equal(gate.verdict, "fail");
    assert.equal(gate.detail, "p99, 40 of 1000 calls over the limit");
    assert.equal(gate.quantile, 0.99);
    assert.ok((gate.p_fail as number) < 1e-9);
    assert.deepEqual(gate.reasons, []);
  });

  it("holds for the baseline too, and counts a call exactly at the limit as within it", () => {
    const latencyS = new Float64Array(100).fill(0.01);
    const gate = decideGate(gateSpec({ ...QUANTILE, quantile: 0.9 }), comparison({ role: "baseline", latencyS }));
    assert.equal(gate.verdict, "pass");
  });

  it("is never a pass without calls or with times that are none", () => {
    const spec = gateSpec({ ...QUANTILE, quantile: 0.5 });
    assert.deepEqual(decideGate(spec, comparison()).reasons, ["missing-metric"]);
    const broken = Float64Array.from({ length: 50 }, (_, i) => (i === 7 ? Number.NaN : 0.005));
    assert.deepEqual(decideGate(spec, comparison({ latencyS: broken })).reasons, ["invalid-values"]);
  });

  it("says how many more calls would do, and that many do", () => {
    const calls = (n: number) => Float64Array.from({ length: n }, (_, i) => (i % 20 === 0 ? 0.02 : 0.005 + i * 1e-8));
    const spec = gateSpec({ ...QUANTILE, quantile: 0.9 });
    const gate = decideGate(spec, comparison({ latencyS: calls(60) }));
    assert.equal(gate.verdict, "inconclusive");
    const more = gate.needed?.quantity as number;
    assert.equal(gate.needed?.unit, "calls");
    assert.equal(decideGate(spec, comparison({ latencyS: calls(60 + more) })).verdict, "pass");
  });
});

describe("margins and limits of times", () => {
  const baseline = Array.from({ length: 12 }, (_, i) => 0.002 + i * 1e-6);
  const slower = baseline.map((value, i) => value + 0.00008 + (i % 3) * 1e-6);

  it("an absolute margin is held against differences in seconds", () => {
    const spec = gateSpec({ metric: "latency.call", margin: 0.0001, margin_kind: "absolute" });
    const gate = decideGate(spec, comparison(latencyOf(slower, baseline)));
    assert.equal(gate.verdict, "pass");
    assert.ok(Math.abs((gate.effect?.value as number) - 0.000081) < 1e-6);
    assert.equal(decideGate({ ...spec, margin: 0.00005 }, comparison(latencyOf(slower, baseline))).verdict, "fail");
  });

  it("a relative margin of the same size means something else", () => {
    const spec = gateSpec({ metric: "latency.call", margin: 0.0001, margin_kind: "relative" });
    assert.equal(decideGate(spec, comparison(latencyOf(slower, baseline))).verdict, "fail");
  });

  it("a ceiling judges the baseline too, whose ratio to itself is always 1", () => {
    const blocks = Array.from({ length: 10 }, (_, i) => 0.01 + i * 1e-5);
    const spec = gateSpec({
      metric: "latency.call",
      policy: "ceiling",
      limit: 0.02,
      margin: null,
      margin_kind: "relative",
    });
    const own = comparison({ ...latencyOf(blocks, blocks), role: "baseline" });
    assert.equal(decideGate(spec, own).verdict, "pass");
    assert.equal(decideGate({ ...spec, limit: 0.005 }, own).verdict, "fail");
    assert.deepEqual(decideGate(spec, { ...own, role: "candidate" }).reasons, ["constant-where-it-cannot-be"]);
  });

  it("a ceiling is held against the latency itself, not its change", () => {
    const spec = gateSpec({ metric: "latency.call", policy: "ceiling", margin: null, limit: 0.0022 });
    const gate = decideGate(spec, comparison(latencyOf(slower, baseline)));
    assert.equal(gate.verdict, "pass");
    assert.ok((gate.p_pass as number) <= 0.05);
    assert.equal(decideGate({ ...spec, limit: 0.002 }, comparison(latencyOf(slower, baseline))).verdict, "fail");
  });

  it("throughput loses when it falls, so its absolute margin is a loss", () => {
    const values = {
      own: new Float64Array(10).fill(90),
      differences: Float64Array.from({ length: 10 }, (_, i) => -10 + i * 0.01),
    };
    const none = { own: new Float64Array(0), differences: new Float64Array(0) };
    const given = comparison({
      throughputLogRatios: Float64Array.from({ length: 10 }, (_, i) => Math.log(0.9 + i * 1e-4)),
      blocks: { "latency.call": none, "memory.peak_rss": none, "throughput.items": values },
    });
    const spec = gateSpec({ metric: "throughput.items", margin: 5, margin_kind: "absolute" });
    assert.equal(decideGate(spec, given).verdict, "fail");
    assert.equal(decideGate({ ...spec, margin: 15 }, given).verdict, "pass");
  });
});

describe("margins of accuracy", () => {
  it("a relative margin is a share of the baseline's accuracy: what passes at 98 % right fails at 20 % right", () => {
    const spec = gateSpec({ margin: 0.02, margin_kind: "relative" });
    const strong = decideGate(spec, comparison({ overall: scores({ a: 9700, b: 90, c: 10, d: 200 }) }));
    const weak = decideGate(spec, comparison({ overall: scores({ a: 1900, b: 90, c: 10, d: 8000 }) }));
    assert.equal(strong.verdict, "pass");
    assert.equal(weak.verdict, "fail");
    assert.equal(weak.margin_kind, "relative");
    assert.ok(Math.abs((weak.effect?.value as number) - 80 / 1990) < 1e-9);
  });

  it("a relative margin judges classes as well", () => {
    const spec = gateSpec({ metric: "quality.class_accuracy", margin: 0.05, margin_kind: "relative" });
    const classes = [
      { name: "cat", ...scores({ a: 950, b: 2, c: 2, d: 46 }) },
      { name: "dog", ...scores({ a: 150, b: 40, c: 2, d: 800 }) },
    ];
    const gate = decideGate(spec, comparison({ classes }));
    assert.equal(gate.verdict, "fail");
    assert.equal(gate.detail, "dog");
  });

  it("a floor of determinism is held against the rate of equal trials", () => {
    const spec = gateSpec({ metric: "determinism.rate", policy: "floor", margin: null, limit: 0.6 });
    const gate = decideGate(spec, comparison({ determinism: { n: 40, matching: 40 } }));
    assert.equal(gate.effect?.value, 1);
    assert.equal(gate.verdict, "pass");
    assert.equal(decideGate(spec, comparison({ determinism: { n: 40, matching: 8 } })).verdict, "fail");
  });
});

describe("gates in a config", () => {
  const problemsOf = (change: object) =>
    resolveGates({ changes: [{ id: "x", ...change }] as never, alpha: 0.05, lane: "lab" }).problems;

  it("a quantile limit needs its quantile and its limit, and only it takes a quantile", () => {
    const whole = { metric: "latency.call", policy: "quantile-limit", limit: 0.01, quantile: 0.99 };
    assert.deepEqual(problemsOf(whole), []);
    assert.match(problemsOf({ ...whole, quantile: undefined })[0] ?? "", /needs a "quantile"/);
    assert.match(problemsOf({ ...whole, limit: undefined })[0] ?? "", /needs a "limit"/);
    assert.match(problemsOf({ ...whole, metric: "quality.accuracy" })[0] ?? "", /cannot be judged by quantile-limit/);
    assert.match(problemsOf({ ...whole, policy: "ceiling" })[0] ?? "", /only the policy quantile-limit/);
  });

  it("presets change margins only, and a config's own gates still win", () => {
    const margins = (preset: "strict" | "default" | "exploratory") =>
      resolveGates({ changes: [{ id: "latency_ratio", margin: 0.3 }], alpha: 0.05, lane: "lab", preset }).gates.map(
        ({ margin }) => margin,
      );
    assert.deepEqual(margins("strict").slice(0, 4), [0.005, 0.03, 0.3, 0]);
    assert.deepEqual(margins("default").slice(0, 4), [0.01, 0.05, 0.3, 0]);
    assert.deepEqual(margins("exploratory").slice(0, 4), [0.025, 0.15, 0.3, 0]);
  });
});
