import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { nodeTimes } from "../../harness/runtimes/onnxruntime/node-times.ts";
import { childSessions } from "../../harness/runtimes/onnxruntime/session-port.ts";

const event = (name: string, dur: number, op = "Conv", cat = "Node") => ({ cat, name, dur, args: { op_name: op } });

test("a node's time is the median of its kernel's runs but the first; fences and the session are left out", () => {
  const events = [
    event("model_run", 900, "", "Session"),
    event("conv1_kernel_time", 500),
    event("conv1_fence_before", 77),
    event("conv1_kernel_time", 30),
    event("q_kernel_time", 9, "QuantizeLinear"),
    event("conv1_kernel_time", 10),
    event("conv1_kernel_time", 20),
    event("q_kernel_time", 4, "QuantizeLinear"),
  ];
  assert.deepEqual(nodeTimes(events), [
    { node: "conv1", op: "Conv", seconds: 20 * 1e-6 },
    { node: "q", op: "QuantizeLinear", seconds: 4 * 1e-6 },
  ]);
  assert.deepEqual(nodeTimes({ not: "a list" }), []);
});

test("the profiler in a child names every node of the optimized graph, with a time above zero", async () => {
  const session = childSessions();
  try {
    const path = join(packageRoot(), "configs/digits/digits-cnn.onnx");
    const feeds = { image: { dtype: "float32", dims: [1, 1, 28, 28], data: new Float32Array(784) } } as const;
    for (const model of [path, new Uint8Array(readFileSync(path))]) {
      const times = await session.profile(model, feeds, { runs: 3 });
      assert.ok(times.length >= 6 && times.some(({ op }) => op === "Conv"), JSON.stringify(times));
      assert.ok(times.every(({ node, seconds }) => node !== "" && seconds >= 0));
    }
    await assert.rejects(session.profile("/nowhere/m.onnx", feeds), { code: "CONFIG_MODEL_MISSING" });
  } finally {
    await session.close();
  }
});
