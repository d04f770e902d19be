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

/**
 * The artifact with the rows that an earlier, partial run on the same CPU and model left in the file, where this run has none of that
 * name. Rows keep their own order; the larger load is stated.
 */
export function withEarlierRows(path, artifact, key) {
  if (!existsSync(path)) return artifact;
  const earlier = JSON.parse(readFileSync(path, "utf8"));
  const same = earlier.machine.cpu === artifact.machine.cpu && earlier.model_sha256 === artifact.model_sha256;
  if (!same) return artifact;
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
 * interval. All take turns in every round, since the speed of a shared machine has phases of minutes; neighboring rounds count as
 * dependent. A side is { bytes, sessionConfig, feed }.
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
  const [reference, ...others] = sides;
  const logs = others.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, other] of others.entries()) {
      const order = round % 2 === 0 ? [reference, other] : [other, reference];
      const times = [await medianOf(order[0]), await medianOf(order[1])];
      logs[i].push(Math.log(times[0] / times[1]) * (round % 2 === 0 ? 1 : -1));
    }
  }
  for (const { opened } of sides) await opened.close();
  return logs.map((series) => {
    const { value, low, high } = blockBootstrap(series, { rng: rng("speedups"), level: 0.9 });
    return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
  });
}
