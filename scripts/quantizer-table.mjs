// Measures every named recipe, and mixed precision, on ResNet8 and the 10,000 CIFAR-10 test images, and writes
// docs/quantizer/resnet8.v1.json. Calibration and every choice use the 2,000 training images only; mixtures are chosen on the last
// 400 of them, which then do not calibrate. Usage: node scripts/quantizer-table.mjs [--tuning] [--out PATH] [recipe ...]
// A recipe is a name or JSON; "mixed" in it searches mixed precision. Speeds are taken at the end, of all rows in turn. Rows of recipes
// that are not named stay as they are. --tuning measures on the 400 images after calibrating on the 1,600, and writes nothing unless --out says where.
// --timing quantizes the rows of the file again, takes their times anew (on a quiet machine) and leaves everything else as it is.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answer, compareAnswers, evaluationItems, model, speeds, TUNING_ITEMS, training } from "./resnet8-study.mjs";
import { machine, range, session, sha256, withEarlierRows, writeArtifact } from "./study.mjs";

const compiled = (path) => import(new URL(`../dist/harness/quantize/${path}`, import.meta.url));
const { searchMixedPrecision } = await compiled("mixed-precision.js");
const { quantizeModel } = await compiled("quantize-model.js");
const { RECIPE_NAMES, resolveRecipe } = await compiled("recipes.js");
const { threadedRounding } = await import(new URL("../dist/harness/pipeline/threaded-rounding.js", import.meta.url));
const { QUANTIZER_REVISION } = await compiled("revision.js");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tuning: { type: "boolean", default: false },
    timing: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const out =
  values.out ??
  (!values.tuning ? fileURLToPath(new URL("../docs/quantizer/resnet8.v1.json", import.meta.url)) : undefined);

/** Each mixture may be as large as one more bit everywhere; seven bits at the top need no slower kernels without VNNI. */
const MIXTURES = [
  { extends: "w4a8", id: "w4a8-mixed", mixed: { ladder: [4, 7], target: { kind: "bytes", bytes: 61_961 } } },
  { extends: "w3a8", id: "w3a8-mixed", mixed: { ladder: [3, 7], target: { kind: "bytes", bytes: 52_291 } } },
  { extends: "w2a8", id: "w2a8-mixed", mixed: { ladder: [2, 3, 4, 7], target: { kind: "bytes", bytes: 42_621 } } },
];
const wanted = positionals.length > 0 ? positionals.map(parseRecipe) : [...RECIPE_NAMES.map(parseRecipe), ...MIXTURES];

function parseRecipe(text) {
  const mixture = MIXTURES.find(({ id }) => id === text);
  return mixture ?? (text.startsWith("{") ? JSON.parse(text) : { extends: text, id: text });
}

