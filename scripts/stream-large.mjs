// Quantizes a generated model with more than 2 GB of external data, tensor by tensor, and checks peak memory: it has to stay under
// twice the largest tensor plus a fixed budget. The data file is sparse but for a row a tensor. Usage: node scripts/stream-large.mjs
// [--tensors 9] [--size 8192] [--recipe w8a16]; Exits 1 over the limit.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { quantizeExternal } = await compiled("harness/pipeline/quantize-external.js");
const { resolveRecipe } = await compiled("harness/quantize/recipes.js");
const { largeModel } = await compiled("tests/fixtures/large-model.js");

/** Node itself, the graph, buffers of files and what the collector has not freed yet. */
const BUDGET = 256 * 2 ** 20;

const { values } = parseArgs({
  options: {
    tensors: { type: "string", default: "9" },
    size: { type: "string", default: "8192" },
    recipe: { type: "string", default: "w8a16" },
  },
});
const [tensors, size] = [Number(values.tensors), Number(values.size)];
const folder = mkdtempSync(join(tmpdir(), "quantgate-large-"));
try {
  const { graph, bytes, row } = largeModel(tensors, size);
  const path = join(folder, "model.onnx");
  writeFileSync(path, graph);
  const file = openSync(join(folder, "weights.bin"), "w");
  ftruncateSync(file, bytes);
  for (let t = 0; t < tensors; t++) writeSync(file, row, 0, row.length, t * 4 * size * size);
  closeSync(file);
  const start = performance.now();
  const job = { modelPath: path, graph, recipe: resolveRecipe(values.recipe), stem: join(folder, "out") };
  const made = await quantizeExternal(job);
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS * 1024;
  const limit = 2 * 4 * size * size + BUDGET;
  const mb = (n) => `${Math.round(n / 1e6)} MB`;
  console.log(
    `${mb(bytes)} of external data in ${tensors} tensors of ${mb(4 * size * size)}, ${values.recipe}: ${mb(statSync(made.dataPath).size)} written, ` +
      `peak memory ${mb(peak)} of ${mb(limit)} allowed, ${seconds.toFixed(1)} s`,
  );
  if (peak > limit) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
