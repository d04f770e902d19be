// What the quantizer's studies share: sessions, digests, the facts of the machine, checked artifacts. Needs dist/ (npm run build).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { inProcessSession } = await compiled("tests/fixtures/in-process-session.js");
const { blockBootstrap, rng } = await compiled("harness/stats/index.js");
const { hasIntegerDotProduct, hostFingerprint, isaFlags } = await compiled("harness/platform/host.js");
const { validator } = await compiled("harness/platform/schema.js");

export const session = inProcessSession;
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
export const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** What the figures were measured on, and under what load. */
export function machine() {
  const flags = isaFlags();
  const { hardFacts } = hostFingerprint();
  return {
    cpu: hardFacts.cpu_model,
    cores: hardFacts.cores,
    isa_flags: flags ?? null,
    integer_dot_product: hasIntegerDotProduct(flags) ?? null,
    load_average: Number(loadavg()[0].toFixed(1)),
    node: process.versions.node,
  };
}

/** What must be the same in two runs for their rows to stand in one file. */
const CONDITIONS = ["model_sha256", "quantizer_revision", "calibration_items", "rounds", "packages", "margin"];

/**
 * The artifact with the rows that an earlier, partial run under the same conditions left in the file, where this run has none of that
 * name. Rows keep their own order; the larger load is stated.
 */
export function withEarlierRows(path, artifact, key) {
  if (!existsSync(path)) return artifact;
  const earlier = JSON.parse(readFileSync(path, "utf8"));
  const same = (condition) => JSON.stringify(earlier[condition]) === JSON.stringify(artifact[condition]);
  if (earlier.machine.cpu !== artifact.machine.cpu || !CONDITIONS.every(same)) {
    console.warn(`${path} was measured under other conditions: its other rows are dropped`);
    return artifact;
  }
  const fresh = new Set(artifact.rows.map((row) => row[key]));
  const load = Math.max(earlier.machine.load_average, artifact.machine.load_average);
  const rows = [...earlier.rows.filter((row) => !fresh.has(row[key])), ...artifact.rows];
  return { ...artifact, machine: { ...artifact.machine, load_average: load }, rows };
}

/** Checks an artifact against its schema and writes it, a row of a table a line, so that a diff shows rows. */
export function writeArtifact(path, schema, artifact) {
  validator.validate(schema, artifact, { what: path, code: "STORE_SCHEMA" });
  const fields = Object.entries(artifact).map(([name, value]) => {
    const rows = Array.isArray(value)
      ? `[\n${value.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n ]`
      : JSON.stringify(value);
    return ` ${JSON.stringify(name)}: ${rows}`;
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `{\n${fields.join(",\n")}\n}\n`);
}

/**
 * Speed of variants against a base model at batch 1 on one thread: geometric mean of the ratios of medians, one a round, with a 90 %
 * interval for this run, in which neighboring rounds count as dependent. Every side, the base too, runs once a round, in an order that
 * rotates: the speed of a shared machine has phases, and whoever runs more often would have warmer caches. A side is
 * { bytes, sessionConfig, feed }.
 */
export async function speedups(base, variants, { rounds, calls = 10 }) {
  const sides = [];
  for (const { bytes, sessionConfig = {}, feed } of [base, ...variants]) {
    sides.push({ opened: await session.open(bytes, { threads: 1, sessionConfig }), feed });
  }
  const medianOf = async ({ opened, feed }) => {
    const times = [];
    for (let call = -2; call < calls; call++) {
      const start = performance.now();
      await opened.run(feed);
      if (call >= 0) times.push(performance.now() - start);
    }
    return times.sort((x, y) => x - y)[calls >> 1];
  };
  const logs = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const times = [];
    for (let turn = 0; turn < sides.length; turn++) {
      const side = (round + turn) % sides.length;
      times[side] = Math.log(await medianOf(sides[side]));
    }
    for (const [i, series] of logs.entries()) series.push(times[0] - times[i + 1]);
  }
  for (const { opened } of sides) await opened.close();
  return logs.map((series) => {
    const { value, low, high } = blockBootstrap(series, { rng: rng("speedups"), level: 0.9 });
    return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
  });
}
