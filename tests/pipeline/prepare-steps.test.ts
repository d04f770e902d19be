import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { StepDoc, Summary, SummaryRow } from "../../harness/domain/generated/summary-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { assertRefused, type CliResult, runCli, startCli } from "../fixtures/cli.ts";
import { isAlive } from "../fixtures/liveness.ts";
import { makeBytes } from "../fixtures/onnx-models.ts";
import { journalBodies, onlyRun, until, untilTrials } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, digitsItems, writeConfig } from "../fixtures/sweep-configs.ts";

const PROGRAM = fileURLToPath(new URL("../../../tests/fixtures/fake-step.mjs", import.meta.url));
const MODEL = join(packageRoot(), "configs/digits/digits-cnn.onnx");
const NODE = process.execPath;

type Body = Readonly<Record<string, unknown>>;

function step(mode: string, more: Body = {}): Body {
  return {
    id: "make",
    command: [NODE, PROGRAM, mode, "{in:base}", "{out:model}"],
    inputs: { base: MODEL },
    outputs: { model: "made.onnx" },
    ...more,
  };
}

/** The digits with one variant that a step makes; trials are as short as they can be. */
function bodyWith(steps: readonly Body[], more: Body = {}): Body {
  return digitsBody({
    quants: ["fp32", { id: "made", kind: "external", model: "step:make/model" }],
    prepare: steps,
    dataset: digitsItems("test", 200),
    runs_per_quant: 2,
    warmup: { iterations: 1, min_ms: 0 },
    latency: { min_samples: 5, max_samples: 5, time_budget_ms: 10 },
    canary: { runs: 2, items: 20, latency_cv_threshold: 100 },
    telemetry: { probe: "none" },
    ...more,
  });
}

interface Swept extends CliResult {
  readonly cwd: string;
  readonly run: string;
  readonly summary: Summary;
}

async function sweepIn(cwd: string, body: Body, env: Record<string, string> = {}): Promise<Swept> {
  const config = writeConfig(cwd, body);
  rmSync(join(cwd, "results"), { recursive: true, force: true });
  const result = await runCli(["sweep", config, "--json"], { cwd, env });
  assert.notEqual(result.stdout, "", result.stderr);
  return { ...result, cwd, run: join(cwd, "results/latest"), summary: JSON.parse(result.stdout) as Summary };
}

async function sweepWith(t: TestContext, body: Body, env: Record<string, string> = {}): Promise<Swept> {
  return sweepIn(await scratchFolder(t), body, env);
}

function stepOf({ summary }: Swept, id = "make"): StepDoc {
  const found = summary.preparation?.steps.find(({ step_id }) => step_id === id);
  assert.ok(found !== undefined, `there is a step ${id}`);
  return found;
}

function rowOf({ summary }: Swept, tag = "made"): SummaryRow {
  const found = summary.rows.find(({ quant_tag }) => quant_tag === tag);
  assert.ok(found !== undefined);
  return found;
}

