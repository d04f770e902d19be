// Fills the generated parts of docs/*.md (between `<!-- generated:NAME -->` and `<!-- /generated -->`) from the schemas and the
// compiled code. With --check: fails when a committed file differs. Needs dist/ (run the build first).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { certificateBlocks } from "./certificate-tables.mjs";
import { quantizerBlocks } from "./quantizer-blocks.mjs";
import { statsReference } from "./stats-api.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = (path) => import(new URL(`../dist/harness/${path}`, import.meta.url));
const check = process.argv.includes("--check");

const schema = JSON.parse(readFileSync(join(root, "schemas/config.v1.schema.json"), "utf8"));
const { DEFAULTS } = await dist("plan/defaults.js");
const { GATE_PRESETS } = await dist("plan/gate-presets.js");
const { resolveGates } = await dist("plan/resolve-gates.js");
const { RECIPE_NAMES, resolveRecipe } = await dist("quantize/recipes.js");
const { frameworkSection } = await dist("report/markdown-frameworks.js");
const { ERROR_CODES } = await dist("domain/errors.js");
const { REASONS, FINDINGS, RUN_QUALITY_REASONS } = await dist("domain/codes.js");
const { METRICS } = await dist("domain/metric.js");
const { PROFILES, PROFILE_VARIABLES } = await dist("quantize/deployment-profile.js");
const profileSchema = JSON.parse(readFileSync(join(root, "schemas/profile.v1.schema.json"), "utf8"));

/**
 * Defaults that live beside the code that uses them, by section: plan/expand-cells.ts (role), plan/resolve-gates.ts (a new gate),
 * datasets/image-folder.ts. A `default` in the schema wins.
 */
const ROLE = { role: "candidate", kind: "recipe" };
const NEW_GATE = { tier: "advisory", enabled: true };
/** Said in place of a default where a field that is left out stays as the base recipe has it. */
const OF_BASE = "the base's";
const IMAGE_FOLDER = { resize: "stretch", pad_value: 114, crop_fraction: 1, color: "rgb", layout: "nchw" };

/** Objects that have a section of their own; a field of that type points to it. */
const SECTIONS = [
  ["models[]", schema.properties.models.items],
  ["quants[]: a recipe", schema.$defs.recipe_quant, ROLE],
  ["quants[].recipe: an object", schema.$defs.recipe_patch, OF_BASE],
  ["quants[].recipe.weights", schema.$defs.recipe_weights, OF_BASE],
  ["quants[].recipe.activations", schema.$defs.recipe_activations, OF_BASE],
  ["quants[].recipe.overrides[]", schema.$defs.recipe_override],
  ["quants[]: a file", schema.$defs.external_quant, ROLE],
  ["quants[]: PyTorch", schema.$defs.pytorch_quant, ROLE],
  ["quants[]: simulated", schema.$defs.simulated_quant, ROLE],
  ["runtime", schema.properties.runtime, DEFAULTS.runtime],
  ["dataset: items", schema.$defs.items_dataset],
  ["dataset: cifar10-binary", schema.$defs.cifar10_dataset],
  ["dataset: image-folder", schema.$defs.folder_dataset, IMAGE_FOLDER],
  ["dataset: npy", schema.$defs.npy_dataset],
  ["dataset: simulated", schema.$defs.simulated_dataset],
  ["normalize", schema.$defs.normalize],
  ["calibration", schema.properties.calibration, DEFAULTS.calibration],
  ["prepare[]", schema.$defs.prepare_step, DEFAULTS.prepare],
  ["warmup", schema.properties.warmup, DEFAULTS.warmup],
  ["latency", schema.properties.latency, DEFAULTS.latency],
  ["canary", schema.properties.canary, DEFAULTS.canary],
  ["run_quality", schema.properties.run_quality, DEFAULTS.run_quality],
  ["stop", schema.properties.stop, DEFAULTS.stop],
  ["telemetry", schema.properties.telemetry, DEFAULTS.telemetry],
  ["telemetry.cool_down", schema.properties.telemetry.properties.cool_down, DEFAULTS.cool_down],
  ["gates[]", schema.$defs.gate_override, NEW_GATE],
  ["sidecar", schema.properties.sidecar, DEFAULTS.sidecar],
  ["frontier", schema.properties.frontier, DEFAULTS.frontier],
];

