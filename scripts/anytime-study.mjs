// How many items early stopping takes, and how often it errs. Real answers: fp32, u8s8 and broken variants of ResNet8 on CIFAR-10, evaluated
// once through the pipeline, then replayed in 200 random orders through the stopping code. Synthetic tables: 10,000 replays a setting.
// Usage: node scripts/anytime-study.mjs [--replays N] [--seeds N] [--out FILE]   (build first; data: QUANTGATE_DATA_DIR or ../shared/data)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackBits } from "../dist/harness/aggregate/run-record.js";
import { SIGN_BETS, signEvidence } from "../dist/harness/gate/early-gate.js";
import { ALONE } from "../dist/harness/gate/evidence.js";
import { replayItems } from "../dist/harness/gate/replay-items.js";
import { planStop } from "../dist/harness/plan/plan-stop.js";
import * as stats from "../dist/harness/stats/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
export const SEED = 20260;
export const ALPHA = 0.05;
const NONE = new Float64Array(0);
/** A comparison of which nothing but the items is known. */
export const BLANK = {
  cellId: "study",
  role: "required",
  variantFailure: undefined,
  trials: { planned: 1, completed: 1, failed: 0, missing: 0 },
  overall: undefined,
  classes: [],
  invalidRows: 0,
  baselineInvalidRows: 0,
  latencyLogRatios: NONE,
  memoryLogRatios: NONE,
  throughputLogRatios: NONE,
  isLatencyConstant: false,
  bytesOnDisk: undefined,
  baselineBytesOnDisk: undefined,
  determinism: { n: 2, matching: 2 },
  isNoisy: false,
  secondsPerItem: undefined,
  secondsPerBlock: undefined,
};

export function gate(metric, more) {
  return {
    id: metric,
    metric,
    policy: "non-inferiority",
    margin: null,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha: ALPHA,
    ...more,
  };
}

/** Stretches of the order, as a plan of this many items has them. */
export function stretches(items) {
  const random = { permutation: () => [], seed: () => 0 };
  const stop = planStop(
    { stop: { mode: "anytime", claim: "super-population" }, runs_per_quant: 10 },
    items,
    random,
    () => "",
  );
  return { chunkEnds: stop.chunk_ends, minBlocks: stop.min_blocks };
}

/** Items drawn with these chances of being lost and gained, `classes` classes in turn. */
export function drawnItems(random, { n, lost, gained, accuracy = 0.9, classes = 1 }) {
  const baseline = new Uint8Array(n);
  const candidate = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const u = random.uniform();
    const differs = u < lost + gained;
    baseline[i] = differs ? Number(u < lost) : Number(u < lost + gained + accuracy - lost);
    candidate[i] = differs ? Number(u >= lost) : baseline[i];
  }
  return { baseline, candidate, labels: Int32Array.from({ length: n }, (_, i) => i % classes) };
}

/** A fixed set with exactly these counts, in random order. */
export function shuffledSet(random, { n, b, c }) {
  const order = random.permutation(n);
  const baseline = new Uint8Array(n);
  const candidate = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const item = order[i];
    baseline[i] = item < b ? 1 : item < b + c ? 0 : 1;
    candidate[i] = item < b ? 0 : 1;
  }
  return { baseline, candidate, labels: new Int32Array(n) };
}

export function early(sequence, claim, classes = 1) {
  const sizes = Array.from({ length: classes }, (_, k) => sequence.labels.reduce((n, x) => n + (x === k), 0));
  const names = sizes.map((_, k) => String(k));
  return { claim, sequence, population: sequence.labels.length, classSizes: sizes, classNames: names };
}

