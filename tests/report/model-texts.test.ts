import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Evaluation } from "../../harness/domain/evaluation.ts";
import { inspectModel } from "../../harness/quantize/inspect.ts";
import type { QuantizeManifest } from "../../harness/quantize/manifest.ts";
import { renderEvaluation } from "../../harness/report/evaluate-text.ts";
import { renderInspect } from "../../harness/report/inspect-text.ts";
import { type QuantizedLayer, type QuantizedModel, renderQuantize } from "../../harness/report/quantize-text.ts";
import { displayWidth } from "../../harness/report/visible-text.ts";
import { assertGolden } from "../fixtures/golden.ts";
import { estimate, fakeDigest } from "../fixtures/summary-builder.ts";

const plain = (width: number) => ({ color: false, width });
const fits = (text: string, width: number) => {
  for (const line of text.split("\n")) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
};

describe("the text of inspect", () => {
  const digits = readFileSync(new URL("../../../configs/digits/digits-cnn.onnx", import.meta.url));
  const report = { path: "digits-cnn.onnx", sha256: fakeDigest("a"), ...inspectModel(digits) };

  it("says what the embedded model is", () => {
    const text = renderInspect(report, plain(80));
    assertGolden("report/inspect-digits.txt", `${text}\n`);
    fits(text, 80);
  });

  it("puts a model's errors before its structure, and counts errors and warnings apart", () => {
    const broken = {
      ...report,
      problems: [
        { code: "cycle", severity: "error", message: "Graph 'g' has a cycle." },
        { code: "unknown_domain", severity: "warning", message: "Operator domain 'x\u001b[2J' is not one that ships." },
      ] as const,
    };
    const text = renderInspect(broken, plain(100));
    const [head, error, warning] = text.split("\n");
    assert.equal(head, "NOT VALID: digits-cnn.onnx · 1 error, 1 warning");
    assert.equal(error, "  error: Graph 'g' has a cycle. [cycle]");
    assert.match(warning ?? "", /'x\\u001b\[2J'/);
  });

  it("shows unknown types, ranks and axes as unknown", () => {
    const odd = {
      ...report,
      inputs: [
        { name: "a", dtype: null, shape: null },
        { name: "b", dtype: "float32", shape: ["N", null, 3] },
      ],
      outputs: [],
    };
    const text = renderInspect(odd, plain(100));
    assert.match(text, /a · no tensor type unknown rank/);
    assert.match(text, /b · float32 \[N, \?, 3\]/);
    assert.match(text, /outputs +none/);
  });
});

const layer = (name: string, more: Partial<QuantizedLayer> = {}): QuantizedLayer => ({
  name,
  op: "Conv",
  parameters: 2304,
  storage: "int8",
  bits: 8,
  granularity: "channel",
  block_size: null,
  symmetric: true,
  weight_sqnr_db: 41.23,
  skipped: null,
  kernel: "native",
  kernel_op: "QLinearConv",
  kernel_reason: "QLinearConv reads the stored integers",
  ...more,
});

function quantized(): QuantizedModel {
  return {
    recipe: "w4a8",
    path: "out/digits-w4a8.onnx",
    manifestPath: "out/digits-w4a8.manifest.json",
    seconds: 2.13,
    manifest: {
      source_bytes: 1_000_000,
      bytes_on_disk: 270_000,
      bytes_packed: 150_000,
      result_sha256: fakeDigest("d"),
      opset: 21,
      calibration: { method: "minmax", items: 500 },
      session: { "session.disable_quant_qdq": "1" },
      kernels: { native: 1, emulated: 2, skipped: 1 },
      layers: [
        layer("conv1", { bits: 4 }),
        layer("conv2", {
          kernel: "emulated",
          kernel_op: "Conv",
          kernel_reason: "Conv computes in float32",
          symmetric: false,
        }),
        layer("conv3", { kernel: "emulated", kernel_op: "Conv", kernel_reason: "Conv computes in float32" }),
        layer("fc", {
          op: "Gemm",
          storage: null,
          bits: null,
          granularity: null,
          symmetric: null,
          weight_sqnr_db: null,
          skipped: "the recipe skips it",
          kernel: "skipped",
          kernel_op: null,
        }),
      ],
    },
  };
}

describe("the text of quantize", () => {
  it("takes the manifest that the quantizer makes", () => {
    const accepts = (manifest: QuantizeManifest): QuantizedModel["manifest"] => manifest;
    assert.equal(typeof accepts, "function");
  });

  for (const width of [60, 80, 120]) {
    it(`is the golden text at ${width} columns, and fits`, () => {
      const text = renderQuantize([quantized()], plain(width));
      assertGolden(`report/quantize-${width}.txt`, `${text}\n`);
      // Digests have no place to break.
      fits(text.replaceAll(/d{64}/g, "digest"), width);
    });
  }

  it("names each reason for a slow layer once, with its layers", () => {
    const text = renderQuantize([quantized()], plain(120));
    assert.equal(text.split("Conv computes in float32").length, 2);
    assert.match(text, /emulated: Conv computes in float32 \(conv2, conv3\)/);
    assert.match(text, /skipped: the recipe skips it \(fc\)/);
  });
});

const share = (value: number, low: number, high: number, n: number) => estimate(value, low, high, { level: 0.95, n });

function evaluation(classes: number): Evaluation {
  return {
    model: { path: "m.onnx", sha256: fakeDigest("a"), bytes: 1_234_567 },
    dataset: { id: "digits-test", digest: fakeDigest("f"), count: 2000, item_noun: "images" },
    accuracy: share(0.989, 0.9834, 0.9927, 2000),
    correct: 1978,
    top_k: { k: 5, correct: 2000 },
    invalid_rows: 0,
    per_class: Array.from({ length: classes }, (_, index) => ({
      class: `class-${index}`,
      n: 100,
      correct: 50 + index,
      accuracy: share((50 + index) / 100, (40 + index) / 100, (60 + index) / 100, 100),
    })),
    latency: {
      batch_size: 1,
      samples: 412,
      p50: share(0.000412, 0.000409, 0.000417, 412),
      p90: share(0.000431, 0.000428, 0.00044, 412),
      p99: { ...share(0, 0, 0, 412), value: 0.0006, low: 0.00055, high: null, reason: "too few samples" },
    },
    throughput: { batch_size: 32, items_per_second: 5012.3 },
    load_s: 0.0123,
    peak_rss_bytes: 83_100_000,
    threads: 1,
  };
}

describe("the text of evaluate", () => {
  it("is the golden text", () => {
    const text = renderEvaluation(evaluation(3), plain(80));
    assertGolden("report/evaluate.txt", `${text}\n`);
    fits(text, 80);
  });

  it("shows the worst classes first and counts those it leaves out", () => {
    const lines = renderEvaluation(evaluation(25), plain(80)).split("\n");
    const first = lines.findIndex((line) => line.includes("class-"));
    assert.match(lines[first] ?? "", /class-0 /);
    assert.equal(lines.at(-1), "  and 5 classes that are better");
  });

  it("names outputs that are no numbers only where there are some", () => {
    assert.doesNotMatch(renderEvaluation(evaluation(1), plain(80)), /NaN/);
    assert.match(renderEvaluation({ ...evaluation(1), invalid_rows: 1 }, plain(80)), /NaN or Inf +1 row of outputs/);
  });
});
