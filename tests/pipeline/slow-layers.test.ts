import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { layerProfiler } from "../../harness/pipeline/slow-layers.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, randomFloats, value } from "../fixtures/onnx-models.ts";
import { sha256 } from "../fixtures/run-model.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const WIDTH = 64;
const items = { count: 40, shape: [WIDTH], data: randomFloats(40 * WIDTH, 5) };

/** Two matrices; the second has so many columns. */
const twoLayers = (columns: number) =>
  makeBytes({
    inputs: [value("x", ["N", WIDTH])],
    outputs: [value("y", ["N", columns])],
    nodes: [
      makeNode("MatMul", ["x", "w1"], ["h"], { name: "first" }),
      makeNode("Relu", ["h"], ["r"]),
      makeNode("MatMul", ["r", "w2"], ["y"], { name: "second" }),
    ],
    initializers: [
      floatTensor("w1", [WIDTH, WIDTH], randomFloats(WIDTH * WIDTH, 1)),
      floatTensor("w2", [WIDTH, columns], randomFloats(WIDTH * columns, 2)),
    ],
  });

test("the layer that takes longer than the original's is named first, and what conversions take is told apart", async (t) => {
  const folder = await scratchFolder(t);
  const original = { path: join(folder, "small.onnx"), bytes: twoLayers(16) };
  writeFileSync(original.path, original.bytes);
  // A second layer a thousand times as large: slower beyond any doubt, quantized or not.
  const indices = Array.from({ length: items.count }, (_, i) => i);
  const { model, manifest } = await quantizeModel({
    model: twoLayers(16_384),
    recipe: resolveRecipe("u8s8"),
    calibration: { items, indices },
    session: inProcessSession,
    sha256,
  });
  assert.ok(
    manifest.layers.every(({ kernel_node: node }) => node !== null),
    "every layer's node is known",
  );
  const path = join(folder, "large.onnx");
  writeFileSync(path, model);
  const profile = await layerProfiler({ original, items, session: inProcessSession });
  const slow = await profile({ path, sessionConfig: manifest.session, layers: manifest.layers });
  const [worst] = slow.layers;
  assert.deepEqual([worst?.name, worst?.kernel], ["second", "native"]);
  assert.ok((worst?.seconds ?? 0) > (worst?.original_s ?? 1));
  assert.ok(slow.conversions_s > 0, "its input is quantized at every run");
});
