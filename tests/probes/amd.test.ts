import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAmdOutput, readAmdRecording } from "../../probes/amd.ts";
import { runProbe } from "../fixtures/probe-run.ts";
import { collector, hasSmi, recording, unexplained } from "../fixtures/recorded-smi.ts";
import { need } from "../fixtures/require.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const real = need("data", hasSmi);
const MIB = 2 ** 20;

function devicesOf(text: string) {
  const kept = collector();
  readAmdRecording(text, kept.sink);
  const devices = kept.samples[0]?.devices ?? [];
  for (const device of devices) assert.deepEqual(unexplained(device), []);
  return { devices, problems: kept.problems.map(({ code }) => code) };
}

test("ROCm 4.3's JSON gives the card's values", real, () => {
  const { devices, problems } = devicesOf(recording("rocm-smi_rx6700xt_rocm430.json"));
  assert.deepEqual(problems, []);
  const gpu = devices[0] ?? assert.fail("no device");
  const { readings, missing } = gpu;
  // This version prints the vendor's number where a name belongs.
  assert.equal(gpu.name, null);
  assert.equal(readings.memory_total_bytes, 12868124672);
  assert.equal(readings.memory_used_bytes, 1622728704);
  assert.equal(readings.temperature_gpu_c, 45);
  assert.equal(readings.temperature_junction_c, 47);
  assert.equal(readings.temperature_memory_c, 46);
  assert.equal(readings.power_draw_w, 6);
  assert.equal(readings.power_limit_w, 211);
  assert.equal(readings.clock_sm_hz, 500e6);
  assert.equal(readings.clock_memory_hz, 96e6);
  assert.equal(readings.utilization_gpu, 0);
  assert.equal(readings.pcie_generation, 4);
  assert.equal(readings.pcie_width, 16);
  assert.equal(missing.fan_speed, "not-reported");
});

test("ROCm 6.1's JSON gives a name, and activity rather than the share that is allocated", real, () => {
  const { devices } = devicesOf(recording("rocm-smi_rx6700xt_rocm612.json"));
  assert.equal(devices[0]?.name, "Navi 22 [Radeon RX 6700/6700 XT / 6800M]");
  assert.equal(devices[0].readings.utilization_memory, 0);
  assert.equal(devices[0].readings.memory_used_bytes, 1572745216);
  // A clock that is gated is 0, and that is a value.
  assert.equal(devices[0].readings.clock_sm_hz, 0);
});

test("ROCm 6.0's JSON gives four MI100", real, () => {
  const { devices } = devicesOf(recording("rocm-smi_mi100_rocm602.json"));
  assert.deepEqual(
    devices.map(({ id, readings }) => [id, readings.temperature_junction_c, readings.power_draw_w]),
    [
      ["gpu0", 55, 36],
      ["gpu1", 58, 44],
      ["gpu2", 57, 43],
      ["gpu3", 53, 39],
    ],
  );
  assert.equal(devices[0]?.uuid, "0x79ccd55167a2124a");
});

test("the second die of a card has its power's reason, and its other values", () => {
  const card = {
    "Average Graphics Package Power (W)": "N/A (Secondary die)",
    "Temperature (Sensor mem) (c)": "79.0",
    "Fan speed (%)": "45",
  };
  const { devices } = devicesOf(JSON.stringify({ card0: card }));
  assert.equal(devices[0]?.missing.power_draw_w, "not-available");
  assert.equal(devices[0].readings.temperature_memory_c, 79);
  assert.equal(devices[0].readings.fan_speed, 0.45);
});

test("power under its newer name is read, and the energy counter in joules", () => {
  const card = { "Current Socket Graphics Package Power (W)": "7.222", "Accumulated Energy (uJ)": "2500000.0" };
  const { devices } = devicesOf(JSON.stringify({ card0: card }));
  assert.equal(devices[0]?.readings.power_draw_w, 7.222);
  assert.equal(devices[0].readings.energy_j, 2.5);
});

test("warnings around the JSON are told, and the JSON is read", () => {
  const text = `WARNING: AMD GPU device(s) is/are in a low-power state.\n{"card0": {"GPU use (%)": "12"}}\n\n`;
  const { devices, problems } = devicesOf(text);
  assert.deepEqual(problems, ["TOOL_WARNING"]);
  assert.equal(devices[0]?.readings.utilization_gpu, 0.12);
});

