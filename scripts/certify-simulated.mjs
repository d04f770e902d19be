// Simulates the gates under twelve noise models through the compiled code that decides real runs, prints the tables, and writes
// docs/certificates/simulated.v1.json. Options: --suites N (default 100000), --out PATH, --seed N, --threads N, --work FILE.
// Finished stretches are kept in the work file, one a line, so that an interrupted run goes on where it was. Results do not depend on
// the number of threads, the machine's load or interruptions.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { allCells, CV, runTask, tasksOf } = await compiled("tests/certify/simulation/cells.js");

if (isMainThread) await main();
else parentPort.on("message", (task) => parentPort.postMessage(runTask(task)));

async function main() {
  const { values } = parseArgs({
    options: {
      suites: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      work: { type: "string" },
      threads: { type: "string", default: String(Math.min(availableParallelism(), 8)) },
      out: {
        type: "string",
        default: fileURLToPath(new URL("../docs/certificates/simulated.v1.json", import.meta.url)),
      },
    },
  });
  const [suites, seed, threads] = [values.suites, values.seed, values.threads].map(Number);
  if (!Number.isInteger(suites) || suites < 1)
    throw new RangeError(`--suites must be a whole number, got ${values.suites}`);
  const started = performance.now();
  const cells = allCells(suites);
  const work = values.work ?? join(tmpdir(), `quantgate-certify-simulated-${suites}-${seed}.ndjson`);
  const results = await runAll(cells, tasksOf(cells, seed), { threads, work });
  const artifact = await assemble(results, { suites, seed, started });
  const { validator } = await compiled("harness/platform/schema.js");
  validator.validate("certify_simulated.v1", artifact, { what: "the certificate", code: "STORE_SCHEMA" });
  const { renderSimulated } = await compiled("tests/certify/simulation/render.js");
  console.log(renderSimulated(artifact));
  mkdirSync(dirname(resolve(values.out)), { recursive: true });
  writeFileSync(values.out, aRowALine(artifact));
  console.log(`written to ${values.out} after ${artifact.minutes} minutes`);
}

/** JSON with a line for each row of a table, so that a diff shows rows. */
function aRowALine(document) {
  const fields = Object.entries(document).map(([name, value]) => {
    const rows = Array.isArray(value)
      ? `[\n${value.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n ]`
      : undefined;
    return ` ${JSON.stringify(name)}: ${rows ?? JSON.stringify(value)}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}

/** Hands tasks that are not in the work file to the threads one by one and sums the counts of each cell. */
async function runAll(cells, tasks, { threads, work: workFile }) {
  const totals = new Map(cells.map((cell) => [cell.id, {}]));
  const addUp = (cellId, counts) => {
    const total = totals.get(cellId);
    for (const [key, count] of Object.entries(counts)) total[key] = (total[key] ?? 0) + count;
  };
  const code = codeDigest();
  const nameOf = (task) => `${task.cell.id} ${task.chunk} ${task.suites} ${task.seed} ${code}`;
  const earlier = new Map(linesOf(workFile).map(({ task, counts }) => [task, counts]));
  const queue = tasks.filter((task) => !earlier.has(nameOf(task)));
  for (const task of tasks) if (earlier.has(nameOf(task))) addUp(task.cell.id, earlier.get(nameOf(task)));
  let done = tasks.length - queue.length;
  if (done > 0) process.stderr.write(`${done} of ${tasks.length} stretches are in ${workFile}\n`);
  const work = async () => {
    const worker = new Worker(fileURLToPath(import.meta.url));
    try {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
        const counts = await answerOf(worker, task);
        addUp(task.cell.id, counts);
        appendFileSync(workFile, `${JSON.stringify({ task: nameOf(task), counts })}\n`);
        done++;
        if (process.stderr.isTTY || done % 200 === 0) process.stderr.write(`${done} of ${tasks.length} stretches\n`);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return new Map(cells.map((cell) => [cell, totals.get(cell.id)]));
}

/** Lines of the work file; one that a crash cut off is run again. */
function linesOf(path) {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

/** Digest of the code that decides and simulates: stretches of other code are not taken over. */
function codeDigest() {
  const hash = createHash("sha256");
  for (const folder of ["harness/gate", "harness/stats", "tests/certify/simulation"]) {
    const path = fileURLToPath(new URL(`../dist/${folder}`, import.meta.url));
    for (const name of readdirSync(path).sort()) if (name.endsWith(".js")) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest("hex").slice(0, 12);
}

function answerOf(worker, task) {
  return new Promise((resolveAnswer, reject) => {
    worker.once("error", reject);
    worker.once("message", (counts) => {
      worker.off("error", reject);
      resolveAnswer(counts);
    });
    worker.postMessage(task);
  });
}

async function assemble(results, { suites, seed, started }) {
  const tables = await compiled("tests/certify/simulation/tables.js");
  const { NOISE_MODELS } = await compiled("tests/certify/simulation/noise-models.js");
  const { MARGIN } = await compiled("tests/certify/simulation/error-rates.js");
  const { RNG_ALGORITHM } = await compiled("harness/stats/rng.js");
  const [paired, plans] = [tables.pairedTable(), tables.pairedPlans()];
  return {
    schema_version: "quantgate.certify_simulated.v1",
    seed,
    rng: RNG_ALGORITHM,
    suites,
    limits_level: tables.LIMITS_LEVEL,
    cv: CV,
    latency_margin: MARGIN,
    node: process.versions.node,
    minutes: Math.round((performance.now() - started) / 6000) / 10,
    noise_models: NOISE_MODELS.map(({ id, description }) => ({ id, description })),
    error_rates: tables.errorRates(results),
    coverage: tables.coverage(results),
    power: tables.power(results),
    paired,
    paired_plans: plans,
    context: tables.context(results),
  };
}
