import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { simulatedBody, simulatedQuant, writeConfig } from "../fixtures/sweep-configs.ts";

const BENCH = fileURLToPath(new URL("../../../tests/fixtures/fake-llama-bench.mjs", import.meta.url));
/** The runbook's line, for the benchmark program that ships with the tests. */
const TEMPLATE = `node ${BENCH} --model {model_id} --quant {quant_tag} --out {out_file}`;

interface Ran {
  readonly code: number | null;
  readonly summary: Summary;
  readonly run: string;
  readonly stderr: string;
}

async function sweepWith(
  t: TestContext,
  args: readonly string[],
  env: Record<string, string> = {},
  more: Record<string, unknown> = {},
): Promise<Ran> {
  const cwd = await scratchFolder(t);
  const config = writeConfig(cwd, simulatedBody(more));
  const { code, stdout, stderr } = await runCli(["sweep", "--matrix-config", config, "--json", ...args], { cwd, env });
  assert.notEqual(stdout, "", stderr);
  return { code, summary: JSON.parse(stdout) as Summary, run: join(cwd, "results/latest"), stderr };
}

describe("the hardware sidecar of a sweep", () => {
  it("runs the runbook's command line once a cell, and its answer stands in the row and in its file", async (t) => {
    const { code, summary, run } = await sweepWith(t, [
      ...["--hardware-sidecar-template", TEMPLATE],
      ...["--hardware-sidecar-profile", "nvidia", "--hardware-sidecar-timeout-sec", "20"],
    ]);
    assert.equal(code, 0);
    for (const row of summary.rows) {
      const sidecar = row.hardware_sidecar;
      assert.ok(sidecar !== null);
      assert.equal(sidecar.source, "program");
      assert.equal(sidecar.problem, null);
      assert.equal(sidecar.parse.vram_total_mb, 24576);
      assert.equal(sidecar.parse.decode_tps, 41.5);
      assert.equal(sidecar.file, `sidecar/sim/${row.quant_tag}_hardware_sidecar.json`);
      assert.deepEqual(JSON.parse(readFileSync(join(run, sidecar.file), "utf8")), sidecar.parse);
      assert.ok(existsSync(join(run, sidecar.file.replace(".json", ".raw.json"))));
      const load = sidecar.comparisons.find(({ quantity }) => quantity === "model load");
      assert.equal(load?.status, "DIVERGES", "1.8 s by the sidecar, 10 ms by the harness");
    }
    const codes = summary.findings.map((finding) => finding.code);
    assert.ok(codes.includes("SIDECAR_DIVERGES"));
  });

  it("costs its row a finding and nothing else when it fails, hangs, lies or is not there", async (t) => {
    const quiet = await sweepWith(t, []);
    const cases: [string, string, Record<string, string>, string][] = [
      [TEMPLATE, "20", { FAKE_BENCH_MODE: "fails" }, "SIDECAR_FAILED"],
      [TEMPLATE, "0.5", { FAKE_BENCH_MODE: "hangs" }, "SIDECAR_FAILED"],
      [TEMPLATE, "20", { FAKE_BENCH_MODE: "garbage" }, "SIDECAR_INCOMPLETE"],
      [TEMPLATE, "20", { FAKE_BENCH_MODE: "partial" }, "SIDECAR_INCOMPLETE"],
      ["no-such-bench --out {out_file}", "20", {}, "SIDECAR_FAILED"],
    ];
    for (const [template, limit, env, finding] of cases) {
      const { code, summary } = await sweepWith(
        t,
        [
          "--hardware-sidecar-template",
          template,
          "--hardware-sidecar-profile",
          "nvidia",
          "--hardware-sidecar-timeout-sec",
          limit,
        ],
        env,
      );
      const about = `${template} ${JSON.stringify(env)}`;
      assert.equal(code, quiet.code, about);
      assert.deepEqual(summary.suite, quiet.summary.suite, about);
      assert.deepEqual(
        summary.rows.map(({ gates }) => gates),
        quiet.summary.rows.map(({ gates }) => gates),
        about,
      );
      const told = summary.findings.filter(({ code: one }) => one === finding);
      assert.equal(told.length, summary.rows.length, about);
    }
  });

  it("takes what a profile requires from a file, and device memory against the memory profile", async (t) => {
    const cwd = await scratchFolder(t);
    const profiles = join(cwd, "profiles.json");
    writeFileSync(
      profiles,
      JSON.stringify({
        schema_version: "quantgate.sidecar_profiles.v1",
        profiles: { nvidia: { required: ["decode_tps"], optional: [] } },
      }),
    );
    const { summary } = await sweepWith(
      t,
      [
        "--hardware-sidecar-template",
        TEMPLATE,
        "--hardware-sidecar-profile",
        "nvidia",
        "--sidecar-profiles-config",
        profiles,
      ],
      { FAKE_BENCH_MODE: "partial" },
    );
    assert.equal(summary.rows[0]?.hardware_sidecar?.parse.sidecar_parse_status, "OK");
    assert.equal(summary.rows[0]?.hardware_sidecar?.parse.vram_total_mb, null);
    const large = await sweepWith(
      t,
      ["--hardware-sidecar-template", TEMPLATE, "--hardware-sidecar-profile", "nvidia"],
      {},
      {
        quants: [
          simulatedQuant("fp32", { latency_ms: 2, bytes: 14e9 }),
          simulatedQuant("good8", { discordance: 0.004 }),
        ],
      },
    );
    const about = large.summary.findings.filter(({ code }) => code.startsWith("VRAM_"));
    assert.deepEqual(
      about.map(({ code, subject }) => [code, subject.split("@")[0]]),
      [["VRAM_DOES_NOT_FIT", "sim/fp32"]],
    );
  });

  it("is refused before anything is measured where its command line cannot be filled in", async (t) => {
    const cwd = await scratchFolder(t);
    const config = writeConfig(cwd, simulatedBody());
    const result = await runCli(["sweep", config, "--hardware-sidecar-template", "bench {modell}"], { cwd });
    assertRefused(result, { exitCode: 2, code: "CONFIG_USAGE", says: /\{modell\}/ });
    assert.equal(existsSync(join(cwd, "results")), false);
    const unknown = await runCli(["sweep", config, "--sidecar-profiles-config", config], { cwd });
    assertRefused(unknown, { exitCode: 2, code: "CONFIG_INVALID", says: /config\.json/ });
  });
});
