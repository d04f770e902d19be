import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuReader } from "../../probes/cpu.ts";
import { runProbe } from "../fixtures/probe-run.ts";
import { unexplained } from "../fixtures/recorded-smi.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

type Files = Readonly<Record<string, string>>;

async function machine(t: TestContext, files: Files): Promise<{ root: string; write(files: Files): void }> {
  const root = await scratchFolder(t);
  const write = (changed: Files): void => {
    for (const [path, text] of Object.entries(changed)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  return { root, write };
}

const stat = (user: number, idle: number, steal: number, switches: number): string =>
  [
    `cpu  ${2 * user} 0 0 ${2 * idle} 0 0 0 ${2 * steal} 0 0`,
    `cpu0 ${2 * user} 0 0 0 0 0 0 ${steal} 0 0`,
    `cpu1 0 0 0 ${2 * idle} 0 0 0 ${steal} 0 0`,
    `intr ${"0 ".repeat(5000)}`,
    `ctxt ${switches}`,
    "procs_running 3",
    "",
  ].join("\n");

const MACHINE: Files = {
  "proc/stat": stat(100, 900, 0, 1000),
  "proc/loadavg": "1.50 1.00 0.50 2/300 4321\n",
  "proc/meminfo":
    "MemTotal: 16000 kB\nMemFree: 1000 kB\nMemAvailable: 10000 kB\nSwapTotal: 2000 kB\nSwapFree: 500 kB\n",
  "proc/cpuinfo": "processor : 0\nmodel name : Test CPU\n",
  "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0 avg60=0 avg300=0 total=0\n",
  "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
  "sys/class/hwmon/hwmon0/name": "coretemp\n",
  "sys/class/hwmon/hwmon0/temp1_input": "45000\n",
  "sys/class/hwmon/hwmon0/temp1_label": "Package id 0\n",
  "sys/class/hwmon/hwmon0/temp2_input": "61000\n",
  "sys/class/hwmon/hwmon1/name": "nvme\n",
  "sys/class/hwmon/hwmon1/temp1_input": "80000\n",
  "sys/class/powercap/intel-rapl:0/name": "package-0\n",
  "sys/class/powercap/intel-rapl:0/energy_uj": "900\n",
  "sys/class/powercap/intel-rapl:0/max_energy_range_uj": "1000\n",
  "sys/class/powercap/intel-rapl:1/name": "psys\n",
  "sys/class/powercap/intel-rapl:1/energy_uj": "5\n",
  "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "2000000\n",
  "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "3000000\n",
  "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "4\n",
  "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count": "10\n",
  "sys/devices/system/cpu/cpu0/topology/core_id": "0\n",
  "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0\n",
  "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "5\n",
  "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count": "10\n",
  "sys/devices/system/cpu/cpu1/topology/core_id": "1\n",
  "sys/devices/system/cpu/cpu1/topology/physical_package_id": "0\n",
};

test("every reading of a whole machine has its value in base units", async (t) => {
  const { root } = await machine(t, MACHINE);
  const cpu = cpuReader({ root, pids: [] })();
  assert.deepEqual(unexplained(cpu), []);
  const { readings, missing } = cpu;
  assert.equal(cpu.name, "Test CPU");
  assert.equal(missing.cpu_utilization, "first-sample");
  assert.equal(readings.cpu_busy_s, 2);
  assert.equal(readings.load_1m, 1.5);
  assert.equal(readings.context_switches, 1000);
  assert.equal(readings.processes_running, 3);
  assert.equal(readings.cpu_frequency_hz, 2.5e9);
  // The hottest of the processor, not of the disk beside it.
  assert.equal(readings.temperature_cpu_c, 61);
  assert.deepEqual(cpu.sensors, { "coretemp/Package id 0": 45, "coretemp/temp2": 61, "nvme/temp1": 80 });
  assert.equal(readings.pressure_cpu_s, 2.5);
  assert.equal(missing.pressure_io_s, "not-available");
  assert.equal(readings.memory_used_bytes, 6000 * 1024);
  assert.equal(readings.swap_used_bytes, 1500 * 1024);
  // Two cores, and their one package counted once.
  assert.equal(readings.throttle_events, 19);
  assert.equal(missing.process_cpu_s, "not-asked");
});

test("shares of time come from two readings, steal is not work, and counters are unwrapped", async (t) => {
  const { root, write } = await machine(t, MACHINE);
  const read = cpuReader({ root, pids: [] });
  read();
  write({
    "proc/stat": stat(130, 960, 10, 1500),
    "sys/class/powercap/intel-rapl:0/energy_uj": "100\n",
    "sys/class/hwmon/hwmon0/temp2_input": "65000\n",
  });
  const { readings, cores } = read();
  // 60 ticks busy and 120 idle of 200, 20 of them stolen.
  assert.ok(Math.abs((readings.cpu_utilization ?? 0) - 0.3) < 1e-9);
  assert.deepEqual(
    cores?.map(({ utilization }) => Number(utilization?.toFixed(9))),
    [Number((60 / 70).toFixed(9)), 0],
  );
  assert.equal(readings.cpu_steal_s, 0.2);
  // 900 to 100 over a range of 1000: 200 µJ.
  assert.ok(Math.abs((readings.energy_j ?? 0) - 200e-6) < 1e-12);
  assert.ok((readings.power_draw_w ?? 0) > 0);
});

test("clocks, sensors and limits are read once a second, the rest each time", async (t) => {
  const { root, write } = await machine(t, MACHINE);
  const read = cpuReader({ root, pids: [] });
  read();
  write({ "sys/class/hwmon/hwmon0/temp2_input": "70000\n", "proc/loadavg": "9.00 1 1 1/1 1\n" });
  const soon = read();
  assert.equal(soon.readings.temperature_cpu_c, 61);
  assert.equal(soon.readings.load_1m, 9);
  await sleep(1100);
  assert.equal(read().readings.temperature_cpu_c, 70);
});

test("an empty machine has no reading, and a reason for each", async (t) => {
  const { root } = await machine(t, {});
  const cpu = cpuReader({ root, pids: [] })();
  assert.deepEqual(unexplained(cpu), []);
  assert.ok(Object.values(cpu.readings).every((value) => value === null));
});

test("broken files void only their own readings", async (t) => {
  const { root } = await machine(t, {
    ...MACHINE,
    "proc/meminfo": "MemTotal: many kB\n",
    "sys/class/hwmon/hwmon0/temp1_input": "-273150\n",
    "sys/class/hwmon/hwmon0/temp2_input": "hot\n",
    "sys/class/powercap/intel-rapl:0/energy_uj": "",
  });
  const { readings, missing } = cpuReader({ root, pids: [] })();
  assert.equal(readings.memory_total_bytes, null);
  assert.equal(missing.temperature_cpu_c, "unreadable");
  assert.equal(missing.energy_j, "unreadable");
  assert.equal(readings.load_1m, 1.5);
});

test("limits of a control group are read in version 2", async (t) => {
  const { root } = await machine(t, {
    ...MACHINE,
    "proc/self/cgroup": "0::/box\n",
    "sys/fs/cgroup/box/cgroup.controllers": "cpu memory\n",
    "sys/fs/cgroup/box/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/box/cpu.stat": "usage_usec 5\nthrottled_usec 3000000\n",
    "sys/fs/cgroup/box/memory.max": "max\n",
    "sys/fs/cgroup/box/memory.current": "4096\n",
  });
  const { readings, missing } = cpuReader({ root, pids: [] })();
  assert.equal(readings.cgroup_cpu_limit, 1.5);
  assert.equal(readings.cgroup_throttled_s, 3);
  assert.equal(missing.cgroup_memory_limit_bytes, "not-available");
  assert.equal(readings.cgroup_memory_used_bytes, 4096);
});

test("limits of a control group are read in version 1, from inside a container too", async (t) => {
  const { root } = await machine(t, {
    ...MACHINE,
    "proc/self/cgroup": "4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n0::/\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 2000000000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "8192\n",
  });
  const { readings, missing } = cpuReader({ root, pids: [] })();
  assert.equal(readings.cgroup_cpu_limit, 0.5);
  assert.equal(readings.cgroup_throttled_s, 2);
  assert.equal(missing.cgroup_memory_limit_bytes, "not-available");
  assert.equal(readings.cgroup_memory_used_bytes, 8192);
});

test("a process is read by its number, and one that has ended is unknown", async (t) => {
  const line = `42 (a) b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0`;
  const { root } = await machine(t, {
    ...MACHINE,
    "proc/42/stat": line,
    "proc/42/status": "VmRSS:\t 100 kB\nnonvoluntary_ctxt_switches:\t7\n",
  });
  const alive = cpuReader({ root, pids: [42] })();
  assert.equal(alive.readings.process_cpu_s, 2);
  assert.equal(alive.readings.process_rss_bytes, 102400);
  assert.equal(alive.readings.process_involuntary_switches, 7);
  const dead = cpuReader({ root, pids: [42, 43] })();
  assert.equal(dead.readings.process_cpu_s, null);
  assert.equal(dead.missing.process_cpu_s, "not-available");
});

test("this machine is sampled at the beat asked for", async () => {
  const run = await runProbe([
    "--backend",
    "cpu",
    "--samples",
    "4",
    "--interval-ms",
    "50",
    "--pid",
    String(process.pid),
  ]);
  assert.equal(run.samples.length, 4);
  assert.equal(run.end, "enough");
  const cpu = run.samples[3]?.[0];
  assert.ok(cpu);
  assert.deepEqual(unexplained(cpu), []);
  assert.ok((cpu.readings.memory_total_bytes ?? 0) > 0);
  assert.ok((cpu.cores?.length ?? 0) > 0);
});
