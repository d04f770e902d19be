// ONNX Runtime's own Python quantizer beside this one, in one run: ResNet8, the same calibration images, settings and runtime. Both
// models answer the 10,000 CIFAR-10 test images here. Installs onnxruntime and onnx from PyPI into a virtual environment under --venv
// (kept if it is there; default a temporary folder) and writes docs/quantizer/python.v1.json. Both sides may use two threads.
// Usage: node scripts/compare-python.mjs [--rounds 3] [--venv FOLDER] [--out PATH] [recipe ...]
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answer, bounds, compareAnswers, evaluationItems, model, training } from "./resnet8-study.mjs";
import { machine, session, sha256, withEarlierRows, writeArtifact } from "./study.mjs";

const { EXACT_INTEGERS } = await import(new URL("../dist/harness/quantize/exact-integers.js", import.meta.url));
const { tangoTest } = await import(new URL("../dist/harness/stats/index.js", import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    venv: { type: "string" },
    out: { type: "string", default: here("../docs/quantizer/python.v1.json") },
  },
});
const MARGIN = 0.002;
const BATCH = 50;

const minMax = { calibration: "MinMax", per_channel: true, weights: "int8", activations: "uint8", reduce_range: false };
/** Settings that both quantizers have. */
const SETTINGS = [
  { setting: "uint8 activations, int8 weights a channel, MinMax", recipe: "u8s8", python: minMax },
  {
    setting: "uint8 activations, 7-bit weights a channel, MinMax",
    recipe: "u8s7",
    python: { ...minMax, reduce_range: true },
  },
  {
    setting: "uint8 activations, uint8 weights a tensor, MinMax",
    recipe: "u8u8",
    python: { ...minMax, per_channel: false, weights: "uint8" },
  },
  {
    setting: "int8 activations, int8 weights a tensor, MinMax",
    recipe: "s8s8",
    python: { ...minMax, per_channel: false, activations: "int8" },
  },
  {
    setting: "uint8 activations, int8 weights a channel, percentile 99.999",
    recipe: { extends: "u8s8", id: "u8s8-percentile", activations: { calibration: "percentile", percentile: 0.99999 } },
    python: { ...minMax, calibration: "Percentile", extra: { CalibPercentile: 99.999 } },
  },
  {
    setting: "uint8 activations, int8 weights a channel, entropy",
    recipe: { extends: "u8s8", id: "u8s8-entropy", activations: { calibration: "entropy" } },
    python: { ...minMax, calibration: "Entropy" },
  },
  {
    setting: "int8 weights a channel of MatMul and Gemm, dynamic activations",
    recipe: "dynamic-int8",
    mode: "dynamic",
    python: minMax,
  },
];
const nameOf = (recipe) => (typeof recipe === "string" ? recipe : recipe.id);

const folder = mkdtempSync(join(tmpdir(), "quantgate-compare-"));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const python = environment(values.venv ?? join(folder, "venv"));
  const files = { model: join(folder, "model.onnx"), items: join(folder, "items.f32") };
  writeFileSync(files.model, model);
  writeFileSync(files.items, new Uint8Array(Float32Array.from(training.items.data).buffer));
  const test = evaluationItems(false);
  const wanted = SETTINGS.filter(({ recipe }) => positionals.length === 0 || positionals.includes(nameOf(recipe)));
  const rows = [];
  for (const entry of wanted) {
    const { row, versions } = await compare(entry, files, python, test);
    rows.push(row);
    const drop = `${(100 * row.drop.value).toFixed(2)} [${(100 * row.drop.low).toFixed(2)}, ${(100 * row.drop.high).toFixed(2)}]`;
    console.log(
      `${row.setting}: ${row.correct} against Python's ${row.correct_python}, drop ${drop} points, p ${row.p_noninferior.toExponential(1)}; ` +
        `${row.seconds.toFixed(2)} s against ${row.seconds_python.toFixed(2)} s (${row.time_ratio.value.toFixed(1)}x; ` +
        `${row.quantize_ratio.value.toFixed(1)}x without start-up), ` +
        `${Math.round(row.peak_bytes / 1e6)} MB against ${Math.round(row.peak_bytes_python / 1e6)} MB`,
    );
    const artifact = {
      schema_version: "quantgate.quantizer_comparison.v1",
      model_sha256: sha256(model),
      machine: machine(),
      packages: versions,
      rounds: Number(values.rounds),
      margin: MARGIN,
      rows,
    };
    writeArtifact(values.out, "quantizer_comparison.v1", withEarlierRows(values.out, artifact, "setting"));
  }
}