const test = evaluationItems(values.tuning);
/** Rows of the table, each with its model: { row, made }. */
const measured = [];
if (values.timing) {
  await takeTimes();
  process.exit(0);
}
const reference = await answer(model, {}, test);
console.log("| recipe | top-1 % | b/c | divergence | bytes | packed | n/e/s | s | CPU s |");
for (const { mixed, ...spec } of wanted) {
  const one = await measure(resolveRecipe(spec), mixed);
  measured.push(one);
  const { row } = one;
  const { native, emulated, skipped } = row.kernels;
  const cells = [
    row.recipe,
    (100 * row.accuracy.value).toFixed(2),
    `${row.b}/${row.c}`,
    row.divergence.toFixed(5),
    row.bytes_on_disk,
    row.bytes_packed,
    `${native}/${emulated}/${skipped}`,
    row.seconds.toFixed(1),
    row.cpu_seconds.toFixed(1),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
await takeSpeeds();
if (out !== undefined) save();

async function takeSpeeds() {
  const models = measured.map(({ made }) => ({ bytes: made.model, sessionConfig: made.manifest.session }));
  for (const [i, speed] of (await speeds(models, test.items)).entries()) {
    const { row } = measured[i];
    row.speed = speed;
    console.log(`${row.recipe}: ${speed.value.toFixed(2)}x [${speed.low.toFixed(2)}, ${speed.high.toFixed(2)}]`);
  }
}

function save() {
  const artifact = {
    schema_version: "quantgate.quantizer_table.v1",
    model: "resnet8/resnet8_fp32.onnx",
    model_sha256: sha256(model),
    source_bytes: model.length,
    evaluation: values.tuning ? "tuning split" : "CIFAR-10 test set",
    calibration_items: training.items.count - (values.tuning ? TUNING_ITEMS : 0),
    tuning_items: TUNING_ITEMS,
    quantizer_revision: QUANTIZER_REVISION,
    machine: machine(),
    rows: measured.map(({ row }) => row),
  };
  const merged = withEarlierRows(out, artifact, "recipe");
  const order = [...RECIPE_NAMES, ...MIXTURES.map(({ id }) => id)];
  merged.rows.sort((x, y) => order.indexOf(x.recipe) - order.indexOf(y.recipe));
  writeArtifact(out, "quantizer_table.v1", merged);
}

async function make(recipe, mixed) {
  const calibrating = training.items.count - TUNING_ITEMS;
  const held = mixed !== undefined || values.tuning;
  const calibration = { items: training.items, indices: range(0, held ? calibrating : training.items.count) };
  const tuning = { items: training.items, indices: range(calibrating, training.items.count) };
  const roundRows = threadedRounding({ threads: 2 });
  const request = { model, recipe, calibration, session, threads: 2, roundRows, sha256 };
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const made = await (mixed === undefined
    ? quantizeModel(request)
    : searchMixedPrecision({ ...request, ...mixed, tuning }));
  const used = process.cpuUsage(cpu);
  return { made, seconds: (performance.now() - start) / 1000, cpu_seconds: (used.user + used.system) / 1e6 };
}

/** Times of rows that are there, each model made again and seen to be the one that was measured. */
async function takeTimes() {
  const artifact = JSON.parse(readFileSync(out, "utf8"));
  const named = new Map(wanted.map((spec) => [spec.id, spec]));
  for (const row of artifact.rows) {
    const { mixed, ...recipe } = named.get(row.recipe) ?? {};
    // Without being asked for, a search is not repeated for its time.
    if (recipe.id === undefined || (mixed !== undefined && positionals.length === 0)) continue;
    const { made, seconds, cpu_seconds } = await make(resolveRecipe(recipe), mixed);
    if (sha256(made.model) !== row.sha256) throw new Error(`${row.recipe} is not the measured model`);
    measured.push({ row: Object.assign(row, { seconds, cpu_seconds }), made });
  }
  await takeSpeeds();
  const now = machine();
  const isWhole = measured.length === artifact.rows.length;
  const load = isWhole ? now.load_average : Math.max(now.load_average, artifact.machine.load_average);
  writeArtifact(out, "quantizer_table.v1", { ...artifact, machine: { ...now, load_average: load } });
}

async function measure(recipe, mixed) {
  const { made, seconds, cpu_seconds } = await make(recipe, mixed);
  const { manifest } = made;
  const kernelOps = {};
  for (const { kernel_op: op } of manifest.layers) if (op !== null) kernelOps[op] = (kernelOps[op] ?? 0) + 1;
  const row = {
    recipe: mixed === undefined ? recipe.id : recipe.id.replace(/-mixed-mixed$/, "-mixed"),
    settings: manifest.recipe,
    ...compareAnswers(reference, await answer(made.model, manifest.session, test)),
    sha256: sha256(made.model),
    bytes_on_disk: manifest.bytes_on_disk,
    bytes_packed: manifest.bytes_packed,
    kernels: manifest.kernels,
    kernel_ops: kernelOps,
    layer_bits: manifest.layers.map(({ bits }) => bits),
    seconds,
    cpu_seconds,
  };
  return { row, made };
}
