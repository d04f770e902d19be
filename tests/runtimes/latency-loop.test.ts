import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measureLatency } from "../../harness/runtimes/onnxruntime/latency-loop.ts";

const SETTINGS = { batchSize: 1, warmupIterations: 2, warmupMs: 0, minSamples: 10, maxSamples: 10, timeBudgetMs: 1 };

/** A call that takes at least this long, whatever else the machine does. */
async function call(): Promise<void> {
  const until = performance.now() + 0.5;
  while (performance.now() < until);
}

describe("handicap of a certification run", () => {
  it("lengthens every timed call by at least its share", async () => {
    const { latencyS } = await measureLatency({ run: call }, [0], { ...SETTINGS, handicap: 1 });
    assert.equal(latencyS.length, 10);
    // Never shorter than twice the shortest possible call; longer only where the machine interrupts.
    assert.ok(
      latencyS.every((seconds) => seconds >= 0.001 - 1e-6),
      latencyS.join(),
    );
  });
});
