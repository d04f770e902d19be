import assert from "node:assert/strict";
import { test } from "node:test";
import { readNvidiaRecording } from "../../probes/nvidia-recorded.ts";
import { collector, hasSmi, recording, unexplained } from "../fixtures/recorded-smi.ts";
import { need } from "../fixtures/require.ts";

const real = need("data", hasSmi);
const MIB = 2 ** 20;
const H200 = "extract_linux-x86_64__nvidia-h200";

function read(text: string, columns: readonly string[] = []) {
  const kept = collector();
  readNvidiaRecording(text, kept.sink, columns);
  for (const { devices } of kept.samples) for (const device of devices) assert.deepEqual(unexplained(device), []);
  return kept;
}

test("the loaded H200's CSV gives the values it prints", real, () => {
  const { samples, problems } = read(recording(`${H200}__590.48.01.load.query-gpu.csv`));
  assert.deepEqual(problems, []);
  assert.equal(samples.length, 1);
  assert.equal(samples[0]?.toolTime, "2026/07/03 22:11:09.763");
  const [gpu] = samples[0]?.devices ?? [];
  assert.equal(gpu?.name, "NVIDIA H200");
  const { readings, missing } = gpu;
  assert.equal(readings.memory_total_bytes, 143771 * MIB);
  assert.equal(readings.memory_used_bytes, 32362 * MIB);
  assert.equal(readings.memory_free_bytes, 110796 * MIB);
  assert.equal(readings.memory_reserved_bytes, 614 * MIB);
  assert.equal(readings.utilization_gpu, 1);
  assert.equal(readings.utilization_memory, 0.07);
  assert.equal(readings.temperature_gpu_c, 52);
  assert.equal(readings.temperature_memory_c, 40);
  assert.equal(readings.temperature_margin_c, 35);
  assert.equal(readings.power_draw_w, 627.4);
  assert.equal(readings.power_instant_w, 626.26);
  assert.equal(readings.power_limit_w, 700);
  assert.equal(readings.clock_sm_hz, 1980e6);
  assert.equal(readings.clock_memory_hz, 3201e6);
  assert.equal(readings.pcie_generation, 5);
  assert.equal(readings.pcie_width, 16);
  assert.equal(readings.ecc_uncorrected, 0);
  assert.equal(readings.remapped_rows_uncorrectable, 0);
  assert.equal(readings.throttle_thermal, 0);
  assert.deepEqual(gpu.clock_reasons, []);
  assert.equal(missing.fan_speed, "not-available");
});

test("the idle H200 is idle, which is not throttled", real, () => {
  const [gpu] = read(recording(`${H200}__590.48.01.idle.query-gpu.csv`)).samples[0]?.devices ?? [];
  assert.deepEqual(gpu?.clock_reasons, ["gpu_idle"]);
  assert.equal(gpu?.readings.throttle_thermal, 0);
  assert.equal(gpu?.readings.clock_sm_hz, 345e6);
  assert.equal(gpu?.readings.power_draw_w, 77.71);
  assert.equal(gpu?.readings.memory_used_bytes, 0);
});

test("the H200 cut into partitions has no utilization, and says why", real, () => {
  const [gpu] = read(recording(`${H200}-mig__590.48.01.load.query-gpu.csv`)).samples[0]?.devices ?? [];
  assert.equal(gpu?.readings.utilization_gpu, null);
  assert.equal(gpu?.missing.utilization_gpu, "not-available");
  assert.equal(gpu?.missing.remapped_rows_uncorrectable, "not-available");
  assert.equal(gpu?.readings.memory_used_bytes, 16959 * MIB);
  assert.equal(gpu?.readings.power_draw_w, 295.01);
});

test("the H200's list of processes gives their memory", real, () => {
  const [gpu] = read(recording(`${H200}__590.48.01.load.compute-apps.csv`)).samples[0]?.devices ?? [];
  assert.equal(gpu?.readings.foreign_processes, 3);
  assert.equal(gpu?.readings.foreign_memory_bytes, (2566 + 1542 + 28234) * MIB);
  assert.equal(gpu?.missing.process_memory_bytes, "not-asked");
});

