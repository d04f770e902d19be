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

describe("the heap", () => {
  it("is collected once, between warm-up and samples, and not where the caller says so", async (t) => {
    const seen: string[] = [];
    const holder = globalThis as { gc?: () => void };
    const before = holder.gc;
    holder.gc = () => seen.push("collected");
    t.after(() => {
      if (before === undefined) delete holder.gc;
      else holder.gc = before;
    });
    const run = async () => {
      seen.push("called");
    };
    const settings = { ...SETTINGS, minSamples: 3, maxSamples: 3 };
    await measureLatency({ run }, [0], settings);
    assert.deepEqual(seen, ["called", "called", "collected", "called", "called", "called"]);
    seen.length = 0;
    await measureLatency({ run }, [0], settings, { collectsFirst: false });
    assert.deepEqual(seen, Array(5).fill("called"));
  });
});
