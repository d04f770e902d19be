// Quantizes a generated model with more than 2 GB of external data as `quantgate quantize` does, tensor by tensor, and checks peak memory:
// it has to stay under twice the largest tensor plus a fixed budget. The data file is sparse but for a row a tensor, and is deleted
// afterwards. Each recipe has a process of its own. Writes docs/quantizer/streaming.v1.json, keeping the rows of other recipes that are
// there. Exits 1 over the limit.
// Usage: node scripts/stream-large.mjs [--tensors 9] [--size 8192] [--out PATH] [recipe ...]
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { peakBytes } from "./peak-bytes.mjs";
import { machine, withEarlierRows, writeArtifact } from "./study.mjs";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { quantize } = await compiled("harness/pipeline/quantize.js");
const { largeModel } = await compiled("tests/fixtures/large-model.js");

/** Node itself, the graph, buffers of files and what the collector has not freed yet. */
const BUDGET = 256 * 2 ** 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tensors: { type: "string", default: "9" },
    size: { type: "string", default: "8192" },
    folder: { type: "string" },
    out: { type: "string", default: fileURLToPath(new URL("../docs/quantizer/streaming.v1.json", import.meta.url)) },
  },
});
const [tensors, size] = [Number(values.tensors), Number(values.size)];

if (values.folder !== undefined) await one(values.folder, positionals[0]);
else all(positionals.length > 0 ? positionals : ["w8a16", "int8-block32", "int4-block32"]);

/** In a process of its own: peak memory is the process's. */
async function one(folder, recipe) {
  const start = performance.now();
  const [made] = await quantize({ model: join(folder, "model.onnx"), recipes: [recipe], outDir: join(folder, "made") });
  const seconds = (performance.now() - start) / 1000;
  const peak = peakBytes();
  const { bytes_on_disk: written, kernels } = made.manifest;
  console.log(JSON.stringify({ peak, seconds, written, kernels }));
}

function all(recipes) {
  const folder = mkdtempSync(join(tmpdir(), "quantgate-large-"));
  try {
    const { graph, bytes, row } = largeModel(tensors, size);
    writeFileSync(join(folder, "model.onnx"), graph);
    const file = openSync(join(folder, "weights.bin"), "w");
    ftruncateSync(file, bytes);
    for (let t = 0; t < tensors; t++) writeSync(file, row, 0, row.length, t * 4 * size * size);
    closeSync(file);
    const largest = 4 * size * size;
    const rows = recipes.map((recipe) => {
      const args = ["--folder", folder, recipe];
      const text = execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { encoding: "utf8" });
      const { peak, seconds, written, kernels } = JSON.parse(text.trim().split("\n").at(-1));
      rmSync(join(folder, "made"), { recursive: true, force: true });
      return {
        recipe,
        tensors,
        external_bytes: bytes,
        largest_tensor_bytes: largest,
        written_bytes: written,
        peak_bytes: peak,
        limit_bytes: 2 * largest + BUDGET,
        kernels,
        seconds,
      };
    });
    const mb = (n) => `${Math.round(n / 1e6)} MB`;
    for (const one of rows) {
      console.log(
        `${mb(bytes)} of external data in ${tensors} tensors of ${mb(largest)}, ${one.recipe}: ${mb(one.written_bytes)} written, ` +
          `peak memory ${mb(one.peak_bytes)} of ${mb(one.limit_bytes)} allowed, ${one.seconds.toFixed(1)} s`,
      );
      if (one.peak_bytes > one.limit_bytes) process.exitCode = 1;
    }
    const artifact = {
      schema_version: "quantgate.quantizer_streaming.v1",
      budget_bytes: BUDGET,
      machine: machine(),
      rows,
    };
    writeArtifact(values.out, "quantizer_streaming.v1", withEarlierRows(values.out, artifact, "recipe"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
