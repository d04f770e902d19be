// Tables of docs/quantizer.md, read off the committed artifacts. A figure that is not there is said to be missing.
import { existsSync, readFileSync } from "node:fs";

const points = (share, digits = 2) => (100 * share).toFixed(digits);
const interval = ({ value, low, high }, show = (x) => x.toFixed(2)) => `${show(value)} [${show(low)}, ${show(high)}]`;
const seconds = (s) => (s < 10 ? s.toFixed(1) : String(Math.round(s)));
const ratio = ({ value, low, high }) => `${value.toFixed(1)}x [${low.toFixed(1)}, ${high.toFixed(1)}]`;
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
const layers = ({ native, emulated, skipped }) => `${native} / ${emulated} / ${skipped}`;

/** The generated blocks; `table` lays out Markdown rows. */
export function quantizerBlocks(folder, recipeNames, table) {
  const read = (name) => {
    const path = new URL(`${name}.v1.json`, folder);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  };
  const of = (name, command, rows) => () => {
    const artifact = read(name);
    return artifact === undefined ? [`Not measured yet: \`${command}\`.`] : rows(artifact);
  };
  return {
    "quantizer-recipes": of("resnet8", "node scripts/quantizer-table.mjs", (artifact) => [
      ...recipeTable(artifact, table),
      ...missing(artifact, recipeNames),
      "",
      place(artifact),
    ]),
    "quantizer-targets": of("resnet8", "node scripts/quantizer-table.mjs", (artifact) => targetTable(artifact, table)),
    "quantizer-tuning": of(
      "tuning",
      "node scripts/quantizer-table.mjs --tuning --out docs/quantizer/tuning.v1.json",
      (artifact) => tuningTable(artifact, table),
    ),
    "quantizer-python": of("python", "node scripts/compare-python.mjs", (artifact) => [
      ...pythonTable(artifact, table),
      "",
      `Rounds: ${artifact.rounds}. ${place(artifact)}`,
    ]),
    "quantizer-models": of("models", "node scripts/quantizer-models.mjs", (artifact) => [
      ...modelTable(artifact, table),
      "",
      ...cleanTable(artifact, table),
      "",
      place(artifact),
    ]),
    "quantizer-streaming": of("streaming", "node scripts/stream-large.mjs", (artifact) => [
      ...streamingTable(artifact, table),
      "",
      place(artifact),
    ]),
  };
}

function recipeTable({ rows }, table) {
  return table(
    [
      "recipe",
      "top-1 % [95 %]",
      "b / c",
      "drop, points [90 %]",
      "bytes",
      "packed",
      "speed [90 %]",
      "native / emulated / float",
      "s",
    ],
    rows.map((row) => [
      row.recipe,
      interval(row.accuracy, points),
      `${row.b} / ${row.c}`,
      interval(row.drop, points),
      row.bytes_on_disk.toLocaleString("en-US"),
      row.bytes_packed.toLocaleString("en-US"),
      `${row.speed.value.toFixed(2)}x [${row.speed.low.toFixed(2)}, ${row.speed.high.toFixed(2)}]`,
      layers(row.kernels),
      `${seconds(row.seconds)} (${seconds(row.cpu_seconds)} CPU)`,
    ]),
  );
}

const EIGHT_BITS = ["u8s8", "u8s8-corrected", "u8s7", "u8u8", "s8s8", "w8a16"];
const BY_GPTQ = ["w6a8", "w5a8", "w4a16", "w4a8", "w3a8", "w2a16", "w2a8"];

/** What was asked of the recipes before they were measured on the test images: recipe, what, limit, whether more is better, value. */
const TARGETS = [
  ["u8s8", "top-1 %", 87.0, true, topOne],
  ["u8s8", "b + c", 130, false, (row) => row.b + row.c],
  ["u8s8", "QLinearConv of 9", 9, true, (row) => row.kernel_ops["com.microsoft.QLinearConv"] ?? 0],
  ["u8s8", "kB", 94, false, (row) => row.bytes_on_disk / 1000],
  ["u8s8", "speed", 1.5, true, (row) => row.speed.value],
  ["u8s8-corrected", "b + c", 90, false, (row) => row.b + row.c],
  ["u8u8", "top-1 %", 86.6, true, topOne],
  ["w8a16", "top-1 %", 87.1, true, topOne],
  ["w4a8", "top-1 %", 86.3, true, topOne],
  ["w4a8-mixed", "top-1 %", 86.7, true, topOne],
  ["w4a16", "top-1 %", 86.3, true, topOne],
  ["w4a16", "kB", 46, false, (row) => row.bytes_on_disk / 1000],
  ["w3a8", "top-1 %", 85.3, true, topOne],
  ["w3a8-mixed", "top-1 %", 86.1, true, topOne],
  ["w2a8", "top-1 %", 78, true, topOne],
  ["w2a8-mixed", "top-1 %", 84, true, topOne],
];

function topOne(row) {
  return 100 * row.accuracy.value;
}

