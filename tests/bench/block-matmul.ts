import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { floatTensor } from "../../harness/quantize/tensor-values.ts";
import { hodgesLehmann } from "../../harness/stats/index.ts";
import { bellWeights } from "../fixtures/bell-weights.ts";
import { inProcessSession } from "../fixtures/in-process-session.ts";
import { makeBytes, randomFloats, value } from "../fixtures/onnx-models.ts";
import { sha256 } from "../fixtures/run-model.ts";

const SIZE = 4096;
const BLOCKS = 15;
const CALLS = 9;

/** A 4096 x 4096 MatMul at batch 1 on one thread: blocks of 32 against fp32, measured in turn, and what the weights kept. */
export async function bench(): Promise<void> {
  const model = makeBytes({
    inputs: [value("x", ["N", SIZE])],
    outputs: [value("y", ["N", SIZE])],
    nodes: [makeNode("MatMul", ["x", "w"], ["y"], { name: "m" })],
    initializers: [floatTensor("w", [SIZE, SIZE], bellWeights(SIZE))],
  });
  const feeds = { x: { dtype: "float32", dims: [1, SIZE], data: randomFloats(SIZE, 1) } } as const;
  for (const name of ["int4-block32", "int8-block32", "int2-block32"]) {
    const { model: packed, manifest } = await quantizeModel({
      model,
      recipe: resolveRecipe(name),
      session: inProcessSession,
      sha256,
    });
    const sides = [await inProcessSession.open(model), await inProcessSession.open(packed)] as const;
    const logs: number[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      const times = [0, 0];
      for (const side of block % 2 === 0 ? [0, 1] : [1, 0]) {
        const samples: number[] = [];
        for (let call = 0; call < CALLS; call++) {
          const start = performance.now();
          await sides[side as 0 | 1].run(feeds);
          samples.push(performance.now() - start);
        }
        times[side] = samples.sort((a, b) => a - b)[CALLS >> 1] as number;
      }
      logs.push(Math.log((times[0] as number) / (times[1] as number)));
    }
    for (const session of sides) await session.close();
    const { value: ratio, low, high } = hodgesLehmann(logs, { level: 0.9 });
    const [middle, from, to] = [ratio ?? Number.NaN, low, high].map((log) => Math.exp(log).toFixed(1));
    const [layer] = manifest.layers;
    console.log(
      `${name}, ${SIZE} x ${SIZE}, batch 1, one thread: ${middle}x fp32 [${from}, ${to}] (90 %, ${BLOCKS} blocks), ` +
        `weights ${layer?.weight_sqnr_db?.toFixed(2)} dB, ${layer?.kernel_op}`,
    );
  }
}
