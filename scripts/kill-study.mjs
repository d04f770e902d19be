// Kills sweeps with SIGKILL at random moments, resumes them (killing some again), and checks what is left:
// no trial lost, none recorded twice, nothing half-written, no process left over, and, for simulated sweeps, the artifacts of an
// uninterrupted run byte for byte but for run id and header times. Prints a table; exit code 1 on any violation.
//   node scripts/kill-study.mjs [--simulated 25] [--real 5] [--seed 1] [--keep]
// Delays and targets follow from the seed; what the system does within a delay does not.
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = join(root, "dist/harness/cli/main.js");
const { values } = parseArgs({
  options: {
    simulated: { type: "string", default: "25" },
    real: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});
const counts = { simulated: Number(values.simulated), real: Number(values.real) };
const random = mulberry32(Number(values.seed));
const work = mkdtempSync(join(tmpdir(), "quantgate-kill-study-"));

/** Kills of one run at most; the last resume is left alone. */
const MOST_KILLS = 4;
/** Chance that a resumed run is killed again. */
const KILL_AGAIN = 0.4;
const TRIAL_MS = 12;
/** From the journal's header to the first trial of a simulated run, roughly. */
const PREPARATION_MS = 15;

const configs = { simulated: simulatedConfig(), real: realConfig() };
const violations = [];
const rows = [];
const reached = { simulated: new Set(), real: new Set() };

for (const kind of ["simulated", "real"]) {
  if (counts[kind] === 0) continue;
  const reference = await uninterrupted(kind);
  console.log(`${kind}: uninterrupted in ${reference.ms} ms, exit code ${reference.exitCode}`);
  for (let n = 0; n < counts[kind]; n++) {
    const row = await study(kind, n, reference);
    rows.push(row);
    console.log(
      `${row.name.padEnd(13)} ${row.problems.length === 0 ? "ok  " : "FAIL"} ${row.trials.padEnd(9)} ${row.kills.join("  |  ")}`,
    );
    for (const problem of row.problems) console.log(`              ${problem}`);
    violations.push(...row.problems);
  }
}

const kills = rows.reduce((sum, row) => sum + row.kills.length, 0);
for (const kind of ["simulated", "real"]) {
  if (counts[kind] > 0) console.log(`${kind} kills hit: ${[...reached[kind]].sort().join(", ")}`);
}
console.log(`${rows.length} runs, ${kills} kills, ${violations.length} violations`);
if (values.keep || violations.length > 0) console.log(`kept: ${work}`);
else rmSync(work, { recursive: true, force: true });
process.exitCode = violations.length === 0 && rows.length > 0 ? 0 : 1;

async function uninterrupted(kind) {
  const place = placeFor(kind, "reference");
  const run = start(kind, place, undefined);
  const started = performance.now();
  const marks = {};
  const watch = setInterval(() => {
    const state = stateOf(place.out);
    if (state.phase !== "no run") marks.folder ??= performance.now() - started;
    if (state.trials > 0) marks.trials ??= performance.now() - started;
    if (state.hasEnd) marks.end ??= performance.now() - started;
  }, 1);
  const end = await run.done;
  clearInterval(watch);
  const ms = Math.round(performance.now() - started);
  const folder = onlyRun(place.out);
  if (folder === undefined || ![0, 3, 4].includes(end.code)) {
    throw new Error(`the uninterrupted ${kind} sweep ended with ${end.code}:\n${end.stderr}`);
  }
  return {
    ms,
    marks: { folder: 0, trials: 0, end: ms, ...marks },
    exitCode: end.code,
    trials: trialIds(folder).length,
    artifacts: artifactsOf(folder),
  };
}

/** One run that was killed at least once: one that ended before its kill proves nothing and is done again. */
async function study(kind, n, reference) {
  for (let attempt = 0; attempt < 5; attempt++) {
    const row = await killAndResume(kind, n, reference, placeFor(kind, `${n}-${attempt}`));
    if (row.kills.length > 0 || row.problems.length > 0) return row;
  }
  const problem = `${kind} ${n + 1}: five runs in a row ended before they were killed`;
  return { name: `${kind} ${n + 1}`, kills: [], trials: "none", problems: [problem] };
}

/** Kills a run once or more, resumes it until it ends, and looks for faults. */
async function killAndResume(kind, n, reference, place) {
  const name = `${kind} ${n + 1}`;
  const problems = [];
  const killed = [];
  const kept = [];
  let end;
  for (let attempt = 0; ; attempt++) {
    const folder = onlyRun(place.out);
    const hasRun = folder !== undefined && existsSync(join(folder, "plan.json"));
    // Killed before there was a run: nothing to resume, and the empty folder is in nobody's way.
    const run = start(kind, place, hasRun ? folder : undefined);
    const isKilled = attempt === 0 || (attempt < MOST_KILLS && random() < KILL_AGAIN);
    if (isKilled) await killAt(run, place, attempt === 0 ? targetFor(n, reference) : anyTime(reference));
    end = await run.done;
    const orphans = await survivors(run.tag);
    if (orphans.length > 0) problems.push(`${name}: left over: ${orphans.join("; ")}`);
    if (end.signal !== "SIGKILL") break;
    const state = stateOf(place.out);
    reached[kind].add(state.phase);
    killed.push(`${state.phase}${state.trials > 0 ? ` (${state.trials} trials)` : ""}`);
    kept.push(state.journal);
  }
  const folder = onlyRun(place.out);
  const isExpected = kind === "simulated" ? end.code === reference.exitCode : [0, 3, 4].includes(end.code);
  if (!isExpected) problems.push(`${name}: the last resume ended with ${end.code}: ${end.stderr.trim()}`);
  if (folder !== undefined) problems.push(...(await faultsOf(name, folder, kept)));
  if (kind === "simulated" && folder !== undefined && isExpected)
    problems.push(...differences(name, folder, reference.artifacts));
  const trials = folder === undefined ? "none" : `${trialIds(folder).length} trials`;
  if (problems.length === 0 && !values.keep) rmSync(place.folder, { recursive: true, force: true });
  return { name, kills: killed, trials, problems };
}

/** What must hold for every run, whatever it measured. */
async function faultsOf(name, folder, kept) {
  const faults = [];
  const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
  const planned = plan.trials.map((trial) => trial.trial_id);
  const ids = trialIds(folder);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const lost = planned.filter((id) => !ids.includes(id));
  if (twice.length > 0) faults.push(`${name}: recorded twice: ${twice.join(", ")}`);
  if (lost.length > 0) faults.push(`${name}: lost: ${lost.join(", ")}`);
  const journal = readFileSync(join(folder, "journal.ndjson"));
  for (const before of kept) {
    if (!journal.subarray(0, before.length).equals(before)) faults.push(`${name}: lines from before a kill are gone`);
  }
  const left = readdirSync(folder, { recursive: true }).filter((path) => String(path).endsWith(".tmp"));
  if (left.length > 0) faults.push(`${name}: half-written: ${left.join(", ")}`);
  const check = spawnCli(["check", folder], {});
  const { code, stdout } = await check.done;
  if (code !== 0) faults.push(`${name}: check refuses the run: ${stdout}`);
  return faults;
}

function differences(name, folder, expected) {
  const actual = artifactsOf(folder);
  return Object.keys({ ...expected, ...actual })
    .filter((path) => actual[path] !== expected[path])
    .map((path) => `${name}: ${path} is not that of the uninterrupted run`);
}

/** Artifacts with run id, creation time and the journal's digest (checked first) replaced; the journal from its second line on. */
function artifactsOf(folder) {
  const journal = readFileSync(join(folder, "journal.ndjson"), "utf8");
  const digest = createHash("sha256").update(journal).digest("hex");
  const [first, ...lines] = journal.split("\n");
  const { run_id: runId, created_at: createdAt } = JSON.parse(first).body;
  const normalize = (text) =>
    text.replaceAll(runId, "RUN").replaceAll(createdAt, "CREATED").replaceAll(digest, "JOURNAL");
  const names = ["summary.json", "gate.json", "canary.json", "summary.md"];
  const texts = names.map((name) => [name, normalize(readFileSync(join(folder, name), "utf8"))]);
  const header = normalize(JSON.stringify(JSON.parse(first).body));
  const arrays = readdirSync(join(folder, "arrays")).sort().join("\n");
  return { ...Object.fromEntries(texts), "journal header": header, "journal lines": lines.join("\n"), arrays };
}

/** Kills when the run is where it should be; a run that ends first is left to its end. */
async function killAt(run, place, { until, delayMs }) {
  let isOver = false;
  void run.done.then(() => {
    isOver = true;
  });
  const before = stateOf(place.out).lines;
  while (!isOver && !until(stateOf(place.out), before)) await sleep(1);
  await sleep(delayMs);
  if (!isOver) run.child.kill("SIGKILL");
}

/** First kills are spread over the phases, so that the short ones are hit too; the others fall anywhere in time. */
function targetFor(n, { ms, marks, trials: planned }) {
  const most = Math.max(planned - 2, 1);
  const startMs = Math.max(marks.trials - marks.folder, 20);
  const endMs = Math.max(ms - marks.end, 20);
  switch (n % 6) {
    case 1:
      return { until: (state) => state.hasEnd, delayMs: random() * 0.8 * endMs };
    case 2:
      return { until: (state) => state.phase !== "no run", delayMs: random() * startMs };
    case 3:
      return { until: (state) => state.lines > 0, delayMs: random() * PREPARATION_MS };
    case 4:
      return anyTime({ ms });
    default: {
      const trials = 1 + Math.floor(random() * most);
      return { until: (state) => state.trials >= trials || state.hasEnd, delayMs: random() * 2 * TRIAL_MS };
    }
  }
}

function anyTime({ ms }) {
  return { until: () => true, delayMs: random() * ms };
}

/** How far a run is, by what is on the disk. */
function stateOf(out) {
  const folder = onlyRun(out);
  const nothing = { phase: "no run", lines: 0, trials: 0, hasEnd: false, journal: Buffer.alloc(0) };
  if (folder === undefined) return nothing;
  if (!existsSync(join(folder, "plan.json"))) return { ...nothing, phase: "empty folder" };
  let content = nothing.journal;
  try {
    content = readFileSync(join(folder, "journal.ndjson"));
  } catch {
    return { ...nothing, phase: "plan, no journal" };
  }
  const journal = content.subarray(0, content.lastIndexOf(10) + 1);
  const lines = journal.toString("utf8").split("\n").slice(0, -1);
  const trials = lines.filter((line) => line.includes('"kind":"trial"')).length;
  const hasEnd = lines.at(-1)?.includes('"kind":"end"') ?? false;
  const has = (name) => existsSync(join(folder, name));
  const phase = has("provenance.json")
    ? "artifacts, all written"
    : hasEnd
      ? "artifacts, some missing"
      : trials > 0
        ? "trials"
        : lines.length > 0
          ? "preparation"
          : "plan, no journal";
  return { phase, lines: lines.length, trials, hasEnd, journal };
}

function trialIds(folder) {
  const lines = readFileSync(join(folder, "journal.ndjson"), "utf8").split("\n").slice(0, -1);
  return lines
    .map((line) => JSON.parse(line).body)
    .filter((body) => body.kind === "trial")
    .map((body) => body.trial_id);
}

/** The newest run folder; killed before its plan was written it is empty, and the next attempt makes another. */
function onlyRun(out) {
  if (!existsSync(out)) return undefined;
  const runs = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = runs.map((entry) => join(out, entry.name)).sort();
  return folders.findLast((folder) => existsSync(join(folder, "plan.json"))) ?? folders.at(-1);
}

function placeFor(kind, name) {
  const folder = join(work, `${kind}-${name}`);
  mkdirSync(folder, { recursive: true });
  // A cache of its own: each real run quantizes, and can be killed while it does.
  return { folder, out: join(folder, "results"), cache: join(folder, "cache") };
}

function start(kind, place, resume) {
  const what = resume === undefined ? [configs[kind]] : ["--resume", resume];
  return spawnCli(["sweep", ...what, "--out-dir", place.out, "--json"], { QUANTGATE_CACHE_DIR: place.cache });
}

function spawnCli(args, env) {
  const tag = randomUUID();
  const child = spawn(process.execPath, [main, ...args], {
    cwd: work,
    env: { ...process.env, ...env, QUANTGATE_KILL_STUDY: tag },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const done = new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      const end = () => resolve({ code, signal, stdout, stderr });
      // A process left over could hold the pipes open for ever; finding it is what comes next.
      const timer = setTimeout(end, 1000);
      child.on("close", () => {
        clearTimeout(timer);
        end();
      });
    });
  });
  return { child, tag, done };
}

