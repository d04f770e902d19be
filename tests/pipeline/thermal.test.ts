import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import type { ThermalStability } from "../../harness/domain/generated/thermal-stability-v1.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { thermalRun } from "../../harness/pipeline/thermal-run.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { baselineRow, row, summary } from "../fixtures/summary-builder.ts";

interface Heat {
  readonly start: number | null;
  readonly end: number | null;
  readonly seconds: number;
}

/** A stored run of two rows that took that long together and was that hot. */
function stored({ start, end, seconds }: Heat, more: Partial<Summary> = {}): Summary {
  const machine = (first: number, share: number) => ({
    first_seq: first,
    last_seq: first + 10,
    wall_s: seconds * share,
    thermal_start_c: first === 0 ? start : null,
    thermal_end_c: first === 0 ? null : end,
    thermal_peak_c: end,
    memory_total_bytes: null,
    memory_peak_bytes: null,
    energy_j: null,
    clock_hz: null,
  });
  return summary([baselineRow({ machine: machine(0, 0.6) }), row("u8s8", { machine: machine(1, 0.4) })], more);
}

async function write(t: TestContext, runs: readonly Heat[]): Promise<{ cwd: string; paths: string }> {
  const cwd = await scratchFolder(t);
  const names = runs.map((run, i) => {
    const name = `run${i}.json`;
    writeFileSync(join(cwd, name), JSON.stringify(stored(run)));
    return name;
  });
  return { cwd, paths: names.join(",") };
}

const cool: Heat[] = [
  { start: 40, end: 62, seconds: 60 },
  { start: 41, end: 63, seconds: 60.5 },
  { start: 40, end: 62, seconds: 59.8 },
  { start: 40, end: 63, seconds: 60.2 },
];

