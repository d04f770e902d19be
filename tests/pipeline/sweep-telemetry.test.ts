import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { frontier } from "../../harness/pipeline/frontier.ts";
import { report } from "../../harness/pipeline/report.ts";
import { resumeSweep, type SweepResult, sweep } from "../../harness/pipeline/sweep.ts";
import { readJournal } from "../../harness/store/journal.ts";
import { FAKE_SMI } from "../fixtures/probe-run.ts";
import { simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

const skip = process.platform === "win32" ? "the fake nvidia-smi is a script" : false;

describe("probes beside the trials of a sweep", { skip }, () => {
  const saved = { path: process.env["PATH"], mode: process.env["FAKE_SMI_MODE"] };
  let folder = "";
  let quiet: SweepResult;
  let watched: SweepResult;

  /** The same plan each time but for its probes; trials really take a while, so that there is something to read. */
  async function run(telemetry: object, trialMs = 60): Promise<SweepResult> {
    const body = simulatedBody({ runs_per_quant: 3, telemetry: { rate_hz: 20, ...telemetry } }, trialMs);
    return sweep({
      config: writeConfig(folder, body),
      outDir: join(folder, "results"),
      cwd: folder,
      env: { QUANTGATE_CACHE_DIR: join(folder, "cache") },
    });
  }

  const verdicts = ({ summary }: SweepResult) => [
    summary.suite,
    ...summary.rows.map(({ gates, verdict }) => [verdict, gates]),
  ];
  const trials = async ({ runFolder }: SweepResult) => (await readJournal(join(runFolder, "journal.ndjson"))).trials;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "quantgate-telemetry-"));
    mkdirSync(join(folder, "bin"));
    symlinkSync(FAKE_SMI, join(folder, "bin/nvidia-smi"));
    process.env["PATH"] = `${join(folder, "bin")}${delimiter}${saved.path}`;
    quiet = await run({ probe: "none" });
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    process.env["PATH"] = saved.path;
    if (saved.mode === undefined) delete process.env["FAKE_SMI_MODE"];
    else process.env["FAKE_SMI_MODE"] = saved.mode;
  });

  it("summarise each trial's own window in its journal line, and keep its samples by digest", async () => {
    process.env["FAKE_SMI_MODE"] = "well";
    watched = await run({ probe: "nvidia" }, 400);
    const result = watched;
    assert.deepEqual(verdicts(result), verdicts(quiet));
    const lines = await trials(result);
    for (const { telemetry } of lines) {
      assert.deepEqual(
        telemetry?.probes.map(({ backend }) => backend),
        ["cpu", "nvidia"],
      );
      assert.ok(BigInt(telemetry?.end_ns ?? 0) > BigInt(telemetry?.start_ns ?? 0));
    }
    const read = lines.flatMap(({ telemetry }) => telemetry?.probes.filter(({ samples }) => samples > 0) ?? []);
    const nvidia = read.find(({ backend }) => backend === "nvidia");
    const heat = nvidia?.devices[0]?.readings["temperature_gpu_c"];
    assert.ok(heat?.kind === "gauge" && heat.first >= 60);
    const file = nvidia?.file;
    assert.ok(file);
    const stored = readFileSync(join(result.runFolder, file.file), "utf8").trimEnd().split("\n");
    assert.equal(stored.length, file.lines);
    assert.equal(JSON.parse(stored[0] as string).kind, "sample");
    assert.equal(
      readdirSync(join(result.runFolder, "telemetry")).some((name) => name === `${file.sha256}.ndjson`),
      true,
    );
    assert.deepEqual(
      (await checkArtifacts([result.runFolder])).filter(({ ok }) => !ok),
      [],
    );
    const machine = result.summary.rows.find((row) => row.machine?.thermal_start_c != null)?.machine;
    assert.ok((machine?.thermal_start_c ?? 0) >= 60 && machine?.memory_total_bytes === 16 * 2 ** 30);
  });

  it("reach report.html as time lines of temperature, clock, power, processors and rate, and the front as energy", async () => {
    const page = readFileSync(join(watched.runFolder, "report.html"), "utf8");
    const [, section = ""] = /<section aria-labelledby="telemetry">(.*?)<\/section>/s.exec(page) ?? [];
    for (const panel of ["temperature, °C", "clock, GHz", "power, W", "use of the processors, %", "rate, items/s"]) {
      assert.ok(section.includes(`>${panel}</text>`), panel);
    }
    for (const line of ["gpu0", "cpu", "sim/good8"]) {
      assert.match(section, new RegExp(`<(polyline|circle)[^>]*><title>${line}</title>`), line);
    }
    assert.doesNotMatch(section, /no readings/);
    const made = await report({ summary: watched.runFolder, outHtml: join(folder, "again.html") });
    assert.deepEqual(made.warnings, []);
    assert.equal(readFileSync(join(folder, "again.html"), "utf8"), page, "made again from the stored run");
    const without = readFileSync(join(quiet.runFolder, "report.html"), "utf8");
    assert.doesNotMatch(without, /id="telemetry"/, "a run that was not watched has no such section");

    const { energy_j, energy_per_item } = watched.summary.rows[0]?.machine ?? {};
    assert.ok((energy_per_item?.value ?? 0) > 0 && energy_per_item?.n === 3, JSON.stringify(energy_per_item));
    assert.ok((energy_per_item?.value ?? 0) < (energy_j ?? 0) / 3, "less than a trial takes");
    const { frontier: front } = await frontier({
      summary: watched.runFolder,
      objectives: ["quality.accuracy", "energy.item"],
      out: join(folder, "energy.json"),
    });
    assert.deepEqual(front.dropped_objectives, []);
    assert.equal(front.sessions[0]?.quant_rows[0]?.objectives[1]?.metric, "energy.item");
    assert.deepEqual(
      (await checkArtifacts([join(folder, "energy.json")])).filter(({ ok }) => !ok),
      [],
    );
  });

  for (const mode of ["hangs", "lies", "changes-columns", "warnings", "dies", "floods", "refuses", "errors"]) {
    it(`change no verdict when nvidia-smi ${mode}`, async () => {
      process.env["FAKE_SMI_MODE"] = mode;
      const result = await run({ probe: "nvidia" });
      assert.equal(result.exitCode, quiet.exitCode);
      assert.deepEqual(verdicts(result), verdicts(quiet));
      for (const { telemetry } of await trials(result)) {
        for (const device of telemetry?.probes.flatMap(({ devices }) => devices) ?? []) {
          for (const [id, reading] of Object.entries(device.readings)) {
            if (reading.kind === "absent") assert.match(reading.reason, /^[a-z-]+$/, id);
          }
        }
      }
      // On a busy machine a probe may miss a short trial in any mode; one that cannot read at all is always told.
      if (!["hangs", "floods", "refuses"].includes(mode)) return;
      const told = result.summary.findings.filter(
        ({ code, message }) => code === "PROBE_INCOMPLETE" && /nvidia/.test(message),
      );
      assert.equal(told.length, 1, JSON.stringify(result.summary.findings));
    });
  }

  it("are missing as a finding where the tool is not installed", async () => {
    process.env["PATH"] = saved.path;
    const result = await run({ probe: "amd" });
    process.env["PATH"] = `${join(folder, "bin")}${delimiter}${saved.path}`;
    assert.deepEqual(verdicts(result), verdicts(quiet));
    const finding = result.summary.findings.find(({ code }) => code === "PROBE_INCOMPLETE");
    assert.match(finding?.message ?? "", /amd probe read nothing.*TOOL_MISSING/);
  });

  it("read what the rest of an interrupted run still does, and nothing is asked twice", async () => {
    process.env["FAKE_SMI_MODE"] = "well";
    const stop = new AbortController();
    let seen = 0;
    const body = simulatedBody({ runs_per_quant: 3, telemetry: { probe: "cpu_only", rate_hz: 20 } }, 60);
    const options = {
      config: writeConfig(folder, body),
      outDir: join(folder, "stopped"),
      cwd: folder,
      env: { QUANTGATE_CACHE_DIR: join(folder, "cache") },
    };
    await assert.rejects(
      sweep({
        ...options,
        signal: stop.signal,
        onProgress: ({ kind }) => {
          if (kind === "trial" && ++seen === 5) stop.abort();
        },
      }),
    );
    const [run = ""] = readdirSync(join(folder, "stopped"));
    const { config: _, ...rest } = options;
    const resumed = await resumeSweep(join(folder, "stopped", run), rest);
    const lines = await trials(resumed);
    assert.ok(lines.every(({ telemetry }) => telemetry !== undefined));
    assert.deepEqual(verdicts(resumed), verdicts(quiet));
  });
});
