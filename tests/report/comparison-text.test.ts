import assert from "node:assert/strict";
import { test } from "node:test";
import { type ComparedModels, comparisonMarkdown, renderComparison } from "../../harness/report/comparison-text.ts";

const variant = (id: string, speedup: number, slower: ComparedModels["variants"][number]["slower"] = null) => ({
  id,
  bytes: 100_000,
  accuracy: null,
  b: 1,
  c: 2,
  latency_s: 0.001 / speedup,
  speedup,
  kernels: id === "fp32" ? null : { native: 3, emulated: 2, skipped: 0 },
  slower,
});

const layer = (name: string, kernel: string, seconds: number, original_s: number) => ({
  name,
  kernel,
  seconds,
  original_s,
});

const compared: ComparedModels = {
  items: 2000,
  noun: "images",
  rounds: 3,
  confounded: ["a and b differ in bits and in granularity."],
  variants: [
    variant("fp32", 1),
    variant("u8s8", 1.4),
    variant("s8s8", 0.63, {
      layers: [
        layer("conv5", "emulated", 90e-6, 40e-6),
        layer("conv4", "emulated", 60e-6, 30e-6),
        layer("conv3", "emulated", 30e-6, 20e-6),
        layer("conv2", "native", 21e-6, 20e-6),
        layer("conv1", "native", 20.5e-6, 20e-6),
      ],
      conversions_s: 33e-6,
    }),
    variant("w8a16", 0.99, { layers: [], conversions_s: 0 }),
  ],
};

test("a variant slower than the original has a note that names its layers, the worst first; a faster one has none", () => {
  const color = { color: false, width: 200 } as Parameters<typeof renderComparison>[1];
  for (const text of [renderComparison(compared, color), comparisonMarkdown(compared).join("\n")]) {
    assert.match(text, /s8s8 is slower than the original \(0\.63x\): conv5 \(emulated\) 90\S* .*for 40/);
    assert.match(text, /conv2 \(native\).*, 1 more layers?, conversions 33/);
    assert.match(text, /w8a16 is slower than the original \(0\.99x\): no layer of its own takes longer/);
    assert.doesNotMatch(text, /u8s8 is slower/);
    assert.match(text, /a and b differ in bits and in granularity/);
  }
});
