import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { doubtsAbout } from "../../harness/gate/doubts.ts";
import { comparison, gateSpec, ratiosAround } from "../fixtures/comparison-builder.ts";

const latency = gateSpec({ metric: "latency.call", margin: 0.05, margin_kind: "relative" });
const memory = gateSpec({ metric: "memory.peak_rss", margin: 0.05, margin_kind: "relative" });
const bytes = gateSpec({ metric: "size.bytes_on_disk", policy: "exact", margin: 0, margin_kind: "relative" });
const accuracy = gateSpec();

describe("doubts about a gate", () => {
  it("there are none about a comparison that is as planned", () => {
    for (const spec of [latency, memory, bytes, accuracy]) assert.deepEqual(doubtsAbout(spec, comparison()), []);
  });

  it("a factor of more than a hundred is a unit, in either direction and in one block alone", () => {
    for (const factor of [1 / 150, 150]) {
      const latencyLogRatios = ratiosAround(0.5);
      latencyLogRatios[4] = Math.log(factor);
      assert.deepEqual(doubtsAbout(latency, comparison({ latencyLogRatios })), ["implausible-ratio"]);
    }
    assert.deepEqual(doubtsAbout(latency, comparison({ latencyLogRatios: ratiosAround(1 / 90) })), []);
    assert.deepEqual(doubtsAbout(bytes, comparison({ bytesOnDisk: 1, baselineBytesOnDisk: 1000 })), [
      "implausible-ratio",
    ]);
    assert.deepEqual(doubtsAbout(bytes, comparison({ bytesOnDisk: 40, baselineBytesOnDisk: 1000 })), []);
  });

  it("a unit does not turn a fail into a doubt", () => {
    const slow = decideGate(latency, comparison({ latencyLogRatios: ratiosAround(1000) }));
    assert.deepEqual([slow.verdict, slow.reasons], ["fail", ["implausible-ratio"]]);
    const fast = decideGate(latency, comparison({ latencyLogRatios: ratiosAround(0.001) }));
    assert.deepEqual([fast.verdict, fast.reasons], ["inconclusive", ["implausible-ratio"]]);
  });

  it("a clock that stepped is a doubt about times alone", () => {
    const stepped = comparison({ isClockStepped: true });
    assert.deepEqual(doubtsAbout(latency, stepped), ["clock-step"]);
    assert.deepEqual(doubtsAbout(memory, stepped), []);
    assert.deepEqual(doubtsAbout(accuracy, stepped), []);
    assert.equal(decideGate(latency, stepped).verdict, "inconclusive");
  });

  it("a missing trial of the baseline is a doubt about everything, a failed one about ratios", () => {
    const missing = comparison({ baselineTrials: { failed: 0, missing: 1 } });
    for (const spec of [latency, bytes, accuracy]) assert.deepEqual(doubtsAbout(spec, missing), ["missing-baseline"]);
    const failed = comparison({ baselineTrials: { failed: 1, missing: 0 } });
    assert.deepEqual(doubtsAbout(latency, failed), ["failed-trials"]);
    assert.deepEqual(doubtsAbout(accuracy, failed), []);
  });
});