/** The settings of the synthetic part. `wrong` names the verdict that would be an error, where one would. */
export const SETTINGS = [
  { name: "clean, psi 2 %, delta 1 %", n: 5000, lost: 0.01, gained: 0.01, margin: 0.01, wrong: "fail" },
  { name: "clean, psi 5 %, delta 2 %", n: 5000, lost: 0.025, gained: 0.025, margin: 0.02, wrong: "fail" },
  { name: "broken, drop 5 points, psi 7 %, delta 1 %", n: 5000, lost: 0.06, gained: 0.01, margin: 0.01, wrong: "pass" },
  {
    name: "broken, drop 20 points, psi 24 %, delta 1 %",
    n: 5000,
    lost: 0.22,
    gained: 0.02,
    margin: 0.01,
    wrong: "pass",
  },
  { name: "at the margin, psi 4 %, delta 1 %", n: 5000, lost: 0.025, gained: 0.015, margin: 0.01, wrong: "both" },
  { name: "at the margin, psi 20 %, delta 2 %", n: 5000, lost: 0.11, gained: 0.09, margin: 0.02, wrong: "both" },
  { name: "broken, drop 5 points, psi 5 %, delta 1 %", n: 5000, lost: 0.05, gained: 0, margin: 0.01, wrong: "pass" },
  {
    name: "any-regression, no drop, psi 5 %",
    n: 5000,
    lost: 0.025,
    gained: 0.025,
    margin: 0.02,
    policy: "any-regression",
    wrong: "fail",
  },
];

/** Sets whose own drop is at the margin exactly (a PASS is wrong) or one item below (a FAIL is). */
export const SETS = [
  { name: "this set at the margin", n: 5000, b: 125, c: 75, margin: 0.01, wrong: "pass" },
  { name: "this set at the margin, seen from below", n: 5000, b: 124, c: 74, margin: 0.01, wrong: "fail" },
  { name: "this set without a drop, psi 2 %", n: 5000, b: 50, c: 50, margin: 0.01, wrong: "fail" },
];

export function synthetic(setting, claim, replays, seed = SEED) {
  const gates = [gate("quality.accuracy", { margin: setting.margin, policy: setting.policy ?? "non-inferiority" })];
  const looks = stretches(setting.n);
  const count = { pass: 0, fail: 0, inconclusive: 0 };
  let [settled, evaluated] = [0, 0];
  for (let replay = 0; replay < replays; replay++) {
    const random = stats.rng(seed).derive(`${setting.name}/${claim}/${replay}`);
    const items = setting.lost === undefined ? shuffledSet(random, setting) : drawnItems(random, setting);
    const result = replayItems(early(items, claim), { gates, ...looks, families: ALONE, blank: BLANK });
    count[result.verdicts[0]]++;
    settled += result.settledAt ?? setting.n;
    evaluated += result.evaluated;
  }
  const share = (total) => Number((total / replays / setting.n).toFixed(4));
  const error = (wrong) => {
    const { value, low, high } = stats.clopperPearson({ successes: count[wrong], n: replays }, { level: 0.98 });
    return {
      verdict: wrong,
      count: count[wrong],
      rate: value,
      low: Number(low.toFixed(5)),
      high: Number(high.toFixed(5)),
    };
  };
  const wrong = setting.wrong === "both" ? ["pass", "fail"] : [setting.wrong];
  return {
    setting: setting.name,
    claim,
    items: setting.n,
    replays,
    verdicts: count,
    share_settled: share(settled),
    share_evaluated: share(evaluated),
    errors: wrong.map(error),
  };
}