const BLOCKS = {
  ...certificateBlocks(new URL("../docs/certificates/", import.meta.url), (...args) => table(...args)),
  "stats-api": () => statsReference(join(root, "dist/harness/stats")),
  "frameworks-table": () => frameworksTable(),
  ...quantizerBlocks(new URL("../docs/quantizer/", import.meta.url), RECIPE_NAMES, (...args) => table(...args)),
  "config-fields": () => [
    ...fieldTable(schema, DEFAULTS),
    ...SECTIONS.flatMap(([title, node, defaults]) => [
      "",
      `### ${title}`,
      "",
      node.description,
      "",
      ...fieldTable(node, defaults),
    ]),
  ],
  "default-gates": () => {
    const { gates } = resolveGates({ changes: [], alpha: DEFAULTS.alpha, lane: "lab" });
    const bound = (gate) =>
      gate.margin === null ? `limit ${gate.limit}` : `margin ${gate.margin} ${gate.margin_kind}`;
    return table(
      ["gate", "metric", "policy", "bound", "tier"],
      gates.map((gate) => [code(gate.id), code(gate.metric), gate.policy, bound(gate), gate.tier]),
    );
  },
  "gate-presets": () =>
    table(
      ["preset", "margins", "sized for"],
      Object.entries(GATE_PRESETS).map(([name, { margins, sizedFor }]) => [
        code(name),
        Object.entries(margins)
          .map(([gate, margin]) => `${code(gate)} ${margin}`)
          .join(", "),
        `${sizedFor.items} items in ${sizedFor.classes} classes, ${sizedFor.blocks} blocks`,
      ]),
    ),
  metrics: () =>
    table(
      ["metric", "unit", "better", "time"],
      Object.values(METRICS).map((metric) => [
        code(metric.id),
        { 1: "share", s: "s", B: "B", "1/s": "1/s" }[metric.unit],
        metric.better,
        metric.isTime ? "yes" : "no",
      ]),
    ),
  recipes: () =>
    table(
      ["recipe", "weights", "activations"],
      RECIPE_NAMES.map((name) => {
        const { weights, activations } = resolveRecipe(name);
        return [code(name), weightText(weights), activationText(activations)];
      }),
    ),
  profiles: () =>
    table(
      ["profile", "first bits", "group size", "minimum quality (2, 4, 8 bits)", "calibration samples", "time groups"],
      Object.values(PROFILES).map((profile) => [
        code(profile.name),
        String(profile.bits),
        String(profile.group_size),
        ["2", "4", "8"].map((bits) => profile.minimum_quality[bits]).join(", "),
        String(profile.calibration_samples),
        String(profile.time_groups),
      ]),
    ),
  "profile-fields": () =>
    fieldTable(profileSchema).map((line) => line.replaceAll(/ \| none \| /g, " | the profile's | ")),
  "profile-variables": () =>
    table(
      ["variable", "field"],
      Object.entries(PROFILE_VARIABLES).map(([name, field]) => [code(name), code(field)]),
    ),
  artifacts: () => artifactSections(),
  "error-codes": () =>
    table(
      ["code", "exit code"],
      Object.entries(ERROR_CODES).map(([name, exit]) => [code(name), String(exit)]),
    ),
  reasons: () =>
    table(
      ["reason", "meaning"],
      Object.entries(REASONS).map(([name, text]) => [code(name), cell(text)]),
    ),
  "run-quality-reasons": () =>
    table(
      ["reason", "pollutes", "meaning"],
      Object.entries(RUN_QUALITY_REASONS).map(([name, { pollutes, text }]) => [
        code(name),
        pollutes ? "yes" : "no",
        cell(text),
      ]),
    ),
  findings: () =>
    table(
      ["finding", "meaning"],
      Object.entries(FINDINGS).map(([name, text]) => [code(name), cell(text)]),
    ),
};

/** Every document that names its kind and version, with its fields; objects inside a document by their title. */
function artifactSections() {
  const files = readdirSync(join(root, "schemas"))
    .filter((name) => name.endsWith(".schema.json"))
    .sort();
  return files.flatMap((file) => {
    const own = JSON.parse(readFileSync(join(root, "schemas", file), "utf8"));
    const version = own.properties?.schema_version?.const;
    if (version === undefined) return [];
    const required = new Set(own.required ?? []);
    const rows = Object.entries(own.properties).map(([name, raw]) => {
      const ref = raw.$ref?.startsWith("#/$defs/") ? own.$defs[raw.$ref.replace("#/$defs/", "")] : {};
      const field = { ...ref, ...raw };
      const what = field.const === undefined ? (field.description ?? "") : "Kind and version.";
      return [code(name), artifactType(field, own), required.has(name) ? "yes" : "no", cell(what)];
    });
    const title = `### ${code(version)}`;
    return [
      "",
      title,
      "",
      `${cell(own.description ?? own.title ?? "")} Schema: ${code(`schemas/${file}`)}.`,
      "",
      ...table(["field", "value", "required", "meaning"], rows),
    ];
  });
}

function artifactType(field, own) {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum) return field.enum.map((value) => code(value)).join(", ");
  const branches = field.oneOf ?? field.anyOf;
  if (branches) {
    const of = branches.map((one) =>
      one.$ref?.startsWith("#/$defs/") ? own.$defs[one.$ref.replace("#/$defs/", "")] : one,
    );
    return [...new Set(of.map((one) => artifactType(one, own)))].join(" or ");
  }
  if (field.type === "null") return code("null");
  if (field.type === "array") {
    const items = field.items?.$ref?.startsWith("#/$defs/")
      ? own.$defs[field.items.$ref.replace("#/$defs/", "")]
      : field.items;
    return `list of ${items?.title ?? artifactType(items ?? {}, own)}`;
  }
  const types = [field.type].flat();
  const name = { integer: "whole number", string: "text", boolean: "true or false", object: field.title ?? "object" };
  return types.map((type) => name[type] ?? (type === "null" ? code("null") : (type ?? "any"))).join(" or ");
}

