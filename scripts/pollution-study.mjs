// Does a sweep mark the trials that other programs disturbed, and only those? Runs the same sweep on an idle machine, beside processes
// that burn every core for a third of it, and beside them all the time; writes a pollution_study.v1 document. Needs dist/ and an idle machine.
//   node scripts/pollution-study.mjs [--repeats 3] [--blocks 30] [--out docs/studies/pollution.v1.json] [--sample]
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = (path) => import(new URL(`../dist/harness/${path}`, import.meta.url));
const { sweep } = await dist("pipeline/sweep.js");
const { readJournal } = await dist("store/journal.js");
const { clopperPearson } = await dist("stats/index.js");
const { between, readHost } = await dist("platform/host-readings.js");
const { hostFingerprint } = await dist("platform/host.js");
const { validator } = await dist("platform/schema.js");

const { values: options } = parseArgs({
  options: {
    repeats: { type: "string", default: "3" },
    blocks: { type: "string", default: "30" },
    out: { type: "string", default: "docs/studies/pollution.v1.json" },
    sample: { type: "boolean", default: false },
  },
});
const repeats = options.sample ? 1 : Number(options.repeats);
const blocks = options.sample ? 6 : Number(options.blocks);
/** A trial of which the burners ran for at least this share was disturbed; one they never touched was not; others are neither. */
const DISTURBED = 0.5;

const cores = availableParallelism();
const work = mkdtempSync(join(tmpdir(), "quantgate-pollution-"));
const items = (split, limit) => ({ kind: "items", manifest: join(root, "configs/digits/manifest.json"), split, limit });
const config = (allowPolluted) => ({
  schema_version: "quantgate.config.v1",
  name: "pollution-study",
  models: [{ id: "digits", path: join(root, "configs/digits/digits-cnn.onnx") }],
  dataset: items("test", options.sample ? 300 : 2000),
  calibration: { dataset: items("calibration", 200), count: 100 },
  quants: options.sample ? ["fp32", "w8a16"] : ["fp32", "w8a16", "u8s8"],
  runs_per_quant: blocks,
  evaluate_runs: 1,
  seed: 11,
  // The canary is part of another story: here the sweep shall go on whatever the machine does.
  canary: { latency_cv_threshold: 100 },
  ...(allowPolluted ? { frontier: { allow_polluted: true } } : {}),
});

/** Burns every core from now on. */
function burn() {
  const children = Array.from({ length: cores }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  const startNs = process.hrtime.bigint();
  return () => {
    for (const child of children) child.kill("SIGKILL");
    return { startNs, endNs: process.hrtime.bigint() };
  };
}

/** One sweep; `from` and `to`: share of its trials between which the cores are burnt. */
async function run(name, { from, to, allowPolluted = false }) {
  const folder = join(work, name);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(config(allowPolluted)));
  let stop = from === 0 ? burn() : undefined;
  const burnt = [];
  const result = await sweep({
    config: path,
    outDir: join(folder, "results"),
    cwd: folder,
    env: { ...process.env, QUANTGATE_CACHE_DIR: join(work, "cache") },
    onProgress(event) {
      if (event.kind !== "trial") return;
      const share = event.done / event.total;
      if (stop === undefined && burnt.length === 0 && from !== undefined && share >= from) stop = burn();
      if (stop !== undefined && share >= to) {
        burnt.push(stop());
        stop = undefined;
      }
    },
  }).finally(() => {
    if (stop !== undefined) burnt.push(stop());
  });
  const { trials } = await readJournal(join(result.runFolder, "journal.ndjson"));
  const marks = new Map(
    result.summary.rows.flatMap((row) => (row.trial_marks ?? []).map((mark) => [mark.trial_id, mark])),
  );
  const judged = trials
    .filter((trial) => trial.trial_kind === "trial")
    .map((trial) => ({
      ...truthOf(trial, burnt),
      marked: marks.get(trial.trial_id)?.polluted === true,
      reasons: marks.get(trial.trial_id)?.reasons ?? [],
    }));
  process.stderr.write(`${name}: ${judged.filter(({ marked }) => marked).length} of ${judged.length} trials marked\n`);
  return { result, judged };
}