/** Blocks until the sign test, or betting on clipped log ratios, settles a latency gate at 5 %; the choice between them rests on this. */
function blockStudy(replays) {
  const margin = Math.log1p(0.05);
  const spiky = (r) => 0.03 * r.normal() + (r.uniform() < 0.1 ? 0.3 * (r.uniform() < 0.5 ? 1 : -1) : 0);
  const noises = {
    "same speed, sd 3 %": (r) => 0.03 * r.normal(),
    "same speed, sd 6 %": (r) => 0.06 * r.normal(),
    "same speed, sd 3 %, spikes": spiky,
    "1.7x faster, sd 3 %": (r) => -0.53 + 0.03 * r.normal(),
    "15 % slower, sd 3 %": (r) => 0.14 + 0.03 * r.normal(),
    "at the margin, sd 3 %": (r) => margin + 0.03 * r.normal(),
    "at the margin, spikes": (r) => margin + spiky(r),
    "at the margin in the median, skewed": (r) => margin + 0.03 * (-Math.log(1 - r.uniform()) - Math.LN2),
  };
  const most = 40;
  return Object.entries(noises).map(([noise, draw]) => {
    const result = { noise, replays, most_blocks: most };
    for (const method of ["sign", "clipped"]) {
      const count = { pass: 0, fail: 0 };
      let blocks = 0;
      for (let replay = 0; replay < replays; replay++) {
        const random = stats.rng(SEED).derive(`${noise}/${replay}`);
        const values = Float64Array.from({ length: most }, () => draw(random));
        const { passAt, failAt } =
          method === "sign"
            ? signEvidence(values, { pass: margin, fail: margin }, { alpha: ALPHA, families: ALONE })
            : stats.bettingTest(
                values.map((x) => Math.max(-1, Math.min(1, (x - margin) / 0.05))),
                { margin: 0, alpha: ALPHA, bets: SIGN_BETS },
              );
        const first = Math.min(passAt ?? Infinity, failAt ?? Infinity);
        if (failAt === first) count.fail++;
        else if (passAt === first) count.pass++;
        blocks += Math.min(first, most);
      }
      result[method] = {
        pass: count.pass / replays,
        fail: count.fail / replays,
        mean_blocks: Number((blocks / replays).toFixed(2)),
      };
    }
    return result;
  });
}

