import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { validator } from "../../harness/platform/schema.ts";
import { CPU_READINGS, GPU_READINGS, MISSING } from "../../probes/protocol.ts";
import { isSameBus, openXidLog, xidOfLine } from "../../probes/xid.ts";
import { isAlive } from "../fixtures/liveness.ts";
import { FAKE_SMI, runProbe, SIDECAR } from "../fixtures/probe-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const hasContent = (path: string): boolean => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;

const posix = { skip: process.platform === "win32" ? "needs POSIX signals" : false };

test("every line fits the protocol's schema, in the order hello, samples and problems, end", posix, async () => {
  const env = { FAKE_SMI_MODE: "dies" };
  for (const run of [
    await runProbe(["--backend", "nvidia", "--tool", FAKE_SMI, "--interval-ms", "30", "--samples", "9"], env),
    await runProbe(["--backend", "cpu", "--once"]),
  ]) {
    const as = { what: "a line", code: "STORE_SCHEMA" } as const;
    for (const line of run.lines) validator.validate("probe_reading.v1", line, as);
    assert.equal(run.lines[0]?.kind, "hello");
    assert.equal(run.lines.at(-1)?.kind, "end");
    const times = run.lines.map((line) => BigInt(line.monotonic_ns));
    assert.ok(times.every((at, i) => i === 0 || at >= (times[i - 1] as bigint)));
  }
});

test("the schema names every reading and every reason, and no other", () => {
  const path = new URL("../../../schemas/probe_reading.v1.schema.json", import.meta.url);
  const { $defs } = JSON.parse(readFileSync(path, "utf8"));
  const ids = [...new Set([...Object.keys(GPU_READINGS), ...Object.keys(CPU_READINGS)])].sort();
  assert.deepEqual(Object.keys($defs.readings.properties).sort(), ids);
  assert.deepEqual($defs.missing.enum.toSorted(), Object.keys(MISSING).sort());
  const specs = { ...GPU_READINGS, ...CPU_READINGS };
  for (const [id, { unit }] of Object.entries(specs)) assert.equal($defs.readings.properties[id].unit, unit, id);
});

test("the document names every reading, reason and problem", () => {
  const text = readFileSync(new URL("../../../docs/probes.md", import.meta.url), "utf8");
  const schema = new URL("../../../schemas/probe_reading.v1.schema.json", import.meta.url);
  const { $defs } = JSON.parse(readFileSync(schema, "utf8"));
  const names = [GPU_READINGS, CPU_READINGS, MISSING].flatMap((table) => Object.keys(table));
  for (const name of [...names, ...$defs.problem.properties.code.enum])
    assert.ok(text.includes(`| \`${name}\` |`), name);
});

test("monotonic time is the harness's own", async () => {
  const before = process.hrtime.bigint();
  const run = await runProbe(["--backend", "cpu", "--once", "--interval-ms", "20"]);
  const after = process.hrtime.bigint();
  const sample = run.lines.find((line) => line.kind === "sample");
  const at = BigInt(sample?.monotonic_ns ?? 0);
  assert.ok(at > before && at < after);
});

test("the file for the sidecar contract has start and end of different samples", posix, async (t) => {
  const out = join(await scratchFolder(t), "with space", "s.json");
  const broken = await runProbe(["--backend", "nvidia", "--tool", FAKE_SMI, "--once", "--out", out]);
  assert.equal(broken.exitCode, 1);
  assert.match(broken.stderr, /could not be written/);

  const path = join(await scratchFolder(t), "sidecar.json");
  const args = ["--backend", "nvidia", "--tool", FAKE_SMI, "--interval-ms", "30", "--model", "m:7b", "--quant", "Q4_0"];
  await runProbe([...args, "--samples", "4", "--out", path]);
  const file = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(file.model_id, "m:7b");
  assert.equal(file.quant_tag, "Q4_0");
  assert.equal(file.vram_total_mb, 16384);
  assert.equal(file.vram_used_mb, 4096);
  assert.equal(file.thermal_start_c, 60);
  assert.equal(file.thermal_end_c, 63);
  assert.equal(file.gpu_clock_mhz, 1500);
  assert.equal(file.power_draw_watts, 200);
  assert.ok(Math.abs(file.fan_speed_percent - 55) < 1e-9);
  assert.equal(file.ttft_ms, null);
  assert.equal(file.missing.ttft_ms, "measured-by-the-benchmark");

  await runProbe([...args, "--once", "--out", path]);
  const single = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(single.thermal_start_c, 60);
  assert.equal(single.thermal_end_c, null);
  assert.equal(single.missing.thermal_end_c, "one-sample-only");
});

test("a recording that is not there is a problem and nulls, not a crash", async () => {
  for (const backend of ["nvidia", "amd"]) {
    const run = await runProbe(["--backend", backend, "--from-file", "/no/such/file"]);
    assert.deepEqual(run.problems, ["OUTPUT_UNREADABLE"]);
    assert.equal(run.samples[0]?.[0]?.missing.power_draw_w, "unreadable");
    assert.equal(run.exitCode, 0);
  }
});

