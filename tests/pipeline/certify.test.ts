import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { certify } from "../../harness/pipeline/certify.ts";
import { handConfig } from "../fixtures/hand-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "quantgate-certify-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const env = { QUANTGATE_CACHE_DIR: join(scratch, "cache") };

function writeConfig(name: string, more: Parameters<typeof handConfig>[0] = {}): string {
  const path = join(scratch, `${name}.json`);
  writeFileSync(path, JSON.stringify(handConfig({ runs_per_quant: 8, ...more })));
  return path;
}

describe("certify", () => {
  it("compares the baseline with twins of itself, finds those that were slowed, and calls a quiet machine fit", async () => {
    const outDir = join(scratch, "fit");
    const { certificate, path } = await certify({
      config: writeConfig("fit"),
      comparisons: 12,
      twins: 3,
      handicapped: 2,
      outDir,
      env,
    });
    assert.equal(certificate.verdict, "fit", certificate.reasons.join());
    assert.deepEqual(certificate.sessions, { run: 4, decided: 4, noisy: 0, aborted: 0 });
    assert.deepEqual(
      certificate.error_rates.map(({ error, policy, share }) => [error, policy, share.comparisons]),
      [
        ["false-fail", "any-regression", 12],
        ["false-pass", "non-inferiority", 12],
        ["false-fail", "non-inferiority", 12],
      ],
    );
    // Calls vary by 2 %, and eight blocks of medians show a slowdown of 5 % for certain.
    assert.deepEqual([certificate.detection?.count, certificate.detection?.comparisons], [8, 8]);
    assert.equal(certificate.simulated, true);
    assert.equal(certificate.journals.length, 4);
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), JSON.parse(JSON.stringify(certificate)));
  });

  it("marks plan, trials and summary, so that a slowed twin can never pass for a result", async () => {
    const outDir = join(scratch, "marks");
    await certify({ config: writeConfig("marks"), comparisons: 1, twins: 1, handicapped: 1, outDir, env });
    const read = (name: string) => readFileSync(join(outDir, "latest", name), "utf8");
    const plan = JSON.parse(read("plan.json")) as Plan;
    assert.equal(plan.certification, true);
    assert.deepEqual(
      plan.variants.map(({ quant_tag, handicap }) => [quant_tag, handicap]),
      [
        ["fp32", undefined],
        ["fp32-twin-1", undefined],
        ["fp32-slowed-1", 0.05],
      ],
    );
    const lines = read("journal.ndjson")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).body);
    const trials = lines.filter(({ kind, state }) => kind === "trial" && state === "completed");
    assert.equal(trials.filter(({ measured }) => measured.handicap === 0.05).length, 8);
    assert.ok(
      trials.every(({ variant_id, measured }) => variant_id.endsWith("slowed-1") === (measured.handicap === 0.05)),
    );
    const summary = JSON.parse(read("summary.json")) as Summary;
    assert.deepEqual([summary.suite.verdict, summary.suite.ship, summary.suite.certified], ["inconclusive", null, []]);
    assert.ok(summary.findings.some(({ code }) => code === "CERTIFICATION_RUN"));
  });

  it("takes over finished sessions when told to, and measures anew when not", async () => {
    const options = {
      config: writeConfig("again"),
      comparisons: 2,
      twins: 1,
      handicapped: 0,
      outDir: join(scratch, "again"),
      env,
    };
    const sessions = () => readdirSync(options.outDir).filter((name) => name.includes("Z-")).length;
    const first = await certify(options);
    assert.equal(sessions(), 2);
    const second = await certify({ ...options, resume: true });
    assert.equal(sessions(), 2);
    assert.deepEqual(second.certificate.journals, first.certificate.journals);
    await certify(options);
    assert.equal(sessions(), 4);
  });

  it("is unfit where no session decides anything", async () => {
    const broken = { id: "fp32", kind: "simulated" as const, bytes: 1000, failure_rate: 1 };
    const { certificate } = await certify({
      config: writeConfig("broken", { quants: [broken] }),
      comparisons: 1,
      twins: 1,
      handicapped: 0,
      outDir: join(scratch, "broken"),
      env,
    });
    assert.equal(certificate.verdict, "unfit");
    assert.deepEqual(certificate.sessions, { run: 1, decided: 0, noisy: 0, aborted: 1 });
    assert.match(certificate.reasons.join("; "), /no comparison was decided; 1 of 1 sessions decided nothing/);
    assert.equal(certificate.detection, null);
  });

  it("refuses a config without a latency margin, and a design without twins", async () => {
    const none = writeConfig("none", { gates: [{ id: "latency_ratio", enabled: false }] });
    const outDir = join(scratch, "refused");
    await assert.rejects(certify({ config: none, outDir, env }), { code: "CONFIG_INVALID" });
    await assert.rejects(certify({ config: writeConfig("zero"), twins: 0, handicapped: 0, outDir, env }), {
      code: "CONFIG_USAGE",
    });
    assert.equal(existsSync(outDir), false);
  });
});