/** Processes that inherited the run's mark and still live after five seconds. */
async function survivors(tag) {
  if (process.platform !== "linux") return [];
  let alive = [];
  for (let tries = 0; tries < 100; tries++) {
    alive = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isMarked(pid, tag));
    if (alive.length === 0) return [];
    await sleep(50);
  }
  return alive.map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`);
}

function isMarked(pid, tag) {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(tag);
  } catch {
    return false;
  }
}

function simulatedConfig() {
  const quant = (id, more) => ({ id, kind: "simulated", latency_cv: 0.03, trial_ms: TRIAL_MS, ...more });
  return writeConfig("simulated", {
    models: [{ id: "sim" }],
    runtime: { kind: "simulated" },
    dataset: { kind: "simulated", items: 2000, classes: 10 },
    quants: [
      quant("fp32", { accuracy: 0.98, latency_ms: 2, bytes: 4_000_000 }),
      quant("good8", { accuracy: 0.98, discordance: 0.004, latency_ms: 1.1, bytes: 1_000_000 }),
      quant("lossy4", { accuracy: 0.94, discordance: 0.06, latency_ms: 1, bytes: 500_000 }),
      quant("flaky4", { accuracy: 0.98, discordance: 0.004, latency_ms: 1, bytes: 500_000, failure_rate: 0.2 }),
    ],
    runs_per_quant: 8,
    seed: 7,
  });
}

/** The embedded digits, few and short trials; the noise of a machine that is being killed on must not abort the canary. */
function realConfig() {
  const dataset = (split, limit) => ({
    kind: "items",
    manifest: join(root, "configs/digits/manifest.json"),
    split,
    limit,
  });
  return writeConfig("real", {
    models: [{ id: "digits", path: join(root, "configs/digits/digits-cnn.onnx") }],
    dataset: dataset("test", 400),
    quants: ["fp32", "u8s8", "w4a16"],
    calibration: { dataset: dataset("calibration", 100), count: 100 },
    runs_per_quant: 3,
    evaluate_runs: 1,
    seed: 7,
    warmup: { iterations: 3, min_ms: 0 },
    latency: { min_samples: 20, max_samples: 50, time_budget_ms: 40 },
    canary: { runs: 2, items: 100, latency_cv_threshold: 100 },
  });
}

function writeConfig(name, body) {
  const path = join(work, `${name}.json`);
  writeFileSync(path, JSON.stringify({ schema_version: "quantgate.config.v1", name, ...body }, undefined, 2));
  if (!statSync(main).isFile()) throw new Error("run npm run build first");
  return path;
}

/** Small seeded generator (Tommy Ettinger's mulberry32): uniform in [0, 1). */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