function truthOf({ telemetry }, burnt) {
  const [start, end] = [BigInt(telemetry.start_ns), BigInt(telemetry.end_ns)];
  const overlap = burnt.reduce((sum, { startNs, endNs }) => {
    const both = Number((end < endNs ? end : endNs) - (start > startNs ? start : startNs));
    return sum + Math.max(0, both);
  }, 0);
  const share = overlap / Number(end - start);
  return { truth: share >= DISTURBED ? "disturbed" : share === 0 ? "quiet" : "partly" };
}

async function foreignNow() {
  const before = readHost();
  await sleep(3000);
  const { cpuBusyS, cpus, wallS, harnessCpuS } = between(before, readHost());
  return Math.max(0, cpuBusyS - harnessCpuS) / (wallS * cpus);
}

function rate(trials, isCounted) {
  const counted = trials.filter(isCounted).length;
  if (trials.length === 0) return { count: 0, n: 0, share: null, low: null, high: null };
  const { low, high } = clopperPearson({ successes: counted, n: trials.length }, { level: 0.95 });
  return { count: counted, n: trials.length, share: counted / trials.length, low, high };
}

const verdictsOf = ({ result }) =>
  Object.fromEntries(
    result.summary.rows.map((row) => [row.quant_tag, row.verdict]).concat([["suite", result.summary.suite.verdict]]),
  );
const shipOf = ({ result }) => result.summary.suite.ship;

try {
  const foreign = await foreignNow();
  const startedAt = Date.now();
  const quiet = await run("quiet", { from: undefined, to: 1 });
  const thirds = [];
  for (let i = 0; i < repeats; i++) thirds.push(await run(`third-${i + 1}`, { from: 1 / 3, to: 2 / 3 }));
  const whole = options.sample ? undefined : await run("whole", { from: 0, to: 1 });
  const allowed = options.sample ? undefined : await run("whole-allowed", { from: 0, to: 1, allowPolluted: true });
  const all = [quiet, ...thirds].flatMap(({ judged }) => judged);
  const disturbed = all.filter(({ truth }) => truth === "disturbed");
  const undisturbed = all.filter(({ truth }) => truth === "quiet");
  const left = thirds.flatMap(({ result }) =>
    result.summary.rows.map((row) => ({
      polluted: row.polluted_trials,
      medians: row.latency.block_medians.filter((m) => m !== null).length,
    })),
  );
  const document = {
    schema_version: "quantgate.pollution_study.v1",
    generated_at: new Date(startedAt).toISOString(),
    hardware_fingerprint: hostFingerprint().hard,
    cores,
    foreign_before: foreign,
    sample: options.sample,
    blocks,
    repeats,
    seconds: (Date.now() - startedAt) / 1000,
    hit: rate(disturbed, ({ marked }) => marked),
    false_marks: rate(undisturbed, ({ marked }) => marked),
    partly: all.filter(({ truth }) => truth === "partly").length,
    reasons: [...new Set(disturbed.flatMap(({ reasons }) => reasons))].sort(),
    verdicts: { quiet: verdictsOf(quiet), third: thirds.map(verdictsOf) },
    same_verdicts: thirds.every((one) => JSON.stringify(verdictsOf(one)) === JSON.stringify(verdictsOf(quiet))),
    ship: {
      quiet: shipOf(quiet),
      third: thirds.map(shipOf),
      whole: whole ? shipOf(whole) : null,
      whole_allowed: allowed ? shipOf(allowed) : null,
    },
    kept_out: left.every(({ polluted, medians }) => polluted > blocks / 2 || medians === blocks - polluted),
    whole_polluted: whole ? whole.result.summary.rows.every((row) => row.run_quality_status === "polluted") : null,
    allowed_marked: allowed
      ? allowed.result.summary.rows.every((row) => row.run_quality_status === "polluted" && row.trial_marks.length > 0)
      : null,
  };
  validator.validate("pollution_study.v1", document, { what: "the study", code: "STORE_SCHEMA" });
  const out = resolve(root, options.out);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(document, undefined, 2)}\n`);
  console.log(JSON.stringify(document, undefined, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}