test("wrong options are told on standard error with exit code 2, and nothing is written", async () => {
  for (const args of [
    ["--backend", "tpu"],
    ["--backend", "cpu", "--interval-ms", "1"],
    ["--backend", "cpu", "--samples", "0"],
    ["--backend", "cpu", "--pid", "x"],
    ["--backend", "cpu", "--frobnicate"],
    [],
  ]) {
    const run = await runProbe(args);
    assert.equal(run.exitCode, 2, args.join(" "));
    assert.match(run.stderr, /usage:/);
    assert.deepEqual(run.lines, []);
  }
});

test("asked to stop, the probe writes its last line and ends", posix, async () => {
  const probe = spawn(process.execPath, [SIDECAR, "--backend", "cpu", "--interval-ms", "30"]);
  let text = "";
  let isAsked = false;
  probe.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    // Once: a second signal means "now", and ends it without a last line.
    if (!isAsked && text.includes('"kind":"sample"')) isAsked = probe.kill("SIGTERM");
  });
  const code = await new Promise((resolve) => probe.once("close", resolve));
  assert.equal(code, 0);
  assert.match(text, /"kind":"end","reason":"asked"/);
});

test("a probe whose reader is gone ends by itself", posix, async () => {
  const probe = spawn(process.execPath, [SIDECAR, "--backend", "cpu", "--interval-ms", "30"]);
  probe.stdout.once("data", () => probe.stdout.destroy());
  const code = await new Promise((resolve) => probe.once("exit", resolve));
  assert.equal(code, 0);
});

test("a probe whose owner was killed ends by itself", posix, async (t) => {
  // The shell becomes the owner; the probe's output goes to a file, so that no broken pipe tells it.
  const output = join(await scratchFolder(t), "readings.ndjson");
  const command = `"$0" "$1" --backend cpu > "$2" & echo $!; wait`;
  const shell = spawn("sh", ["-c", command, process.execPath, SIDECAR, output]);
  const pid = Number(await new Promise((resolve) => shell.stdout.once("data", (text) => resolve(String(text)))));
  // Its first reading says that it has started and knows its owner.
  for (let i = 0; i < 300 && !hasContent(output); i++) await sleep(100);
  shell.kill("SIGKILL");
  for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(100);
  assert.equal(isAlive(pid), false);
});

test("an Xid of the kernel's log is found, with its device", () => {
  const line = "4,1234,5678,-;NVRM: Xid (PCI:0000:83:00): 79, pid=1, GPU has fallen off the bus.";
  const xid = xidOfLine(line);
  assert.deepEqual(xid, { bus: "0000:83:00", code: 79 });
  assert.ok(isSameBus("00000000:83:00.0", "0000:83:00"));
  assert.ok(!isSameBus("00000000:84:00.0", "0000:83:00"));
  assert.equal(xidOfLine("4,1,1,-;something else"), undefined);
});

test("a kernel's log that is not there is a reason", async (t) => {
  const log = openXidLog(join(await scratchFolder(t), "kmsg"));
  assert.equal(
    "missing" in log && log.missing,
    process.platform === "linux" ? "not-available" : "not-on-this-platform",
  );
});

test("faults logged before the probe began are passed over", posix, async (t) => {
  if (process.platform !== "linux") return t.skip("needs /dev/kmsg's kind of file");
  const path = join(await scratchFolder(t), "kmsg");
  const line = (code: number): string => `4,1,1,-;NVRM: Xid (PCI:0000:01:00): ${code}, x\n`;
  writeFileSync(path, line(31));
  const log = openXidLog(path);
  assert.ok("poll" in log);
  writeFileSync(path, line(31) + line(79));
  assert.deepEqual(log.poll(), [{ bus: "0000:01:00", code: 79 }]);
  assert.deepEqual(log.poll(), []);
});

test("asked to stop while the tool hangs, the probe ends at once", posix, async (t) => {
  const pids = join(await scratchFolder(t), "pids");
  for (const backend of ["nvidia", "amd"]) {
    const env = { ...process.env, FAKE_SMI_MODE: "hangs", FAKE_SMI_PIDS: pids };
    // No timeout would come to its help within the test's life.
    const args = ["--backend", backend, "--tool", FAKE_SMI, "--timeout-ms", "600000"];
    const probe = spawn(process.execPath, [SIDECAR, ...args], { env, stdio: ["ignore", "pipe", "ignore"] });
    probe.stdout.resume();
    writeFileSync(pids, "");
    while (readFileSync(pids, "utf8").split("\n").length < 3) await sleep(20);
    probe.kill("SIGTERM");
    assert.equal(await new Promise((resolve) => probe.once("close", resolve)), 0, backend);
  }
});