/** Right answers of each variant, evaluated once through the pipeline. */
async function evaluateOnce(dataDir) {
  const { sweep } = await import("../dist/harness/pipeline/sweep.js");
  const base = JSON.parse(readFileSync(join(root, "configs/resnet8-cifar10.json"), "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "quantgate-anytime-"));
  try {
    const config = join(folder, "config.json");
    const { $schema: _, ...rest } = base;
    const quants = ["fp32", "u8s8", "w4a8", "w2a8-rtn"];
    const latency = { time_budget_ms: 20, min_samples: 5, max_samples: 50 };
    const short = {
      quants,
      runs_per_quant: 1,
      evaluate_runs: 1,
      latency,
      canary: { runs: 2, latency_cv_threshold: 10 },
    };
    writeFileSync(config, JSON.stringify({ ...rest, ...short, name: "anytime-study" }));
    const env = { ...process.env, QUANTGATE_CACHE_DIR: join(folder, "cache") };
    const { runFolder } = await sweep({ config, dataDir, outDir: join(folder, "out"), env });
    const lines = readFileSync(join(runFolder, "journal.ndjson"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).body);
    const header = lines[0];
    const labels = readFileSync(join(runFolder, header.labels.file));
    const bits = {};
    for (const line of lines) {
      if (line.kind !== "trial" || line.evaluates !== "all" || line.measured === null) continue;
      bits[line.cell_id.split("/")[1]] = line.measured.quality.correct_bits;
    }
    return {
      bits,
      labels: new Int32Array(labels.buffer, labels.byteOffset, labels.length / 4),
      tools: header.tool_versions,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The items of two variants in the order of a seed. */
export function orderedItems({ baseline, candidate, labels }, seed) {
  const order = stats.rng(SEED).derive(`order/${seed}`).permutation(baseline.length);
  const pick = (from, Kind) => Kind.from(order, (item) => from[item]);
  return {
    baseline: pick(baseline, Uint8Array),
    candidate: pick(candidate, Uint8Array),
    labels: pick(labels, Int32Array),
  };
}

export const REAL_GATES = {
  "drop alone": [gate("quality.accuracy", { margin: 0.01 })],
  "drop, floor and worst class": [
    gate("quality.accuracy", { margin: 0.01 }),
    gate("quality.accuracy", { id: "floor", policy: "floor", limit: 0.85 }),
    gate("quality.class_accuracy", { margin: 0.05 }),
  ],
};

export function replayReal(data, { gates, claim, seeds }) {
  const n = data.baseline.length;
  const looks = stretches(n);
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const items = orderedItems(data, seed);
    return replayItems(early(items, claim, 10), {
      gates,
      ...looks,
      families: { pass: 1, fail: gates.length },
      blank: BLANK,
    });
  });
  const used = runs.map((run) => run.settledAt ?? n).sort((x, y) => x - y);
  const at = (p) => used[Math.min(used.length - 1, Math.floor(p * used.length))];
  const verdictOf = ({ verdicts }) =>
    verdicts.includes("fail") ? "fail" : verdicts.every((v) => v === "pass") ? "pass" : "inconclusive";
  const verdicts = { pass: 0, fail: 0, inconclusive: 0 };
  for (const run of runs) verdicts[verdictOf(run)]++;
  const mean = (values) => Math.round(values.reduce((sum, x) => sum + x, 0) / values.length);
  return {
    verdicts,
    settled: { mean: mean(used), p10: at(0.1), median: at(0.5), p90: at(0.9) },
    evaluated_mean: mean(runs.map((run) => run.evaluated)),
    share_settled: Number((mean(used) / n).toFixed(4)),
  };
}

async function realStudy(seeds) {
  const dataDir = process.env.QUANTGATE_DATA_DIR ?? join(root, "../shared/data");
  const { decideGate } = await import("../dist/harness/gate/decide-gate.js");
  const { bits, labels, tools } = await evaluateOnce(dataDir);
  const n = labels.length;
  const baseline = unpackBits(bits.fp32, n);
  const rows = ["u8s8", "w4a8", "w2a8-rtn"].flatMap((variant) => {
    const candidate = unpackBits(bits[variant], n);
    const scores = (keep) => {
      const items = [];
      for (let i = 0; i < n; i++) if (keep(i)) items.push(i);
      const table = stats.pairedTable(
        items.map((i) => baseline[i]),
        items.map((i) => candidate[i]),
      );
      return { n: items.length, total: table.a + table.c, table, differences: undefined, strict: table };
    };
    const whole = scores(() => true);
    const classes = Array.from({ length: 10 }, (_, k) => ({ name: String(k), ...scores((i) => labels[i] === k) }));
    return Object.entries(REAL_GATES).flatMap(([name, gates]) => {
      const fixed = gates.map((spec) => decideGate(spec, { ...BLANK, overall: whole, classes }).verdict);
      return ["super-population", "finite-set"].map((claim) => ({
        variant,
        gates: name,
        claim,
        table: whole.table,
        drop: (whole.table.b - whole.table.c) / n,
        fixed_verdicts: fixed,
        seeds,
        ...replayReal({ baseline, candidate, labels }, { gates, claim, seeds }),
      }));
    });
  });
  return { model: "resnet8", dataset: "cifar10 test", items: n, tools, correct_bits: bits, rows };
}

async function main() {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const replays = Number(option("--replays", 10_000));
  const seeds = Number(option("--seeds", 200));
  const out = option("--out", join(root, "docs/certificates/anytime.v1.json"));
  const rows = SETTINGS.flatMap((setting) => ["super-population", "finite-set"].map((claim) => ({ setting, claim })))
    // A finite set drawn at random has a drop of its own: what it says of the margin is the question of SETS.
    .filter(({ setting, claim }) => claim === "super-population" || (setting.wrong !== "both" && !setting.policy))
    .concat(SETS.map((setting) => ({ setting, claim: "finite-set" })))
    .map(({ setting, claim }) => {
      const row = synthetic(setting, claim, replays);
      console.log(JSON.stringify(row));
      return row;
    });
  const blocks = blockStudy(Math.min(replays, 10_000));
  for (const row of blocks) console.log(JSON.stringify(row));
  const real = await realStudy(seeds);
  for (const row of real.rows) console.log(JSON.stringify(row));
  const document = {
    schema_version: "quantgate.anytime-study.v1",
    seed: SEED,
    rng: stats.RNG_ALGORITHM,
    alpha: ALPHA,
    synthetic: rows,
    blocks,
    real,
  };
  writeFileSync(out, `${JSON.stringify(document, null, 1)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
