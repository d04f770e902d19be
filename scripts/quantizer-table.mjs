// Measures every recipe on ResNet8 and the 10,000 CIFAR-10 test images: accuracy, b and c against fp32, bytes, kernels, seconds.
// Calibration and every choice use calibration_train_2000.bin only. Usage: node scripts/quantizer-table.mjs [--tuning] [recipe ...]
// A recipe is a name or JSON; JSON with "mixed": {"ladder": [2, 8], "target": {"kind": "bytes", "bytes": 40000}} searches mixed
// precision on the last 400 calibration images, which are then left out of calibration.
// --tuning calibrates on its first 1,600 images and measures on the other 400: the place to compare settings, the test set is not.
// Data: the folder that QUANTGATE_DATA_DIR names. Build first (npm run build).
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { searchMixedPrecision } from "../dist/harness/quantize/mixed-precision.js";
import { quantizeModel } from "../dist/harness/quantize/quantize-model.js";
import { RECIPE_NAMES, resolveRecipe } from "../dist/harness/quantize/recipes.js";
import { inProcessSession } from "../dist/tests/fixtures/in-process-session.js";

const PIXELS = 1024;
const RECORD = 1 + 3 * PIXELS;
const BATCH = 500;
const data = process.env.QUANTGATE_DATA_DIR ?? "data";

/** Records of R, G, B planes to pixels in NHWC order, and labels. */
function readCifar(file) {
  const bytes = readFileSync(`${data}/cifar10/${file}`);
  const count = bytes.length / RECORD;
  const pixels = new Uint8Array(count * 3 * PIXELS);
  const labels = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    labels[n] = bytes[n * RECORD];
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < PIXELS; p++) pixels[n * 3 * PIXELS + 3 * p + c] = bytes[n * RECORD + 1 + c * PIXELS + p];
    }
  }
  return { items: { count, shape: [32, 32, 3], data: pixels }, labels };
}

function lastOf({ items, labels }, count) {
  const from = items.count - count;
  return { items: { ...items, count, data: items.data.subarray(from * 3 * PIXELS) }, labels: labels.subarray(from) };
}

async function predict(model, sessionConfig, items) {
  const session = await inProcessSession.open(model, { threads: 2, optimizationLevel: "all", sessionConfig });
  const answers = new Uint8Array(items.count);
  const scores = new Float32Array(items.count * 10);
  for (let first = 0; first < items.count; first += BATCH) {
    const feed = Float32Array.from(items.data.subarray(first * 3 * PIXELS, (first + BATCH) * 3 * PIXELS));
    const count = feed.length / (3 * PIXELS);
    const { output } = await session.run({ input: { dtype: "float32", dims: [count, 32, 32, 3], data: feed } });
    scores.set(output.data, first * 10);
    for (let n = 0; n < count; n++) {
      let best = 0;
      for (let k = 1; k < 10; k++) if (output.data[n * 10 + k] > output.data[n * 10 + best]) best = k;
      answers[first + n] = best;
    }
  }
  // Batch 1, one thread: median of 300 runs after 50, comparable within this run only.
  await session.close();
  const single = await inProcessSession.open(model, { threads: 1, optimizationLevel: "all", sessionConfig });
  const feed = Float32Array.from(items.data.subarray(0, 3 * PIXELS));
  const times = [];
  for (let run = 0; run < 350; run++) {
    const start = performance.now();
    await single.run({ input: { dtype: "float32", dims: [1, 32, 32, 3], data: feed } });
    if (run >= 50) times.push(performance.now() - start);
  }
  await single.close();
  return { answers, scores, ms: times.sort((a, b) => a - b)[150] };
}

const model = new Uint8Array(readFileSync(`${data}/resnet8/resnet8_fp32.onnx`));
const wanted = process.argv.slice(2).filter((argument) => argument !== "--tuning");
const tuning = process.argv.includes("--tuning");
const training = readCifar("calibration_train_2000.bin");
const calibrationItems = training.items;
const { items, labels } = tuning ? lastOf(training, 400) : readCifar("test.bin");
const indices = Array.from({ length: tuning ? 1600 : calibrationItems.count }, (_, i) => i);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const reference = await predict(model, {}, items);
const right = (answers) => answers.reduce((sum, answer, i) => sum + (answer === labels[i] ? 1 : 0), 0);
console.log(`fp32: ${right(reference.answers)} of ${items.count} right, ${reference.ms.toFixed(3)} ms at batch 1`);
console.log(
  "| recipe | top-1 % | b/c | KL | speed | bytes | packed | kernels n/e/s | ops | seconds |\n|---|---|---|---|---|---|---|---|---|---|",
);
for (const name of wanted.length > 0 ? wanted : RECIPE_NAMES) {
  const { mixed, ...spec } = name.startsWith("{") ? JSON.parse(name) : { extends: name, id: name };
  let recipe = resolveRecipe(spec);
  const start = performance.now();
  const request = {
    model,
    recipe,
    calibration: { items: calibrationItems, indices: mixed ? indices.slice(0, 1600) : indices },
    session: inProcessSession,
    threads: 2,
    sha256,
  };
  let made;
  if (mixed) {
    const held = { items: calibrationItems, indices: Array.from({ length: 400 }, (_, i) => 1600 + i) };
    made = await searchMixedPrecision({ ...request, ...mixed, tuning: held });
    recipe = made.recipe;
    for (const step of made.steps)
      console.error(`  ${step.promoted} ${step.bits} ${step.bytes_packed} ${step.quality.toFixed(3)}`);
  } else made = await quantizeModel(request);
  const { model: result, manifest } = made;
  const seconds = (performance.now() - start) / 1000;
  const { answers, scores, ms } = await predict(result, recipe.session, items);
  let b = 0;
  let c = 0;
  for (let i = 0; i < items.count; i++) {
    const before = reference.answers[i] === labels[i];
    const after = answers[i] === labels[i];
    if (before && !after) b++;
    if (!before && after) c++;
  }
  // Mean divergence of the class probabilities from fp32's: finer than accuracy on few images.
  let divergence = 0;
  for (let i = 0; i < scores.length; i++) {
    const p = reference.scores[i];
    if (p > 0) divergence += (p * Math.log(p / Math.max(scores[i], 1e-12))) / items.count;
  }
  const { native, emulated, skipped } = manifest.kernels;
  const ops = {};
  for (const { kernel_op: op } of manifest.layers) ops[op] = (ops[op] ?? 0) + 1;
  console.log(
    `| ${recipe.id} | ${((100 * right(answers)) / items.count).toFixed(2)} | ${b}/${c} | ${divergence.toFixed(5)} | ${(reference.ms / ms).toFixed(2)}x | ${manifest.bytes_on_disk} | ${manifest.bytes_packed} | ${native}/${emulated}/${skipped} | ${JSON.stringify(ops)} | ${seconds.toFixed(1)} |`,
  );
}
