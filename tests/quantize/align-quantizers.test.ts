import assert from "node:assert/strict";
import { test } from "node:test";
import { planActivations } from "../../harness/quantize/activation-plan.ts";
import { viewGraph } from "../../harness/quantize/graph-view.ts";
import type { Range } from "../../harness/quantize/grid.ts";
import { findLayers } from "../../harness/quantize/layers.ts";
import { graphOf, parseModel } from "../../harness/quantize/onnx-file.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { type AlignedOperator, alignQuantizers } from "../../harness/quantize/passes/align-quantizers.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { type ModelParts, makeBytes, makeModel, randomFloats, value } from "../fixtures/onnx-models.ts";
import { sha256 } from "../fixtures/run-model.ts";

const COUNT = 60;
const SHAPE = [3, 6, 6];
const items = { count: COUNT, shape: SHAPE, data: randomFloats(COUNT * 108, 5) };
const indices = Array.from({ length: COUNT }, (_, i) => i);

/** Two convolutions whose results differ in size by `ratio`, joined, and a third behind; the joined value is an output too. */
function joinedBy(operator: AlignedOperator, ratio: number): ModelParts {
  const channels = operator === "Concat" ? 8 : 4;
  return {
    inputs: [value("x", ["N", ...SHAPE])],
    outputs: [value("y", ["N", 5, 6, 6]), value("joined", ["N", channels, 6, 6])],
    nodes: [
      makeNode("Conv", ["x", "w1"], ["a"], { name: "small" }),
      makeNode("Conv", ["x", "w2"], ["b"], { name: "large" }),
      operator === "Concat"
        ? makeNode("Concat", ["a", "b"], ["joined"], { attributes: { axis: 1 } })
        : makeNode("Add", ["a", "b"], ["joined"]),
      makeNode("Conv", ["joined", "w3"], ["y"], { name: "last" }),
    ],
    initializers: [
      floatTensor("w1", [4, 3, 1, 1], randomFloats(12, 1)),
      floatTensor(
        "w2",
        [4, 3, 1, 1],
        randomFloats(12, 2).map((weight) => ratio * weight),
      ),
      floatTensor("w3", [5, channels, 1, 1], randomFloats(5 * channels, 3)),
    ],
  };
}

async function quantized(parts: ModelParts, align: readonly AlignedOperator[]) {
  const recipe = { ...resolveRecipe("u8s8"), align };
  const bytes = makeBytes(parts);
  return quantizeModel({ model: bytes, recipe, calibration: { items, indices }, session: inProcessSession, sha256 });
}

async function outputsOf(model: Uint8Array, session: Readonly<Record<string, string>>) {
  // Without fusions, so that what the graph says is what is computed.
  const opened = await inProcessSession.open(model, { optimizationLevel: "disabled", sessionConfig: session });
  const results = await opened.run({ x: { dtype: "float32", dims: [COUNT, ...SHAPE], data: items.data } });
  await opened.close();
  return results;
}

const pairsOf = (model: Uint8Array) =>
  graphOf(parseModel(model))
    .node.filter(({ opType }) => /QuantizeLinear$|quantizeLinear$/i.test(opType))
    .map(({ opType, input, output }) => `${opType} ${input[0]} ${output[0]}`);

