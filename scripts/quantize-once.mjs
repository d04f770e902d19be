// Quantizes ResNet8 once by the recipe of a job file and prints what it took as JSON: the other side of python_quantizer.py.
import { readFileSync, writeFileSync } from "node:fs";
import { peakBytes } from "./peak-bytes.mjs";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { quantizeModel } = await compiled("harness/quantize/quantize-model.js");
const { resolveRecipe } = await compiled("harness/quantize/recipes.js");
const { sha256 } = await compiled("harness/platform/digest.js");
const { inProcessSession } = await compiled("tests/fixtures/in-process-session.js");

const start = performance.now();
const bytes = readFileSync(job.items);
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const { model, manifest } = await quantizeModel({
  model: new Uint8Array(readFileSync(job.model)),
  recipe: resolveRecipe(job.recipe),
  calibration: {
    items: { count: data.length / 3072, shape: [32, 32, 3], data },
    indices: Array.from({ length: job.count }, (_, i) => i),
  },
  session: inProcessSession,
  threads: 2,
  sha256,
});
writeFileSync(job.output, model);
const report = {
  quantize_seconds: (performance.now() - start) / 1000,
  peak_bytes: peakBytes(),
  session: manifest.session,
};
console.log(JSON.stringify(report));