test("text without JSON is nulls with a reason", () => {
  for (const text of ["", "rocm-smi: command failed", "{", "[]", '{"system": {}}', "[1, 2]", '{"card0": 7}']) {
    const { devices, problems } = devicesOf(text);
    assert.ok(problems.includes("OUTPUT_UNREADABLE"), text);
    assert.equal(devices[0]?.missing.power_draw_w, "unreadable", text);
  }
});

/** In the form of AMD's documentation; no recording of the tool was at hand. */
const AMD_SMI = [
  {
    gpu: 0,
    usage: { gfx_activity: { value: 42, unit: "%" }, umc_activity: { value: 1, unit: "%" } },
    power: { socket_power: { value: 150, unit: "W" }, throttle_status: "THROTTLED" },
    clock: {
      gfx_0: { clk: { value: 2100, unit: "MHz" }, max_clk: { value: 2482, unit: "MHz" } },
      mem_0: { clk: "N/A" },
    },
    temperature: { edge: { value: 60, unit: "C" }, hotspot: { value: 75, unit: "C" }, mem: "N/A" },
    pcie: { width: 16, speed: { value: 16, unit: "GT/s" } },
    ecc: { total_correctable_count: 2, total_uncorrectable_count: 0 },
    energy: { total_energy_consumption: { value: 1234.5, unit: "J" } },
    mem_usage: { total_vram: { value: 16368, unit: "MB" }, used_vram: { value: 14569, unit: "MB" } },
    throttle: { socket_thermal_violation_status: "ACTIVE", ppt_violation_status: "NOT ACTIVE" },
  },
];

test("amd-smi's list, and ROCm 7's object around it, are read by AMD's documentation", () => {
  for (const document of [AMD_SMI, { gpu_data: AMD_SMI }]) {
    const gpu = readAmdOutput(JSON.stringify(document, undefined, 4))?.devices[0] ?? assert.fail("no device");
    assert.equal(gpu.readings.utilization_gpu, 0.42);
    assert.equal(gpu.readings.power_draw_w, 150);
    assert.equal(gpu.readings.clock_sm_hz, 2.1e9);
    assert.equal(gpu.missing.clock_memory_hz, "not-available");
    assert.equal(gpu.readings.temperature_junction_c, 75);
    assert.equal(gpu.readings.pcie_generation, 4);
    assert.equal(gpu.readings.ecc_corrected, 2);
    assert.equal(gpu.readings.energy_j, 1234.5);
    assert.equal(gpu.readings.memory_total_bytes, 16368 * MIB);
    assert.equal(gpu.readings.throttle_thermal, 1);
    assert.equal(gpu.readings.throttle_power, 0);
    assert.deepEqual(gpu.clock_reasons, ["socket_thermal"]);
  }
});

test("amd-smi's single word THROTTLED is not taken for heat, since some cards hold it for ever", () => {
  const [{ throttle: _, ...rest }] = AMD_SMI as [(typeof AMD_SMI)[number]];
  const gpu = readAmdOutput(JSON.stringify([rest]))?.devices[0];
  assert.equal(gpu?.readings.throttle_thermal, null);
  assert.equal(gpu?.missing.throttle_thermal, "not-reported");
});

test("a tool that is run again and again gives samples, with energy from its power", async (t) => {
  if (process.platform === "win32") return t.skip("the fake is a script");
  const tool = join(await scratchFolder(t), "rocm-smi");
  writeFileSync(tool, `#!/bin/sh\necho '{"card0": {"Average Graphics Package Power (W)": "50.0"}}'\n`);
  chmodSync(tool, 0o755);
  const run = await runProbe(["--backend", "amd", "--tool", tool, "--samples", "3", "--interval-ms", "30"]);
  assert.equal(run.samples.length, 3);
  assert.equal(run.samples[0]?.[0]?.missing.energy_j, "first-sample");
  assert.ok((run.samples[2]?.[0]?.readings.energy_j ?? 0) > 0);
});

test("without any tool there is one sample of nulls", async () => {
  const run = await runProbe(["--backend", "amd", "--tool", "quantgate-no-such-tool"]);
  assert.deepEqual(run.problems, ["TOOL_MISSING"]);
  assert.equal(run.samples[0]?.[0]?.missing.power_draw_w, "tool-missing");
  assert.equal(run.end, "tool-gone");
});
