// schemas/*.schema.json -> harness/domain/generated/*.ts. With --check: fails when the committed files differ.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const schemaDir = join(root, "schemas");
const outDir = join(root, "harness/domain/generated");
const check = process.argv.includes("--check");

/** json-schema-to-typescript types 2020-12 `prefixItems` as never[]: say it in the older words. */
function oldTuples(node) {
  if (Array.isArray(node)) return node.map(oldTuples);
  if (node === null || typeof node !== "object") return node;
  const { prefixItems, ...rest } = node;
  const out = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, oldTuples(value)]));
  if (prefixItems) {
    out.items = prefixItems.map(oldTuples);
    out.minItems ??= prefixItems.length;
    out.maxItems ??= prefixItems.length;
  }
  return out;
}

const drift = [];
const expected = new Set();
for (const file of readdirSync(schemaDir)
  .filter((name) => name.endsWith(".schema.json"))
  .sort()) {
  const schema = oldTuples(JSON.parse(readFileSync(join(schemaDir, file), "utf8")));
  const name = file.replace(/\.schema\.json$/, "").replaceAll(/[._]/g, "-");
  const target = join(outDir, `${name}.ts`);
  expected.add(`${name}.ts`);
  delete schema.$id;
  schema.title ??= name;
  const text = await compile(schema, schema.title, {
    bannerComment: `// Generated from schemas/${file} by scripts/generate-types.mjs. Do not edit.`,
    additionalProperties: false,
    unknownAny: true,
    format: true,
    cwd: schemaDir,
    style: { printWidth: 120 },
  });
  const current = existsSync(target) ? readFileSync(target, "utf8") : undefined;
  if (current === text) continue;
  if (check) drift.push(target);
  else writeFileSync(target, text);
}
for (const file of readdirSync(outDir)) {
  if (expected.has(file)) continue;
  if (check) drift.push(join(outDir, file));
  else rmSync(join(outDir, file));
}
if (drift.length > 0) {
  console.error(`generated types differ from their schemas; run: npm run types\n${drift.join("\n")}`);
  process.exit(1);
}
console.log(check ? `types match ${expected.size} schemas` : `types written for ${expected.size} schemas`);