describe("a prepare step that ends well", () => {
  it("gives a variant that is run like any other, with digests, log, structure and smoke run in the run's folder", async (t) => {
    const swept = await sweepWith(
      t,
      bodyWith([step("copy", { check: [NODE, PROGRAM, "version"], same: ["inputs", "outputs", "parameters"] })]),
    );
    const made = stepOf(swept);
    assert.equal(made.state, "ok");
    assert.equal(made.cached, false);
    assert.equal(made.reason, null);
    assert.equal(made.tool_version, "fake 1.2.3");
    const [output] = made.outputs;
    assert.equal(output?.file, "steps/make/made.onnx");
    assert.deepEqual(readFileSync(join(swept.run, output.file)), readFileSync(MODEL));
    assert.equal(output.sha256, made.inputs[0]?.sha256);
    assert.deepEqual(output.structure, made.inputs[0]?.structure);
    assert.equal(output.structure?.format, "onnx");
    assert.ok((output.structure?.parameters ?? 0) > 1000 && (output.structure?.layers ?? 0) > 3);
    assert.match(output.smoke ?? "", /\[1, 10\]/);
    assert.match(readFileSync(join(swept.run, made.log?.file ?? ""), "utf8"), /^step copy reads .*digits-cnn\.onnx\n$/);
    const row = rowOf(swept);
    assert.equal(row.model_sha256, output.sha256);
    assert.equal(row.trials.completed, 2);
    assert.equal(row.absence, undefined);
    const page = readFileSync(join(swept.run, "summary.md"), "utf8");
    assert.match(page, /## Preparation/);
    assert.match(page, /logs\/steps\/make\.log/);
    const checked = await runCli(["check", swept.run], { cwd: swept.cwd });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  });

  it("is taken from the cache the second time, and run again when an input or its command changed", async (t) => {
    const cwd = await scratchFolder(t);
    const base = join(cwd, "base.onnx");
    copyFileSync(MODEL, base);
    const count = join(cwd, "count");
    const runs = () => readFileSync(count, "utf8").trim().split("\n").length;
    const body = (more: Body = {}) =>
      bodyWith([step("copy", { inputs: { base: "base.onnx" }, env: { COUNT: count }, ...more })]);
    const first = await sweepIn(cwd, body());
    assert.equal(stepOf(first).cached, false);
    const second = await sweepIn(cwd, body());
    assert.equal(stepOf(second).cached, true);
    assert.equal(runs(), 1);
    assert.match(readFileSync(join(second.run, "logs/steps/make.log"), "utf8"), /step copy reads/);
    assert.deepEqual(stepOf(second).outputs, stepOf(first).outputs);
    // Another model under the same name: it says another version of its producer, which no reader minds.
    const bytes = readFileSync(MODEL);
    writeFileSync(base, Buffer.concat([bytes, Buffer.from([0x1a, 0x01, 0x61])]));
    const third = await sweepIn(cwd, body());
    assert.equal(stepOf(third).cached, false);
    assert.equal(runs(), 2);
    await sweepIn(cwd, body({ command: [NODE, PROGRAM, "copy", "{in:base}", "{out:model}", "--more"] }));
    assert.equal(runs(), 3);
  });

  it("may make the base model of recipes, or what a later step reads", async (t) => {
    const later = step("copy", { id: "again", inputs: { base: "step:make/model" } });
    const swept = await sweepWith(
      t,
      bodyWith([step("copy"), later], {
        models: [{ id: "digits", path: "step:again/model" }],
        quants: ["fp32", "w8a16"],
      }),
    );
    assert.equal(stepOf(swept, "again").state, "ok");
    assert.equal(rowOf(swept, "w8a16").trials.completed, 2);
  });

  it("reads the calibration items of the run, whose list lies in its folder", async (t) => {
    const swept = await sweepWith(
      t,
      bodyWith(
        [
          step("copy", {
            command: [NODE, PROGRAM, "copy", "{in:base}", "{out:model}", "{calibration}", "{calibration_ids}"],
          }),
        ],
        {
          calibration: { dataset: digitsItems("calibration", 100), count: 30 },
        },
      ),
    );
    const list = readFileSync(join(swept.run, "calibration.txt"), "utf8").trim().split("\n");
    assert.equal(list.length, 31);
    assert.match(list[1] ?? "", /^\d+ [0-9a-f]{64}$/);
    assert.equal(swept.summary.preparation?.calibration?.count, 30);
    const [line] = journalBodies(onlyRunOf(swept)).filter(({ kind }) => kind === "step") as unknown as {
      command: string[];
    }[];
    assert.match(line?.command.join(" ") ?? "", /items\/[0-9a-f]{64}\.items .*calibration\.txt$/);
  });
});

function onlyRunOf({ cwd }: Swept): string {
  rmSync(join(cwd, "results/latest"));
  return onlyRun(join(cwd, "results"));
}

describe("a prepare step that does not end well", () => {
  const optional = { optional: true };

  it("is failed where its program fails, hangs, writes nothing, nothing in it, or what is no model; its variant fails, the others are judged", async (t) => {
    const reasons: Readonly<Record<string, RegExp>> = {
      fail: /^it ended with exit code 3: the optimizer diverged$/,
      hang: /^it did not finish within 0\.5 s and was killed$/,
      nothing: /^it ended well, but wrote no model \(made\.onnx\)$/,
      empty: /^it wrote an empty model \(made\.onnx\)$/,
      garbage: /^its output model is no model that runs: /,
    };
    for (const [mode, reason] of Object.entries(reasons)) {
      const limit = mode === "hang" ? { timeout_sec: 0.5 } : {};
      const quants = [
        "fp32",
        { id: "made", kind: "external", model: "step:make/model" },
        { id: "same", kind: "external", model: MODEL },
      ];
      const swept = await sweepWith(t, bodyWith([step(mode, { ...optional, ...limit })], { quants }));
      const made = stepOf(swept);
      assert.equal(made.state, "failed", mode);
      assert.match(made.reason ?? "", reason);
      assert.deepEqual(made.outputs, []);
      assert.match(readFileSync(join(swept.run, made.log?.file ?? ""), "utf8"), new RegExp(`^step ${mode} reads`));
      assert.equal(rowOf(swept).verdict, "fail");
      assert.equal(rowOf(swept, "same").trials.completed, 2);
      assert.ok(swept.summary.findings.some(({ code, subject }) => code === "STEP_NOT_OK" && subject === "make"));
    }
  });

  it("is unavailable where its program is missing, its check fails or it says so; its variant is inconclusive, never a fail or a pass", async (t) => {
    const absent: readonly Body[] = [
      step("copy", { command: ["no-such-program", "{in:base}", "{out:model}"], install: "apt install it" }),
      step("copy", { check: [NODE, PROGRAM, "fail"] }),
      step("unavailable"),
    ];
    for (const one of absent) {
      const swept = await sweepWith(t, bodyWith([{ ...one, ...optional }]));
      assert.equal(stepOf(swept).state, "unavailable");
      const row = rowOf(swept);
      assert.equal(row.verdict, "inconclusive");
      assert.equal(row.absence?.state, "unavailable");
      assert.equal(row.accuracy, null);
      assert.ok(
        row.gates.every(
          ({ verdict, reasons }) => verdict === "inconclusive" && reasons.includes("variant-unavailable"),
        ),
      );
      assert.equal(swept.code, 4);
      const checked = await runCli(["check", swept.run], { cwd: swept.cwd });
      assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    }
  });

  it("says what to install where the program is missing", async (t) => {
    const swept = await sweepWith(
      t,
      bodyWith([step("copy", { command: ["no-such-program", "{out:model}"], install: "pip install it", ...optional })]),
    );
    assert.match(
      stepOf(swept).reason ?? "",
      /^no-such-program: it is not installed, or not in PATH \(pip install it\)$/,
    );
    assert.match(readFileSync(join(swept.run, "summary.md"), "utf8"), /pip install it/);
  });

  it("is unsupported where its tool says that it cannot, and skipped where what it needs is not there or nobody needs it", async (t) => {
    const later = step("copy", { id: "later", inputs: { base: "step:make/model" }, ...optional });
    const unused = step("copy", { id: "unused" });
    const swept = await sweepWith(
      t,
      bodyWith([step("unsupported", optional), later, unused], {
        quants: ["fp32", { id: "made", kind: "external", model: "step:later/model" }],
      }),
    );
    assert.equal(stepOf(swept).state, "unsupported");
    assert.equal(stepOf(swept).reason, "x86 has no kernel for quint8 weights");
    assert.equal(stepOf(swept, "later").state, "skipped");
    assert.equal(stepOf(swept, "later").reason, "it needs step:make/model, which is unsupported");
    assert.equal(stepOf(swept, "unused").reason, "no variant of this run needs it");
    assert.equal(rowOf(swept).absence?.state, "unsupported");
    assert.equal(rowOf(swept).verdict, "inconclusive");
  });

  it("ends the run where it is not optional, with the step's reason and log", async (t) => {
    const cwd = await scratchFolder(t);
    const failing = await runCli(["sweep", writeConfig(cwd, bodyWith([step("fail")])), "--quiet"], { cwd });
    assert.equal(failing.code, 5);
    assert.match(failing.stderr, /The step make is failed: it ended with exit code 3: the optimizer diverged/);
    assert.match(failing.stderr, /\[QUANTIZE_FAILED\]/);
    assert.match(failing.stderr, /logs\/steps\/make\.log/);
    const missing = await runCli(["sweep", writeConfig(cwd, bodyWith([step("unavailable")])), "--quiet"], { cwd });
    assert.equal(missing.code, 5);
    assert.match(missing.stderr, /\[RUNTIME_UNAVAILABLE\]/);
  });

  it("fails where it changes what it must keep, and is only noted where it need not", async (t) => {
    const cwd = await scratchFolder(t);
    writeFileSync(join(cwd, "other.onnx"), makeBytes({ nodes: [makeNode("Relu", ["x"], ["y"])] }));
    const other = {
      command: [NODE, PROGRAM, "copy", "{in:other}", "{out:model}"],
      inputs: { base: MODEL, other: "other.onnx" },
    };
    const strict = await sweepIn(cwd, bodyWith([step("copy", { ...other, ...optional, same: ["inputs"] })]));
    assert.equal(stepOf(strict).state, "failed");
    assert.match(
      stepOf(strict).reason ?? "",
      /^its output model must keep its inputs: inputs \[.*28, 28\] → \[\?, 4\]$/,
    );
    const lax = await sweepIn(cwd, bodyWith([step("copy", { ...other, ...optional })]));
    assert.equal(stepOf(lax).state, "ok");
    assert.ok(stepOf(lax).warnings.some((text) => /^model: parameters [\d]+ → 0$/.test(text)));
    assert.ok(lax.summary.findings.some(({ code }) => code === "MODEL_CHANGED_SHAPE"));
    assert.equal(rowOf(lax).verdict, "fail", "a model of another shape cannot be fed the items");
  });

  it("is failed where it writes a link, or where an input changed while it ran", async (t) => {
    const linked = await sweepWith(t, bodyWith([step("link", optional)]));
    assert.equal(stepOf(linked).reason, "it wrote a link instead of the file model (made.onnx)");
    const cwd = await scratchFolder(t);
    copyFileSync(MODEL, join(cwd, "base.onnx"));
    const meddled = await sweepIn(cwd, bodyWith([step("meddle", { ...optional, inputs: { base: "base.onnx" } })]));
    assert.equal(stepOf(meddled).reason, "its input base changed while it ran");
    assert.deepEqual([rowOf(linked).verdict, rowOf(meddled).verdict], ["fail", "fail"]);
  });

  it("sees of the environment's secrets only those that it names, and none of them gets into the run", async (t) => {
    const secrets = { STEP_TOKEN: "given-on-purpose", OTHER_TOKEN: "nobody-gave-this" };
    const swept = await sweepWith(t, bodyWith([step("secret", { secrets: ["STEP_TOKEN"] })]), secrets);
    const log = readFileSync(join(swept.run, "logs/steps/make.log"), "utf8");
    assert.match(log, /token=\[redacted\] other=undefined/);
    const files = readdirSync(swept.cwd, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.length > 20);
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name), "latin1");
      for (const secret of Object.values(secrets)) assert.ok(!text.includes(secret), name);
    }
  });

  it("is unavailable where a secret that it names is not set", async (t) => {
    const swept = await sweepWith(t, bodyWith([step("secret", { ...optional, secrets: ["STEP_TOKEN"] })]));
    assert.equal(stepOf(swept).state, "unavailable");
    assert.equal(stepOf(swept).reason, "STEP_TOKEN is not set in the environment");
  });
});

