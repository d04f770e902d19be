import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { manualClock } from "../../harness/platform/clock.ts";
import { hasIntegerDotProduct, hostFingerprint, isaFlags, memoryClass } from "../../harness/platform/host.ts";
import { between, readHost } from "../../harness/platform/host-readings.ts";
import { peakRssBytes, rssBytes } from "../../harness/platform/memory.ts";

const folder = mkdtempSync(join(tmpdir(), "quantgate-host-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function hostOf(name: string, files: Record<string, string>): { root: string; env: Record<string, string> } {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, dirname(path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return { root: join(folder, name), env: {} };
}

const cpuinfo = (flags: string, microcode: string): string =>
  [0, 1]
    .map(
      (n) => `processor\t: ${n}\nmodel name\t: Test CPU @ 3 GHz\nmicrocode\t: ${microcode}\nflags\t\t: fpu ${flags}\n`,
    )
    .join("\n");
const debian = (version: string): string =>
  `PRETTY_NAME="Debian GNU/Linux ${version}"\nID=debian\nVERSION_ID="${version}"\n`;
const host = (name: string, flags: string, microcode: string, version: string) =>
  hostOf(name, { "proc/cpuinfo": cpuinfo(flags, microcode), "etc/os-release": debian(version) });

test("the hard fingerprint follows instruction sets and major versions, the soft one microcode and image", () => {
  const base = hostFingerprint({
    source: host("a", "avx2 sse4_2 avx512_vnni", "0x1", "12.1"),
    runtimeVersion: "ort 1.30.0",
  });
  assert.equal(base.hardFacts.cpu_model, "Test CPU @ 3 GHz");
  assert.deepEqual(base.hardFacts.isa_flags, ["avx2", "avx512_vnni", "sse4_2"]);
  assert.equal(base.hardFacts.runtime, "ort 1.30");
  assert.match(base.hardFacts.os, /debian 12$/);
  assert.match(base.hard, /^[0-9a-f]{16}$/);

  const patched = hostFingerprint({
    source: host("b", "sse4_2 avx2 avx512_vnni xyz", "0x2", "12.2"),
    runtimeVersion: "ort 1.30.4",
  });
  assert.equal(patched.hard, base.hard);
  assert.notEqual(patched.soft, base.soft);
  for (const other of [
    hostFingerprint({ source: host("c", "avx2 sse4_2", "0x1", "12.1"), runtimeVersion: "ort 1.30.0" }),
    hostFingerprint({ source: host("d", "avx2 sse4_2 avx512_vnni", "0x1", "13.0"), runtimeVersion: "ort 1.30.0" }),
    hostFingerprint({ source: host("a", "avx2 sse4_2 avx512_vnni", "0x1", "12.1"), runtimeVersion: "ort 1.31.0" }),
  ]) {
    assert.notEqual(other.hard, base.hard);
  }
});

test("a host without /proc still has a fingerprint, and says what it cannot know", () => {
  const bare = hostFingerprint({ source: hostOf("empty", { "etc/hostname": "x" }) });
  assert.equal(bare.hardFacts.isa_flags, null);
  assert.equal(bare.softFacts.microcode, null);
  assert.equal(bare.softFacts.image, null);
  assert.equal(hasIntegerDotProduct(undefined), undefined);
});

test("VNNI and its kin are found by any of their names, on Arm too", () => {
  const arm = hostOf("arm", { "proc/cpuinfo": "processor : 0\nFeatures : fp asimd asimddp crc32\n" });
  assert.deepEqual(isaFlags(arm), ["asimd", "asimddp"]);
  assert.equal(hasIntegerDotProduct(isaFlags(arm)), true);
  assert.equal(hasIntegerDotProduct(["avx2", "avx_vnni"]), true);
  assert.equal(hasIntegerDotProduct(["avx2", "avx512f"]), false);
});

test("memory is named by its nearest common size", () => {
  assert.equal(memoryClass(15.6 * 2 ** 30), "16 GiB");
  assert.equal(memoryClass(16 * 2 ** 30), "16 GiB");
  assert.equal(memoryClass(7.7 * 2 ** 30), "8 GiB");
  assert.equal(memoryClass(23.4 * 2 ** 30), "24 GiB");
  assert.equal(memoryClass(0.5 * 2 ** 30), "0.5 GiB");
});

test("readings become differences in seconds; a step of the system's clock shows beside the monotonic one", () => {
  const clock = manualClock(1_000_000);
  const reading = (steal: number, total: number) => ({
    clock,
    source: hostOf(`r${steal}`, {
      "proc/stat": `cpu  100 0 50 900 1 0 2 ${steal} 0 0\ncpu0 1 2 3\n`,
      "proc/pressure/cpu": `some avg10=0.10 avg60=0.00 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n`,
    }),
  });
  const before = readHost(reading(150, 2_000_000));
  clock.advance(2500);
  const later = readHost(reading(175, 2_400_000));
  const passed = between(before, { ...later, wallMs: later.wallMs + 60_000 });
  assert.equal(passed.wallS, 2.5);
  assert.equal(passed.systemClockS, 62.5);
  assert.equal(passed.stealS, 0.25);
  assert.ok(Math.abs((passed.cpuPressureS as number) - 0.4) < 1e-12);
});

test("readings that the platform does not give are undefined, not zero", () => {
  const reading = readHost({ source: { root: join(folder, "nowhere"), env: {} } });
  assert.equal(reading.stealS, undefined);
  assert.equal(reading.cpuPressureS, undefined);
  assert.equal(between(reading, reading).stealS, undefined);
});

test("the peak of this process's memory is at least what it holds, and grows when it holds more", () => {
  const before = peakRssBytes();
  assert.ok(before >= rssBytes() - 4096, `${before} against ${rssBytes()}`);
  const block = new Uint8Array(64 << 20).fill(1);
  assert.ok(peakRssBytes() > before - 1 && rssBytes() > 64 << 20);
  assert.equal(block.length, 64 << 20);
});