describe("thermal from stored summaries", () => {
  it("is stable for cool runs of equal length, and the artifact is checked against its sources", async (t) => {
    const { cwd, paths } = await write(t, cool);
    const done = await runCli(["thermal", "--summaries", paths, "--out", "thermal.json", "--storage-root", "store"], {
      cwd,
    });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /STABLE/);
    const artifact = JSON.parse(readFileSync(join(cwd, "thermal.json"), "utf8")) as ThermalStability;
    assert.equal(artifact.schema_version, "explorer.thermal_stability.v1");
    assert.equal(artifact.points.length, 4);
    assert.equal(artifact.points[0]?.total_latency, 60);
    assert.equal(artifact.points[1]?.thermal_delta_c, 22);
    assert.deepEqual([artifact.model_id, artifact.quant_tag], ["digits", "*"]);
    assert.ok(existsSync(join(cwd, "store/explorer/thermal_stability")));
    assert.deepEqual(
      (await checkArtifacts([join(cwd, "thermal.json")])).map(({ ok }) => ok),
      [true],
    );
    writeFileSync(join(cwd, "run2.json"), JSON.stringify(stored({ start: 40, end: 62, seconds: 61 })));
    const [changed] = await checkArtifacts([join(cwd, "thermal.json")]);
    assert.equal(changed?.ok, false);
    assert.match(changed?.message ?? "", /digest differs/);
  });

  it("does not call a slowdown of 2.4 at temperature stable", async (t) => {
    const { cwd, paths } = await write(t, [...cool.slice(0, 3), { start: 48, end: 84, seconds: 144 }]);
    const done = await runCli(["thermal", "--summaries", paths, "--json"], { cwd });
    assert.equal(done.code, 3, done.stdout);
    const artifact = JSON.parse(done.stdout) as ThermalStability;
    assert.equal(artifact.verdict, "unstable");
    assert.deepEqual(artifact.points[3]?.reasons, ["SLOWER_THAN_COOLEST"]);
  });

  it("tells heat soak, hot ends and warm starts apart, each by its own limit", async (t) => {
    const climbing = [40, 43, 46, 49].map((start) => ({ start, end: start + 20, seconds: 60 }));
    const { cwd, paths } = await write(t, climbing);
    const of = async (...args: string[]) =>
      JSON.parse(
        (await runCli(["thermal", "--summaries", paths, "--json", ...args], { cwd })).stdout,
      ) as ThermalStability;
    assert.equal((await of()).heat_soak_detected, true);
    assert.equal((await of()).cooldown_failure_rate, 0);
    assert.equal((await of("--cooldown-target-c", "45")).cooldown_failure_rate, 0.5);
    assert.equal((await of("--polluted-thermal-threshold-c", "66")).polluted_run_rate, 0.5);
    assert.equal((await of("--execution-lane", "ci", "--vram-profile", "stress")).execution_lane, "ci");
    assert.equal((await of("--provenance-ref", "v1")).provenance.ref, "v1");
  });

  it("judges nothing from missing temperatures, and never calls that stable", async (t) => {
    const { cwd, paths } = await write(t, [
      { start: null, end: null, seconds: 60 },
      { start: null, end: null, seconds: 60 },
    ]);
    const done = await runCli(["thermal", "--summaries", paths, "--json"], { cwd });
    assert.equal(done.code, 4);
    const [point] = (JSON.parse(done.stdout) as ThermalStability).points;
    assert.deepEqual(point?.reasons, ["THERMAL_END_MISSING", "THERMAL_START_MISSING"]);
  });

  it("refuses no summary, runs of other shape, an unknown row, and a summary that is empty", async (t) => {
    const { cwd, paths } = await write(t, cool);
    const refused = (args: string[], says: RegExp) =>
      runCli(["thermal", ...args], { cwd }).then((result) =>
        assertRefused(result, { exitCode: 2, code: "CONFIG_USAGE", says }),
      );
    await refused([], /No summary/);
    await refused(["--summaries", paths, "--only", "nope"], /no row nope/);
    writeFileSync(join(cwd, "other.json"), JSON.stringify(stored(cool[0] as Heat, { rows: [baselineRow()] })));
    await refused(["--summaries", "run0.json,other.json"], /other rows/);
    writeFileSync(
      join(cwd, "elsewhere.json"),
      JSON.stringify(stored(cool[0] as Heat, { hardware_fingerprint: "c".repeat(16) })),
    );
    await refused(["--summaries", "run0.json,elsewhere.json"], /different hardware/);
    writeFileSync(join(cwd, "empty.json"), "{}");
    const empty = await runCli(["thermal", "--summaries", "empty.json"], { cwd });
    assertRefused(empty, { exitCode: 3, code: "STORE_EMPTY", says: /nothing that was measured/ });
  });
});

describe("thermal run", () => {
  it("loads the machine with equal blocks and writes artifact, samples and plot", async (t) => {
    const cwd = await scratchFolder(t);
    const events: string[] = [];
    const artifact = await thermalRun({
      seconds: 1.5,
      blocks: 2,
      threads: 1,
      batchSize: 1,
      coolDownCapS: 1,
      probe: "cpu_only",
      rateHz: 20,
      cwd,
      out: "heat.json",
      onProgress: ({ kind }) => events.push(kind),
    });
    assert.deepEqual(events, ["block", "cool-down", "block"]);
    assert.equal(artifact.points.length, 2);
    assert.equal(artifact.cool_downs?.length, 1);
    assert.ok((artifact.points[0]?.trace?.burst_rate.value ?? 0) > 0);
    assert.ok((artifact.points[1]?.total_latency ?? 0) > 0);
    const samples = readFileSync(join(cwd, "heat.json.samples.ndjson"), "utf8").trimEnd().split("\n");
    assert.ok(samples.length >= 4);
    assert.match(readFileSync(join(cwd, "heat.json.svg"), "utf8"), /^<svg .*\n<title>digits-cnn/);
    assert.deepEqual(
      (await checkArtifacts([join(cwd, "heat.json")])).map(({ ok }) => ok),
      [true],
    );
  });
});