test("the A100's XML gives the card and its four partitions", real, () => {
  const [sample] = read(recording("nvidia-smi_a100-sxm4-v12.xml")).samples;
  assert.equal(sample?.toolTime, "Fri Aug  4 11:44:30 2023");
  const [gpu, ...migs] = sample.devices;
  assert.equal(gpu?.name, "NVIDIA A100-SXM4-80GB");
  assert.equal(gpu.readings.memory_total_bytes, 81920 * MIB);
  assert.equal(gpu.readings.memory_reserved_bytes, 869 * MIB);
  assert.equal(gpu.readings.temperature_gpu_c, 27);
  assert.equal(gpu.readings.temperature_memory_c, 44);
  assert.equal(gpu.readings.power_draw_w, 67.03);
  assert.equal(gpu.readings.power_limit_w, 500);
  assert.equal(gpu.readings.pcie_tx_bytes_per_s, 4e6);
  assert.equal(gpu.readings.clock_sm_max_hz, 1410e6);
  assert.equal(gpu.readings.ecc_corrected, 0);
  assert.equal(gpu.missing.utilization_gpu, "not-available");
  assert.deepEqual(gpu.clock_reasons, []);
  assert.deepEqual(
    migs.map(({ id, kind, readings }) => [id, kind, readings.memory_total_bytes, readings.memory_used_bytes]),
    [0, 1, 2, 3].map((i) => [`gpu0/mig${i}`, "mig", 19968 * MIB, 12 * MIB]),
  );
});

test(
  "the RTX 3080's XML gives average power and link traffic; a list that hides processes is not an empty one",
  real,
  () => {
    const [gpu] = read(recording("nvidia-smi_rtx-3080-v13.xml")).samples[0]?.devices ?? [];
    assert.equal(gpu?.name, "NVIDIA GeForce RTX 3080");
    assert.equal(gpu.readings.power_draw_w, 139.62);
    assert.equal(gpu.readings.power_instant_w, 142.33);
    assert.equal(gpu.readings.utilization_gpu, 0.65);
    assert.equal(gpu.readings.memory_used_bytes, 9184 * MIB);
    assert.equal(gpu.readings.pcie_rx_bytes_per_s, 14742333e3);
    assert.equal(gpu.readings.fan_speed, 0);
    assert.equal(gpu.readings.throttle_thermal_s, 0);
    assert.equal(gpu.missing.ecc_corrected, "not-available");
    // 9 GiB in use, 65 % busy, and not one process shown.
    assert.equal(gpu.missing.foreign_processes, "no-permission");
  },
);

test("the GTX 1070 Ti's short XML gives what it has, and reasons for the rest", real, () => {
  const [gpu] = read(recording("nvidia-smi_gtx-1070-ti.xml")).samples[0]?.devices ?? [];
  assert.equal(gpu?.name, "GeForce GTX 1070 Ti");
  assert.equal(gpu.readings.fan_speed, 1);
  assert.equal(gpu.readings.temperature_gpu_c, 39);
  assert.equal(gpu.readings.pcie_generation, 1);
  assert.equal(gpu.readings.pcie_width, 16);
  assert.equal(gpu.missing.power_draw_w, "not-available");
  assert.equal(gpu.missing.power_limit_w, "not-reported");
  assert.equal(gpu.missing.throttle_thermal, "not-reported");
  assert.equal(gpu.missing.foreign_processes, "not-reported");
});

test("the table with the corrupted infoROM gives eight cards of nulls with a reason, and the warning", real, () => {
  const { samples, problems } = read(recording("nvidia-smi_table_inforom-corrupted.out"));
  assert.equal(samples[0]?.devices.length, 8);
  for (const { readings, missing } of samples[0]?.devices ?? []) {
    assert.ok(Object.values(readings).every((value) => value === null));
    assert.ok(Object.values(missing).every((reason) => reason === "not-machine-readable"));
  }
  const warning = problems.find(({ code }) => code === "TOOL_WARNING");
  assert.equal(warning?.message, "WARNING: infoROM is corrupted at gpu 0008:00:00.0");
});

test(
  "every field of the help text is a column we read or leave alone, and none is read under a wrong name",
  real,
  () => {
    const help = recording("nvidia-smi_help-query-gpu_fields.txt");
    const fields = [...help.matchAll(/^"([a-z][A-Za-z0-9_.]+)"/gm)].map(([, name]) => name as string);
    assert.ok(fields.length > 100);
    // Every column says 1; what we read must be the 1 of exactly its own column.
    const { samples } = read(`${fields.join(", ")}\n${fields.map(() => "1").join(", ")}\n`);
    const { readings } = samples[0]?.devices[0] ?? assert.fail("no device");
    assert.equal(readings.temperature_gpu_c, 1);
    assert.equal(readings.memory_total_bytes, MIB);
    assert.equal(readings.utilization_gpu, 0.01);
  },
);

