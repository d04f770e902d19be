import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { survivors } from "../fixtures/liveness.ts";
import { FAKE_SMI, runProbe, SIDECAR } from "../fixtures/probe-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const posix = { skip: process.platform === "win32" ? "the fake nvidia-smi is a script" : false };
const nvidia = ["--backend", "nvidia", "--tool", FAKE_SMI, "--interval-ms", "40"];
const GIB = 2 ** 30;

// Mostly waiting for programs, so several at a time.
describe("the live NVIDIA probe", { concurrency: 4 }, () => {
  test("one sample has every reading in base units, and throttle reasons by name", posix, async () => {
    const run = await runProbe([...nvidia, "--once"]);
    assert.equal(run.exitCode, 0);
    assert.equal(run.end, "once");
    const [gpu] = run.samples[0] ?? [];
    assert.equal(gpu?.name, "Fake GPU, Special Edition");
    assert.deepEqual(gpu?.clock_reasons, ["sw_power_cap", "hw_thermal_slowdown"]);
    const { readings } = gpu;
    assert.equal(readings.memory_total_bytes, 16 * GIB);
    assert.equal(readings.utilization_gpu, 0.87);
    assert.equal(readings.clock_sm_hz, 1.5e9);
    assert.equal(readings.throttle_thermal, 1);
    assert.equal(readings.throttle_power, 1);
    assert.equal(readings.throttle_thermal_s, 0.002);
    assert.equal(readings.ecc_corrected, 3);
    assert.equal(readings.temperature_margin_c, null);
    assert.equal(gpu.missing.temperature_margin_c, "not-available");
    assert.equal(gpu.missing.energy_j, "first-sample");
  });

  test("energy is the integral of power, from the second sample on", posix, async () => {
    const { lines } = await runProbe([...nvidia, "--samples", "6"]);
    const samples = lines.filter((line) => line.kind === "sample");
    const [second, last] = [samples[1], samples.at(-1)];
    assert.ok(second !== undefined && last !== undefined);
    const seconds = Number(BigInt(last.monotonic_ns) - BigInt(second.monotonic_ns)) / 1e9;
    const joules = (last.devices[0]?.readings.energy_j ?? 0) - (second.devices[0]?.readings.energy_j ?? 0);
    assert.ok(Math.abs(joules / seconds - 200) < 10, `${joules} J in ${seconds} s of 200 W`);
  });

  test("two cards make one sample, and memory of our process and its descendants is told apart", posix, async () => {
    const run = await runProbe([...nvidia, "--once", "--pid", String(process.pid)], {
      FAKE_SMI_MODE: "two-cards",
      FAKE_SMI_OWN: String(process.pid),
    });
    const [first, second] = run.samples[0] ?? [];
    assert.deepEqual([first?.id, second?.id], ["gpu0", "gpu1"]);
    assert.equal(first?.readings.process_memory_bytes, 3000 * 2 ** 20);
    assert.equal(first?.readings.foreign_memory_bytes, 1000 * 2 ** 20);
    assert.equal(first?.readings.foreign_processes, 1);
    // Four GiB are in use there and the list names nobody: that is not "no process".
    assert.equal(second?.readings.foreign_processes, null);
    assert.equal(second?.missing.foreign_processes, "no-permission");
  });

  test("partitions of a card are devices of their own", posix, async () => {
    const run = await runProbe([...nvidia, "--once"], { FAKE_SMI_MODE: "mig" });
    assert.deepEqual(
      run.samples[0]?.map(({ id, kind, readings }) => [id, kind, readings.memory_total_bytes]),
      [
        ["gpu0", "gpu", 16 * GIB],
        ["gpu0/mig0", "mig", 8 * GIB],
        ["gpu0/mig1", "mig", 8 * GIB],
      ],
    );
  });

  test(
    "a driver that refuses newer fields is asked for their older names, and for the rest without them",
    posix,
    async () => {
      const run = await runProbe([...nvidia, "--once"], { FAKE_SMI_MODE: "old" });
      const [gpu] = run.samples[0] ?? [];
      assert.deepEqual(gpu?.clock_reasons, ["sw_power_cap", "hw_thermal_slowdown"]);
      assert.equal(gpu.readings.temperature_gpu_c, 60);
      assert.equal(gpu.missing.remapped_rows_uncorrectable, "not-reported");
      assert.deepEqual(run.problems, []);
    },
  );

  test("warnings around the rows are told, and the rows are read", posix, async () => {
    const run = await runProbe([...nvidia, "--samples", "4"], { FAKE_SMI_MODE: "warnings" });
    assert.equal(run.samples.length, 4);
    assert.ok(run.samples.every(([gpu]) => gpu?.readings.power_draw_w === 200));
    assert.deepEqual(run.problems.toSorted(), ["DEVICE_LOST", "TOOL_WARNING"]);
  });

  test("columns that change on the way are read by their new heading", posix, async () => {
    const run = await runProbe([...nvidia, "--samples", "4"], { FAKE_SMI_MODE: "changes-columns" });
    const [before, after] = [run.samples[0]?.[0], run.samples[3]?.[0]];
    assert.equal(before?.readings.fan_speed, 0.55);
    assert.equal(after?.readings.fan_speed, null);
    assert.equal(after?.missing.fan_speed, "not-reported");
    assert.equal(after?.readings.power_draw_w, 200);
    assert.equal(after?.readings.temperature_gpu_c, 63);
  });

  test("values that cannot be are not believed, and the others stand", posix, async () => {
    const run = await runProbe([...nvidia, "--once"], { FAKE_SMI_MODE: "lies" });
    const [gpu] = run.samples[0] ?? [];
    assert.ok(gpu);
    for (const id of ["utilization_gpu", "temperature_gpu_c", "power_draw_w", "memory_used_bytes"] as const) {
      assert.equal(gpu.readings[id], null, id);
      assert.equal(gpu.missing[id], "implausible", id);
    }
    assert.equal(gpu.missing.fan_speed, "unreadable");
    assert.equal(gpu.readings.clock_sm_hz, 1.5e9);
  });

  test("each error in a cell is null with its own reason, and the others stand", posix, async () => {
    const run = await runProbe([...nvidia, "--once"], { FAKE_SMI_MODE: "errors" });
    const [gpu] = run.samples[0] ?? [];
    assert.equal(gpu?.missing.memory_total_bytes, "not-supported");
    assert.equal(gpu.missing.utilization_gpu, "unknown-error");
    assert.equal(gpu.missing.temperature_memory_c, "needs-reset");
    assert.equal(gpu.missing.fan_speed, "no-permission");
    // power.draw failed, power.draw.instant did not.
    assert.equal(gpu.readings.power_draw_w, 210);
    assert.equal(gpu.readings.temperature_gpu_c, 60);
  });

  test("a card that vanishes leaves the other's samples whole", posix, async () => {
    const run = await runProbe([...nvidia, "--samples", "5"], { FAKE_SMI_MODE: "vanishes" });
    assert.deepEqual(
      run.samples.map((devices) => devices.length),
      [2, 2, 1, 1, 1],
    );
  });

  test("a tool that dies at sample 7 is told and started again", posix, async () => {
    const run = await runProbe([...nvidia, "--samples", "10"], { FAKE_SMI_MODE: "dies" });
    assert.deepEqual(run.problems, ["TOOL_DIED"]);
    assert.equal(run.samples[7]?.[0]?.missing.temperature_gpu_c, "tool-died");
    assert.equal(run.samples[8]?.[0]?.readings.temperature_gpu_c, 60);
    assert.equal(run.end, "enough");
  });

  test("a tool that hangs is killed with its children and gives one sample of nulls", posix, async (t) => {
    const pids = join(await scratchFolder(t), "pids");
    const run = await runProbe([...nvidia, "--once", "--timeout-ms", "400"], {
      FAKE_SMI_MODE: "hangs",
      FAKE_SMI_PIDS: pids,
    });
    assert.ok(run.problems.includes("TOOL_TIMEOUT"));
    assert.equal(run.samples[0]?.[0]?.missing.power_draw_w, "tool-timeout");
    assert.equal(run.exitCode, 0);
    const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    assert.ok(started.length >= 2);
    assert.deepEqual(await survivors(started), []);
  });

  test("a tool that falls silent after three samples is killed and started again", posix, async () => {
    const args = [...nvidia, "--samples", "5", "--timeout-ms", "3000"];
    const run = await runProbe(args, { FAKE_SMI_MODE: "hangs-later" });
    assert.deepEqual(run.problems, ["TOOL_TIMEOUT"]);
    assert.deepEqual(
      run.samples.map(([gpu]) => gpu?.readings.temperature_gpu_c),
      [60, 61, 62, null, 60],
    );
  });

  test("a tool that cannot reach its driver is told with its words and nulls", posix, async () => {
    const run = await runProbe([...nvidia, "--once"], { FAKE_SMI_MODE: "refuses" });
    assert.deepEqual(run.problems.toSorted(), ["DEVICE_LOST", "TOOL_FAILED"]);
    assert.equal(run.samples[0]?.[0]?.missing.power_draw_w, "tool-failed");
  });

  for (const mode of ["floods", "floods-line"]) {
    test(`a tool that ${mode} 100 MB is killed early`, posix, async () => {
      const run = await runProbe([...nvidia, "--samples", "3"], { FAKE_SMI_MODE: mode });
      assert.ok(run.problems.includes("TOOL_FLOODED"));
      assert.equal(run.samples.at(-1)?.[0]?.missing.power_draw_w, "tool-flooded");
      assert.equal(run.end, "tool-gone");
      assert.ok(run.lines.length < 50, `${run.lines.length} lines`);
    });
  }

  test("a tool that is missing gives one sample of nulls and exit code 0", async () => {
    const run = await runProbe(["--backend", "nvidia", "--tool", "quantgate-no-such-tool"]);
    assert.deepEqual(run.problems, ["TOOL_MISSING"]);
    assert.equal(run.samples[0]?.[0]?.missing.temperature_gpu_c, "tool-missing");
    assert.equal(run.end, "tool-gone");
    assert.equal(run.exitCode, 0);
  });

  test("killing the probe with -9 kills its tool and the tool's children", posix, async (t) => {
    const pids = join(await scratchFolder(t), "pids");
    const env = { ...process.env, FAKE_SMI_MODE: "hangs", FAKE_SMI_PIDS: pids };
    const probe = spawn(process.execPath, [SIDECAR, ...nvidia], { env, stdio: "ignore" });
    const started = (): number[] => {
      try {
        return readFileSync(pids, "utf8").trim().split("\n").map(Number);
      } catch {
        return [];
      }
    };
    while (started().length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    probe.kill("SIGKILL");
    assert.deepEqual(await survivors(started()), []);
  });
});