/** The interpreter of a virtual environment with the two packages. */
function environment(venv) {
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(python)) {
    execFileSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", "onnxruntime", "onnx"], { stdio: "inherit" });
  }
  return python;
}

async function compare(entry, files, python, test) {
  const { setting, recipe, mode = "static", python: settings } = entry;
  const { count } = training.items;
  const job = { ...files, count, batch: BATCH, input: "input", recipe, mode, settings: { extra: {}, ...settings } };
  const sides = [
    { name: "node", command: process.execPath, script: here("quantize-once.mjs"), runs: [] },
    { name: "python", command: python, script: here("python_quantizer.py"), runs: [] },
  ];
  const inference = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    if (mode !== "dynamic") inference.push(await inferenceSeconds());
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      const path = join(folder, `${side.name}.json`);
      writeFileSync(path, JSON.stringify({ ...job, output: join(folder, `${side.name}.onnx`) }));
      side.runs.push(run(side.command, [side.script, path]));
    }
  }
  const [ours, theirs] = sides;
  const bytes = sides.map(({ name }) => new Uint8Array(readFileSync(join(folder, `${name}.onnx`))));
  // Both get the exact kernels, so that neither is judged by what saturates on this CPU alone.
  const mine = await answer(bytes[0], { ...EXACT_INTEGERS, ...ours.runs[0].session }, test);
  const other = await answer(bytes[1], EXACT_INTEGERS, test);
  const { b, c, n, correct } = compareAnswers(other, mine);
  const table = { a: correct - c, b, c, d: n - correct - b };
  const middle = (side, key) => median(side.runs.map((one) => one[key]));
  const ratio = (key) => {
    const all = ours.runs.map((one, i) => theirs.runs[i][key] / one[key]);
    return { value: median(all), low: Math.min(...all), high: Math.max(...all) };
  };
  const row = {
    setting,
    recipe: nameOf(recipe),
    calibration_items: mode === "dynamic" ? 0 : count,
    n,
    correct,
    correct_python: correct - c + b,
    b,
    c,
    p_noninferior: tangoTest(table, { difference: MARGIN }).pBelow,
    drop: bounds(compareAnswers(other, mine).drop),
    seconds: middle(ours, "seconds"),
    seconds_python: middle(theirs, "seconds"),
    quantize_seconds: middle(ours, "quantize_seconds"),
    quantize_seconds_python: middle(theirs, "quantize_seconds"),
    inference_seconds: inference.length === 0 ? 0 : median(inference),
    time_ratio: ratio("seconds"),
    quantize_ratio: ratio("quantize_seconds"),
    peak_bytes: middle(ours, "peak_bytes"),
    peak_bytes_python: middle(theirs, "peak_bytes"),
    bytes_on_disk: statSync(join(folder, "node.onnx")).size,
    bytes_on_disk_python: statSync(join(folder, "python.onnx")).size,
  };
  return { row, versions: theirs.runs[0].packages };
}

/** Time of the float model alone over the images, in the batches and with the threads that both sides have. */
async function inferenceSeconds() {
  const opened = await session.open(model, { threads: 2 });
  const { count, data } = training.items;
  const feeds = [];
  for (let first = 0; first < count; first += BATCH) {
    const items = Float32Array.from(data.subarray(first * 3072, (first + BATCH) * 3072));
    feeds.push({ input: { dtype: "float32", dims: [BATCH, 32, 32, 3], data: items } });
  }
  await opened.run(feeds[0]);
  const start = performance.now();
  for (const feed of feeds) await opened.run(feed);
  const seconds = (performance.now() - start) / 1000;
  await opened.close();
  return seconds;
}

function median(numbers) {
  return [...numbers].sort((x, y) => x - y)[numbers.length >> 1];
}

function run(command, args) {
  const start = performance.now();
  const env = { ...process.env, OMP_NUM_THREADS: "2" };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed:\n${stderr}`);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, ...JSON.parse(stdout.trim().split("\n").at(-1)) };
}