const COLUMNS =
  "index,uuid,driver_version,temperature.gpu,memory.total,power.draw,fan.speed,utilization.gpu,clocks.sm,temperature.memory,name";

test("an old card's row without a heading is read by the columns named for it", () => {
  const row =
    "0, GPU-aaaa, 470.182.03, [N/A], 512, [N/A], [Not Supported], [Not Supported], [N/A], [Unknown Error], Tesla K80";
  const { samples, problems } = read(row, COLUMNS.split(","));
  const [gpu] = samples[0]?.devices ?? [];
  assert.deepEqual(problems, []);
  assert.equal(gpu?.name, "Tesla K80");
  assert.equal(gpu.readings.memory_total_bytes, 512 * MIB);
  assert.equal(gpu.missing.temperature_gpu_c, "not-available");
  assert.equal(gpu.missing.fan_speed, "not-supported");
  assert.equal(gpu.missing.temperature_memory_c, "unknown-error");
});

test("a healthy row stands though the next ones are all errors, and so does one after a line of text", () => {
  const text = [
    "index, temperature.gpu, power.draw [W], fan.speed [%]",
    "0, 50, 100.00 W, 30 %",
    "0, [Unknown Error], [Unknown Error], [Unknown Error]",
    "Unable to determine the device handle for GPU0000:02:00.0: Unknown Error",
    "0, ERR!, [GPU requires reset], [Insufficient Permissions]",
    "0, 51, 101.00 W, 31 %",
  ].join("\n");
  const { samples, problems } = read(text);
  const gpus = samples.map(({ devices }) => devices[0]);
  assert.deepEqual(
    gpus.map((gpu) => gpu?.readings.temperature_gpu_c),
    [50, null, null, 51],
  );
  assert.equal(gpus[1]?.missing.power_draw_w, "unknown-error");
  assert.equal(gpus[2]?.missing.temperature_gpu_c, "unknown-error");
  assert.equal(gpus[2]?.missing.power_draw_w, "needs-reset");
  assert.equal(gpus[2]?.missing.fan_speed, "no-permission");
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["DEVICE_LOST"],
  );
});

test("the driver's failure text is a lost device and nulls", () => {
  const text =
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that it is running.";
  const { samples, problems } = read(text);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["DEVICE_LOST", "OUTPUT_UNREADABLE"],
  );
  assert.ok(Object.values(samples[0]?.devices[0]?.readings ?? {}).every((value) => value === null));
});

test("columns may come in any order, with or without units in heading and cells", () => {
  const a = read("index, memory.used [MiB], temperature.gpu\n0, 10 MiB, 40\n").samples[0]?.devices[0];
  const b = read("temperature.gpu, index, memory.used\n40, 0, 10\n").samples[0]?.devices[0];
  assert.deepEqual(a?.readings, b?.readings);
  assert.equal(a?.readings.memory_used_bytes, 10 * MIB);
});

test("a bitmask with bits that we do not know names them by number", () => {
  const [gpu] = read("index, clocks_throttle_reasons.active\n0, 0x0000000000001020\n").samples[0]?.devices ?? [];
  assert.deepEqual(gpu?.clock_reasons, ["sw_thermal_slowdown", "bit_12"]);
  assert.equal(gpu?.readings.throttle_thermal, 1);
  assert.equal(gpu?.readings.throttle_power, 0);
});

test("reasons printed as text are read where there is no bitmask", () => {
  const heading = "index, clocks_throttle_reasons.hw_slowdown, clocks_throttle_reasons.hw_power_brake_slowdown";
  const gpuOf = (row: string) => read(`${heading}\n${row}\n`).samples[0]?.devices[0];
  const braked = gpuOf("0, Active, Active");
  assert.equal(braked?.readings.throttle_power, 1);
  assert.equal(braked?.readings.throttle_thermal, 0);
  assert.equal(gpuOf("0, Active, Not Active")?.readings.throttle_thermal, 1);
  assert.equal(gpuOf("0, [N/A], [N/A]")?.clock_reasons, null);
});

test("XML that was cut off gives what came before the cut", () => {
  const whole = "<nvidia_smi_log><gpu id='0'><product_name>A &amp; B</product_name><fan_speed>30 %</fan_speed><tem";
  const [gpu] = read(whole).samples[0]?.devices ?? [];
  assert.equal(gpu?.name, "A & B");
  assert.equal(gpu?.readings.fan_speed, 0.3);
  assert.equal(gpu?.missing.temperature_gpu_c, "not-reported");
});