function fieldTable(node, given = {}) {
  const defaults = typeof given === "string" ? {} : given;
  const required = new Set(node.required ?? []);
  const rows = Object.entries(node.properties ?? {}).map(([name, raw]) => {
    const field = { ...deref(raw), ...raw };
    const text = defaultText(name, field, required, defaults);
    const shown = typeof given === "string" && text === "none" ? given : text;
    return [code(name), typeText(field), shown, cell(meaning(field, raw))];
  });
  return table(["field", "value", "default", "meaning"], rows);
}

function meaning(field, raw) {
  const own =
    raw.description ?? field.description ?? (field.const === undefined ? "" : `Always ${JSON.stringify(field.const)}.`);
  const items = field.type === "array" ? deref(field.items) : undefined;
  return [own, items?.type === "object" || items?.oneOf ? undefined : items?.description].filter(Boolean).join(" ");
}

function defaultText(name, field, required, defaults) {
  if (required.has(name)) return "required";
  const value = defaults?.[name] ?? field.default;
  // A group with a required field of its own, such as calibration, is absent unless it is given.
  if (field.properties && (field.required ?? []).some((key) => !(key in (value ?? {})))) return "none";
  if (field.properties && value) return "see below";
  if (value === undefined) return defaults && name in defaults ? code("null") : "none";
  return code(JSON.stringify(value));
}

function typeText(field) {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum) return field.enum.map((value) => code(value)).join(", ");
  if (field.oneOf) return [...new Set(field.oneOf.map((branch) => typeText(deref(branch))))].join(" or ");
  if (field.type === "array")
    return `list of ${typeText(deref(field.items)).replace(/^(whole number|number|text|object)/, "$1s")}`;
  const types = [field.type].flat();
  const nullable = types.includes("null") ? " or `null`" : "";
  const type = types.find((one) => one !== "null");
  const name = {
    integer: "whole number",
    number: "number",
    string: "text",
    boolean: "`true` or `false`",
    object: "object",
  }[type];
  return `${name ?? "any"}${rangeText(field)}${nullable}`;
}

function rangeText({ minimum, maximum, exclusiveMinimum }) {
  const low =
    minimum !== undefined ? `at least ${minimum}` : exclusiveMinimum !== undefined ? `above ${exclusiveMinimum}` : "";
  const high = maximum !== undefined ? `at most ${maximum}` : "";
  const both = [low, high].filter((text) => text !== "").join(", ");
  return both === "" ? "" : `, ${both}`;
}

function weightText(weights) {
  if (weights === null) return "float32";
  // A container that names no width (packed codes) is always told with its bits.
  const container = Number(/\d+$/.exec(weights.storage)?.[0]);
  const bits = weights.bits === container ? "" : `${weights.bits} bits in `;
  const reach = weights.block_size === undefined ? "" : ` of ${weights.block_size}`;
  const rounding = weights.rounding === "nearest" ? "" : `, ${weights.rounding}`;
  return `${bits}${weights.storage}, one scale a ${weights.granularity}${reach}, ${weights.symmetric ? "symmetric" : "asymmetric"}, ${weights.scale} scale${rounding}`;
}

function activationText(activations) {
  if (activations === null) return "float32";
  return `${activations.type}, ${activations.symmetric ? "symmetric" : "asymmetric"}, ${activations.calibration}`;
}

function deref(node) {
  return node?.$ref ? schema.$defs[node.$ref.replace("#/$defs/", "")] : node;
}

function table(headers, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(headers), line(headers.map(() => "---")), ...rows.map(line)];
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;");
}

function code(text) {
  return `\`${String(text).replaceAll("|", "\\|")}\``;
}

const drift = [];
const seen = new Set();
for (const file of readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .sort()) {
  const path = join(root, "docs", file);
  const current = readFileSync(path, "utf8");
  const text = current.replaceAll(
    /(<!-- generated:([a-z-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, start, name, end) => {
      if (!(name in BLOCKS)) throw new Error(`${file}: there is no generated block "${name}"`);
      seen.add(name);
      return `${start}\n${BLOCKS[name]().join("\n")}\n\n${end}`;
    },
  );
  if (text === current) continue;
  if (check) drift.push(`docs/${file}`);
  else writeFileSync(path, text);
}
const unused = Object.keys(BLOCKS).filter((name) => !seen.has(name));
if (unused.length > 0) {
  console.error(`no file in docs/ has the generated blocks: ${unused.join(", ")}`);
  process.exit(1);
}
if (drift.length > 0) {
  console.error(`the docs differ from schemas and code; run: node scripts/generate-docs.mjs\n${drift.join("\n")}`);
  process.exit(1);
}
console.log(`${check ? "checked" : "wrote"} ${seen.size} generated blocks in docs/`);

/** Rows of the committed summary of a sweep, without the report's heading and note. */
function frameworksTable() {
  const path = join(root, "docs/frameworks/summary.json");
  return frameworkSection(JSON.parse(readFileSync(path, "utf8"))).filter((line) => line.startsWith("|"));
}