describe("a run with steps that was killed", () => {
  const resumed = async (cwd: string): Promise<Swept> => {
    const run = onlyRun(join(cwd, "results"));
    const result = await runCli(["sweep", "--resume", run, "--json"], { cwd });
    assert.notEqual(result.stdout, "", result.stderr);
    return { ...result, cwd, run, summary: JSON.parse(result.stdout) as Summary };
  };
  const stepLines = (run: string) => journalBodies(run).filter(({ kind }) => kind === "step").length;
  const worksIn = (cwd: string) => readdirSync(join(cwd, "cache/steps")).filter((name) => name.startsWith(".work-"));

  it("during a step runs it again, leaves nothing of the first try, and ends like any other", async (t) => {
    const cwd = await scratchFolder(t);
    const mark = join(cwd, "mark");
    const before = step("copy", { id: "before" });
    const body = bodyWith([before, step("hang-once", { inputs: { base: "step:before/model" }, env: { MARK: mark } })]);
    const { child, done } = startCli(["sweep", writeConfig(cwd, body)], { cwd });
    await until(() => existsSync(mark) && readFileSync(mark, "utf8") !== "", "the step runs");
    child.kill("SIGKILL");
    await done;
    const pid = Number(readFileSync(mark, "utf8"));
    await until(() => !isAlive(pid), "its program is gone too");
    assert.equal(stepLines(onlyRun(join(cwd, "results"))), 1);
    assert.equal(worksIn(cwd).length, 2, "a folder and whose it is");
    const swept = await resumed(cwd);
    assert.deepEqual([stepOf(swept, "before").state, stepOf(swept).state, stepOf(swept).cached], ["ok", "ok", false]);
    assert.deepEqual([stepLines(swept.run), worksIn(cwd)], [2, []]);
    assert.equal(rowOf(swept).trials.completed, 2);
    const checked = await runCli(["check", swept.run], { cwd });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
  });

  it("during its trials takes what the steps gave from the run, or from the cache where that is damaged", async (t) => {
    const cwd = await scratchFolder(t);
    const count = join(cwd, "count");
    const body = bodyWith([step("differ", { env: { COUNT: count } })], { runs_per_quant: 6 });
    const { child, done } = startCli(["sweep", writeConfig(cwd, body)], { cwd });
    await untilTrials(join(cwd, "results"), 3);
    child.kill("SIGKILL");
    await done;
    const run = onlyRun(join(cwd, "results"));
    const lost = join(cwd, "lost");
    cpSync(run, join(lost, basename(run)), { recursive: true });
    writeFileSync(join(run, "steps/make/made.onnx"), "damaged");
    const swept = await resumed(cwd);
    assert.equal(readFileSync(count, "utf8"), "differ\n");
    assert.equal(stepLines(run), 1);
    assert.equal(rowOf(swept).trials.completed, 6);
    const checked = await runCli(["check", run], { cwd });
    assert.equal(checked.code, 0, checked.stdout + checked.stderr);
    // Neither there nor in the cache: it is made again, and comes out otherwise.
    rmSync(join(cwd, "cache/steps"), { recursive: true });
    const left = onlyRun(lost);
    writeFileSync(join(left, "steps/make/made.onnx"), "damaged");
    const refused = await runCli(["sweep", "--resume", left, "--quiet"], { cwd });
    assertRefused(refused, {
      exitCode: 6,
      code: "STORE_CORRUPT",
      says: /gave something else than before the interruption/,
    });
  });
});

