import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../harness/platform/clock.ts";
import { type ProbeClient, startProbe } from "../../harness/telemetry/probe-client.ts";
import { survivors } from "../fixtures/liveness.ts";
import { FAKE_SMI } from "../fixtures/probe-run.ts";

const FAKE_PROBE = fileURLToPath(new URL("../../../tests/fixtures/fake-probe.mjs", import.meta.url));
const WAIT_MS = 20_000;

/** Runs a client against the fake probe in one of its modes. */
async function withFake(mode: string, check: (client: ProbeClient) => Promise<void>): Promise<void> {
  process.env["FAKE_PROBE_MODE"] = mode;
  const client = startProbe({ backend: "cpu", module: FAKE_PROBE });
  try {
    await check(client);
  } finally {
    await client.stop();
  }
}

const codes = (client: ProbeClient): string[] => client.notes().map(({ code }) => code);

test("a window of the real CPU probe holds its samples and the growth of its counters", async () => {
  const client = startProbe({ backend: "cpu", intervalMs: 30 });
  try {
    assert.equal(await client.ready(WAIT_MS), true);
    const startNs = systemClock.monotonicNs();
    const endNs = startNs + 300_000_000n;
    assert.equal(await client.caughtUp(endNs, WAIT_MS), true);
    const window = client.window(startNs, endNs);
    assert.ok(window.samples >= 2, `${window.samples} samples`);
    assert.deepEqual(window.notes, []);
    const { memory_total_bytes: memory, cpu_busy_s: busy } = window.devices[0]?.readings ?? {};
    assert.ok(memory?.kind === "gauge" && memory.mean > 0 && memory.gaps === 0);
    if (process.platform === "linux") {
      assert.ok(busy?.kind === "counter" && busy.change >= 0);
      assert.ok(Math.abs(busy.coveredS - 0.3) < 1e-6, `${busy.coveredS}`);
    }
  } finally {
    await client.stop();
  }
});

test("a GPU's window has peak, mean, first and last, and the share of each clock reason", async (t) => {
  if (process.platform === "win32") return t.skip("the fake nvidia-smi is a script");
  process.env["FAKE_SMI_MODE"] = "well";
  const client = startProbe({ backend: "nvidia", intervalMs: 30, tool: FAKE_SMI });
  try {
    const startNs = systemClock.monotonicNs();
    assert.equal(await client.ready(WAIT_MS), true);
    const endNs = systemClock.monotonicNs() + 200_000_000n;
    assert.equal(await client.caughtUp(endNs, WAIT_MS), true);
    const [gpu] = client.window(startNs, endNs).devices;
    const heat = gpu?.readings.temperature_gpu_c;
    assert.ok(heat?.kind === "gauge");
    assert.equal(heat.first, 60);
    assert.equal(heat.least, 60);
    assert.equal(heat.peak, 60 + heat.n - 1);
    assert.equal(heat.last, heat.peak);
    assert.ok(Math.abs(heat.mean - (60 + (heat.n - 1) / 2)) < 1e-9);
    assert.deepEqual(gpu?.clockReasons, { hw_thermal_slowdown: 1, sw_power_cap: 1 });
    assert.deepEqual(gpu?.readings.temperature_margin_c, { kind: "absent", reason: "not-available" });
  } finally {
    await client.stop();
  }
});

test("a probe whose tool is missing gives a finding, and null with a reason", async () => {
  const client = startProbe({ backend: "nvidia", tool: "quantgate-no-such-tool" });
  assert.equal(await client.ready(WAIT_MS), true);
  const window = client.window(0n, systemClock.monotonicNs());
  assert.deepEqual(window.devices[0]?.readings.power_draw_w, { kind: "absent", reason: "tool-missing" });
  assert.deepEqual(
    client.findings("run").map(({ code, subject }) => [code, subject]),
    [["PROBE_INCOMPLETE", "run"]],
  );
  await client.stop();
});

test("a probe that is not there or dies is a finding, and never an error", async () => {
  const nowhere = startProbe({ backend: "cpu", module: "/no/such/probe.js" });
  assert.equal(await nowhere.ready(WAIT_MS), false);
  assert.deepEqual(codes(nowhere), ["PROBE_DIED"]);
  assert.deepEqual(nowhere.window(0n, systemClock.monotonicNs()).devices, []);
  await withFake("dies", async (client) => {
    assert.equal(await client.caughtUp(2n ** 62n, WAIT_MS), false);
    assert.deepEqual(codes(client), ["PROBE_DIED"]);
    assert.match(client.notes()[0]?.message ?? "", /exit code 9.*cursed/);
    assert.equal(client.window(0n, systemClock.monotonicNs()).samples, 1);
    assert.equal(client.findings("run").length, 1);
  });
});

test("what is no reading is passed over, told once, and the samples after it are read", async () => {
  for (const mode of ["garbage", "floods"]) {
    await withFake(mode, async (client) => {
      await client.ready(WAIT_MS);
      const later = systemClock.monotonicNs() + 100_000_000n;
      assert.equal(await client.caughtUp(later, WAIT_MS), true, mode);
      assert.deepEqual(codes(client), ["PROBE_UNREADABLE"], mode);
      const load = client.window(0n, systemClock.monotonicNs()).devices[0]?.readings.load_1m;
      assert.ok(load?.kind === "gauge" && load.n >= 2);
    });
  }
});

test("a probe that says nothing holds nobody up", async () => {
  await withFake("silent", async (client) => {
    assert.equal(await client.ready(200), false);
    assert.equal(client.window(0n, systemClock.monotonicNs()).samples, 0);
  });
});

test("stopping kills the probe and what it started", async (t) => {
  if (process.platform === "win32") return t.skip("needs a process group");
  let pid = 0;
  await withFake("grandchild", async (client) => {
    await client.caughtUp((client.samples(0n, 2n ** 62n)[0]?.atNs ?? 0n) + 1n, WAIT_MS);
    while (client.notes().length === 0) await client.caughtUp(2n ** 62n, 50);
    pid = Number(client.notes()[0]?.message);
  });
  assert.ok(pid > 1);
  assert.deepEqual(await survivors([pid]), []);
});