test("aligned inputs of a Concat are moved without being rounded again; before they were", async () => {
  const parts = joinedBy("Concat", 3);
  const before = await quantized(parts, []);
  const after = await quantized(parts, ["Concat"]);
  // The joined values before and after their own Q/DQ pair: those of its two inputs, and what comes out.
  const noiseOf = async (made: typeof before) => {
    const model = parseModel(made.model);
    const concat = graphOf(model).node.find(({ opType }) => opType === "Concat");
    graphOf(model).output.push(value(concat?.output[0] ?? "", ["N", 8, 6, 6]));
    const { serializeModel } = await import("../../harness/quantize/onnx-file.ts");
    const results = await outputsOf(serializeModel(model), made.manifest.session);
    const moved = results[concat?.output[0] ?? ""]?.data as Float32Array;
    const joined = results["joined"]?.data as Float32Array;
    return moved.reduce((largest, v, i) => Math.max(largest, Math.abs(v - (joined[i] as number))), 0);
  };
  assert.equal(await noiseOf(after), 0);
  assert.ok((await noiseOf(before)) > 1e-3);
  const scales = after.manifest.activations.filter(({ name }) => ["a", "b", "joined"].includes(name));
  assert.equal(new Set(scales.map(({ scale, zero_point: zero }) => `${scale} ${zero}`)).size, 1);
  assert.deepEqual(pairsOf(after.model), pairsOf(before.model), "counts and wiring of Q/DQ pairs stay");
});

test("values that agree already are answered bit by bit as before", async () => {
  for (const operator of ["Concat", "Add"] as const) {
    // The same weights twice give both sides one range; that of the Concat follows from them.
    const parts = joinedBy(operator, 1);
    const twin = {
      ...parts,
      initializers: (parts.initializers ?? []).map((tensor) =>
        tensor.name === "w2" ? floatTensor("w2", [4, 3, 1, 1], randomFloats(12, 1)) : tensor,
      ),
    };
    const [before, after] = [await quantized(twin, []), await quantized(twin, [operator])];
    assert.equal(sha256(after.model), sha256(before.model));
  }
});

test("aligned inputs of an Add have one grid, its result keeps its own, and the answers stay within a step", async () => {
  const parts = joinedBy("Add", 1.5);
  const [before, after] = [await quantized(parts, []), await quantized(parts, ["Add"])];
  const scaleOf = (made: typeof before, name: string) =>
    made.manifest.activations.find((activation) => activation.name === name)?.scale ?? Number.NaN;
  assert.equal(scaleOf(after, "a"), scaleOf(after, "b"));
  assert.notEqual(scaleOf(before, "a"), scaleOf(before, "b"));
  assert.equal(scaleOf(after, "joined"), scaleOf(before, "joined"));
  const [x, y] = [await outputsOf(before.model, {}), await outputsOf(after.model, {})];
  const joined = (x["joined"]?.data ?? new Float32Array()) as Float32Array;
  const difference = joined.reduce((largest, v, i) => Math.max(largest, Math.abs(v - Number(y["joined"]?.data[i]))), 0);
  assert.ok(difference > 0 && difference < scaleOf(after, "a") + 1.5 * scaleOf(after, "joined"), `${difference}`);
});

test("an input that others read keeps a finer grid of its own, and a float side shares nothing", () => {
  const shared = { ...joinedBy("Concat", 1) };
  const model = makeModel({
    ...shared,
    nodes: [...shared.nodes, makeNode("Conv", ["a", "w4"], ["z"], { name: "other reader" })],
    outputs: [value("y"), value("z")],
    initializers: [...(shared.initializers ?? []), floatTensor("w4", [2, 4, 1, 1], randomFloats(8, 9))],
  });
  const view = viewGraph(graphOf(model));
  const { layers } = findLayers(view);
  const plan = planActivations(view, layers);
  const ranges = new Map<string, Range>(
    [...plan.rangeSource.values()].map((name) => [name, { low: name === "a" ? -1 : -5, high: name === "a" ? 1 : 5 }]),
  );
  const { ranges: widened, aligned } = alignQuantizers(view, plan, ranges, ["Concat"]);
  assert.deepEqual([widened.get("a"), aligned], [{ low: -1, high: 1 }, 0]);
  const close = alignQuantizers(view, plan, new Map(ranges).set("a", { low: -4, high: 4 }), ["Concat"]);
  assert.deepEqual([close.ranges.get("a"), close.aligned], [{ low: -5, high: 5 }, 1]);
  const without = new Map([...plan.rangeSource].filter(([name]) => name !== "b"));
  assert.equal(alignQuantizers(view, { rangeSource: without }, ranges, ["Concat"]).aligned, 0);
});
