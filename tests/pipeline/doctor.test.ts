import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DoctorReport } from "../../harness/domain/doctor.ts";
import { type DoctorCheck, doctor } from "../../harness/pipeline/doctor.ts";
import { describeNoise } from "../../harness/pipeline/doctor-noise.ts";
import { describe as describeProbe } from "../../harness/pipeline/doctor-probes.ts";
import { lookAtKernels, lookAtNode } from "../../harness/pipeline/doctor-runtimes.ts";
import { lookAtFolder, lookAtMemory } from "../../harness/pipeline/doctor-storage.ts";
import { renderDoctor } from "../../harness/report/doctor-text.ts";
import { runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const ok: DoctorCheck = { id: "good", area: "runtime", look: () => ({ status: "ok", found: "all there" }) };

describe("doctor", () => {
  it("says of this machine that the embedded sweep can run, check by check", async (t) => {
    const cwd = await scratchFolder(t);
    const done = await runCli(["doctor", "--quick", "--json"], { cwd });
    assert.equal(done.code, 0, done.stdout + done.stderr);
    const report = JSON.parse(done.stdout) as DoctorReport;
    assert.equal(report.able, true);
    const status = new Map(report.checks.map((entry) => [entry.id, entry.status]));
    for (const id of ["node", "onnxruntime", "results", "cache", "config"]) assert.equal(status.get(id), "ok", id);
    assert.ok(status.has("probe-nvidia") && status.has("probe-amd") && !status.has("noise"));
    for (const { status: one, advice, id } of report.checks) {
      if (one !== "ok") assert.match(advice ?? "", /\w.*\.$/, id);
    }
  });

  it("turns a check that throws into a finding, and goes on", async () => {
    const broken: DoctorCheck = {
      id: "broken",
      area: "data",
      look: () => {
        throw new Error("the disk is on fire.");
      },
    };
    const { able, checks } = await doctor({ checks: [broken, ok] });
    assert.equal(able, false);
    assert.deepEqual(
      checks.map(({ id, status, found }) => [id, status, found]),
      [
        ["broken", "fail", "the disk is on fire"],
        ["good", "ok", "all there"],
      ],
    );
  });

  it("names what to do below each gap, and what the machine can do at the end", async () => {
    const gap: DoctorCheck = {
      id: "gap",
      area: "probe",
      look: () => ({ status: "missing", found: "no thermometer\u001b[31m", advice: "Buy one." }),
    };
    const text = renderDoctor(await doctor({ checks: [ok, gap] }), { color: false, width: 60 });
    assert.equal(
      text,
      "Runtimes\n  ok    all there\n\nProbes\n  none  no thermometer\\u001b[31m\n        → Buy one.\n\nThis machine can run sweeps.",
    );
  });

  it("fails an old Node and a folder that cannot be written, and warns of little memory and missing kernels", async (t) => {
    assert.equal(lookAtNode("20.18.3").status, "fail");
    assert.equal(lookAtNode("20.19.0").status, "ok");
    assert.equal(lookAtNode("26.1.0").status, "ok");
    assert.equal(lookAtMemory(1e9).status, "warn");
    assert.equal(lookAtKernels(["avx2"]).status, "warn");
    assert.equal(lookAtKernels(["avx_vnni"]).status, "ok");
    assert.equal(lookAtKernels(undefined).status, "warn");
    const folder = await scratchFolder(t);
    assert.equal((await lookAtFolder(join(folder, "not/yet/there"), "x")).status, "ok");
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o500);
    assert.equal((await lookAtFolder(join(folder, "x"), "x")).status, "fail");
  });

  it("judges noise by the burn-in and by who else used the processors", () => {
    const still = { cv: 0.02, foreign: 0.01, steal: 0, pressure: 0, load1: 0.1, governor: undefined, clockNs: 40 };
    assert.equal(describeNoise(still).status, "ok");
    assert.match(describeNoise({ ...still, foreign: 0.6 }).advice ?? "", /polluted/);
    assert.match(describeNoise({ ...still, cv: 0.4 }).advice ?? "", /runs_per_quant/);
    assert.match(describeNoise({ ...still, governor: "powersave" }).advice ?? "", /governor/);
    assert.equal(describeNoise({ ...still, cv: Number.NaN }).status, "warn", "what was not measured is not quiet");
  });

  it("says which readings a probe will not give, with the reason", () => {
    const absent = { kind: "absent", reason: "not-reported" } as const;
    const device = {
      id: "cpu",
      kind: "cpu" as const,
      uuid: null,
      name: "Example CPU",
      samples: 3,
      readings: {
        load_1m: { kind: "gauge" as const, n: 3, gaps: 0, first: 1, last: 1, least: 1, peak: 1, mean: 1 },
        temperature_cpu_c: absent,
      },
      clockReasons: undefined,
    };
    const found = describeProbe("cpu", { devices: [device], samples: 3, problem: undefined });
    assert.match(found.found, /temperature_cpu_c \(not-reported\)/);
    assert.match(found.advice ?? "", /Heat cannot be judged/);
    assert.equal(describeProbe("amd", { devices: [], samples: 0, problem: "It hangs." }).status, "warn");
  });
});