describe("a config with steps that cannot be meant", () => {
  const refusals: readonly [string, readonly Body[], Body, RegExp][] = [
    ["an id twice", [step("copy"), step("copy")], {}, /The step make is declared twice/],
    ["an unknown word", [step("copy", { command: [NODE, "{out:modle}"] })], {}, /has \{out:modle\} in its command/],
    ["a folder as output", [step("copy", { outputs: { model: "../made.onnx" } })], {}, /no plain file name/],
    [
      "a secret in its env",
      [step("copy", { env: { HF_TOKEN: "hf-0123456789" } })],
      {},
      /has HF_TOKEN in its env, and the run would keep its value/,
    ],
    ["calibration without items", [step("copy", { command: [NODE, "{calibration}"] })], {}, /has no calibration/],
    [
      "a later step's output",
      [step("copy", { inputs: { base: "step:later/model" } })],
      {},
      /no step of that id comes before/,
    ],
    ["a model of no step", [], {}, /step:make\/model/],
    [
      "an input that is not there",
      [step("copy", { inputs: { base: "nowhere.onnx" } })],
      {},
      /The input base of step make is not at/,
    ],
  ];
  for (const [name, steps, more, says] of refusals) {
    it(`is refused: ${name}`, async (t) => {
      const cwd = await scratchFolder(t);
      const body = bodyWith(steps, more);
      const { prepare: _, ...without } = body;
      const config = writeConfig(cwd, steps.length === 0 ? without : body);
      const result = await runCli(["plan", config], { cwd });
      const code = name === "an input that is not there" ? "CONFIG_DATA_MISSING" : "CONFIG_INVALID";
      assertRefused(result, { exitCode: 2, code, says });
      assert.equal(existsSync(join(cwd, "results")), false);
    });
  }
});