function targetTable({ rows }, table) {
  const line = (subject, what, limit, isMore, value) => {
    const met = value === undefined ? "not measured" : (isMore ? value >= limit : value <= limit) ? "yes" : "**no**";
    const shown = value === undefined ? "–" : String(Math.round(100 * value) / 100);
    return [subject, what, `${isMore ? "≥" : "≤"} ${limit}`, shown, met];
  };
  const slowest = (names) => {
    const own = rows.filter(({ recipe }) => names.includes(recipe));
    return own.length === 0 ? undefined : Math.max(...own.map((row) => row.seconds));
  };
  const lines = TARGETS.map(([recipe, what, limit, isMore, of]) => {
    const row = rows.find((one) => one.recipe === recipe);
    return line(recipe, what, limit, isMore, row && of(row));
  });
  lines.push(line("8-bit recipes, slowest", "seconds", 5, false, slowest(EIGHT_BITS)));
  lines.push(line("recipes by GPTQ, slowest", "seconds", 25, false, slowest(BY_GPTQ)));
  return table(["recipe", "what", "target", "reached", "met"], lines);
}

function tuningTable({ rows }, table) {
  const byName = [...rows].sort((a, b) => (a.recipe < b.recipe ? -1 : 1));
  return table(
    ["setting", "top-1 %, 400 images", "b / c", "divergence from fp32", "CPU s"],
    byName.map((row) => [
      row.recipe,
      points(row.accuracy.value),
      `${row.b} / ${row.c}`,
      row.divergence.toFixed(5),
      seconds(row.cpu_seconds),
    ]),
  );
}

function missing({ rows }, names) {
  const absent = names.filter((name) => !rows.some((row) => row.recipe === name));
  return absent.length === 0 ? [] : ["", `Not measured in this run: ${absent.join(", ")}.`];
}

function pythonTable({ rows, margin }, table) {
  return table(
    [
      "setting",
      "right, here",
      "right, Python",
      "drop, points [90 %]",
      `p (δ ${points(margin, 1)})`,
      "whole process, here / Python",
      "ratio",
      "quantizing alone",
      "ratio",
      "inference alone",
      "peak memory, here / Python",
    ],
    rows.map((row) => [
      row.setting,
      String(row.correct),
      String(row.correct_python),
      interval(row.drop, points),
      row.p_noninferior < 0.001 ? "< .001" : row.p_noninferior.toFixed(3),
      `${seconds(row.seconds)} / ${seconds(row.seconds_python)} s`,
      ratio(row.time_ratio),
      `${seconds(row.quantize_seconds)} / ${seconds(row.quantize_seconds_python)} s`,
      row.quantize_ratio === undefined ? "" : ratio(row.quantize_ratio),
      row.inference_seconds === undefined
        ? ""
        : row.inference_seconds === 0
          ? "none"
          : `${seconds(row.inference_seconds)} s`,
      `${megabytes(row.peak_bytes)} / ${megabytes(row.peak_bytes_python)}`,
    ]),
  );
}

function modelTable({ rows }, table) {
  return table(
    ["model", "recipe", "agreement", "speed [90 %]", "bytes", "native / emulated / float", "s"],
    rows.flatMap((row) =>
      row.recipes.map((one) => [
        row.model,
        one.recipe,
        `${one.agreement.toFixed(4)} (${row.measure})`,
        `${one.speed.value.toFixed(2)}x [${one.speed.low.toFixed(2)}, ${one.speed.high.toFixed(2)}]`,
        `${points(one.bytes_on_disk / row.source_bytes, 0)} %`,
        layers(one.kernels),
        seconds(one.seconds),
      ]),
    ),
  );
}

function cleanTable({ rows }, table) {
  return table(
    ["clean-up alone", "opset", "nodes", "largest difference of an output", "largest output"],
    rows.map(({ model, clean }) => [
      model,
      `${clean.opset_before} → ${clean.opset_after}`,
      `${clean.nodes_before} → ${clean.nodes_after}`,
      clean.max_difference === 0 ? "0" : clean.max_difference.toExponential(1),
      clean.largest_output.toPrecision(3),
    ]),
  );
}

function streamingTable({ rows }, table) {
  return table(
    ["recipe", "external data", "largest tensor", "written", "peak memory / limit", "native / emulated / float", "s"],
    rows.map((row) => [
      row.recipe,
      megabytes(row.external_bytes),
      megabytes(row.largest_tensor_bytes),
      megabytes(row.written_bytes),
      `${megabytes(row.peak_bytes)} / ${megabytes(row.limit_bytes)}`,
      layers(row.kernels),
      seconds(row.seconds),
    ]),
  );
}

function place({ machine }) {
  const dot = machine.integer_dot_product === false ? ", no VNNI" : machine.integer_dot_product ? ", VNNI" : "";
  return `Measured on ${machine.cores} cores of ${machine.cpu}${dot}, Node ${machine.node}, at a load of up to ${machine.load_average}.`;
}
