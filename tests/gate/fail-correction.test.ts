import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decideRow } from "../../harness/gate/decide-row.ts";
import { decideSuite } from "../../harness/gate/decide-suite.ts";
import { rng } from "../../harness/stats/rng.ts";
import { comparison, gateSpec } from "../fixtures/bare-comparison.ts";

/** One latency gate under any-regression on data without any change: the case in which a false FAIL is as likely as α allows. */
function nullRow(random: ReturnType<typeof rng>, cellId: string, role: "required" | "candidate", gateCount: number) {
  const gates = Array.from({ length: gateCount }, (_, i) => i);
  const decided = gates.map((i) => {
    const latencyLogRatios = Float64Array.from({ length: 20 }, () => 0.02 * random.normal());
    const spec = gateSpec({
      id: `g${i}`,
      metric: "latency.call",
      policy: "any-regression",
      margin: 0.02,
      margin_kind: "relative",
    });
    return decideRow([spec], comparison({ cellId, role, latencyLogRatios })).gates[0];
  });
  return decided as ReturnType<typeof decideRow>["gates"];
}

/** Twenty log ratios about a center: no two blocks are quite the same. */
function jittered(center: number): Float64Array {
  return Float64Array.from({ length: 20 }, (_, i) => center + 0.001 * Math.sin(i));
}

describe("exit code 3", () => {
  const SUITES = 300;

  it("comes up by chance in at most α of the suites, over many required variants with many gates each", async () => {
    const { rowVerdict } = await import("../../harness/gate/decide-row.ts");
    const random = rng("exit 3");
    let [corrected, uncorrected] = [0, 0];
    for (let suite = 0; suite < SUITES; suite++) {
      const rows = Array.from({ length: 4 }, (_, i) => {
        const gates = nullRow(random, `m/v${i}`, "required", 9);
        return { cellId: `m/v${i}`, role: "required" as const, verdict: rowVerdict("required", gates), gates };
      });
      if (decideSuite(rows, [], 0.05).exit_code === 3) corrected++;
      if (rows.some((row) => row.gates.some((gate) => gate.verdict === "fail"))) uncorrected++;
    }
    // Standard error 1.3 %: below α with room for chance; without the correction 36 gates alarm in most suites.
    assert.ok(corrected / SUITES < 0.05 + 3 * 0.0126, `corrected ${corrected / SUITES}`);
    assert.ok(uncorrected / SUITES > 0.7, `uncorrected ${uncorrected / SUITES}`);
  });

  it("a required variant that truly fails is found in spite of the correction", () => {
    const spec = gateSpec({ metric: "latency.call", margin: 0.02, margin_kind: "relative" });
    const bad = decideRow([spec], comparison({ cellId: "m/bad", role: "required", latencyLogRatios: jittered(0.3) }));
    const rows = [
      bad,
      ...["a", "b", "c"].map((id) =>
        decideRow([spec], comparison({ cellId: id, role: "required", latencyLogRatios: jittered(0) })),
      ),
    ];
    assert.deepEqual(decideSuite(rows, [], 0.05).reasons, ["required m/bad failed"]);
  });

  it("a baseline that breaks its floor counts among the corrected claims", () => {
    const floor = gateSpec({ id: "floor", policy: "floor", margin: null, limit: 0.9 });
    const table = { a: 875, b: 0, c: 0, d: 125 };
    const overall = { n: 1000, total: 875, table, differences: undefined, strict: table };
    const baseline = decideRow([floor], comparison({ cellId: "m/fp32", role: "baseline", overall }));
    assert.equal(baseline.gates[0]?.verdict, "fail");
    const alone = decideSuite([baseline], [], 0.05);
    assert.equal(alone.exit_code, 3);
    // p = .006: it holds among 8 rows, not among 9.
    const passing = (i: number) => {
      const good = { a: 950, b: 0, c: 0, d: 50 };
      return decideRow(
        [floor],
        comparison({ cellId: `m/${i}`, role: "required", overall: { ...overall, total: 950, table: good } }),
      );
    };
    const among = decideSuite([baseline, ...Array.from({ length: 30 }, (_, i) => passing(i))], [], 0.05);
    assert.equal(among.exit_code, 4);
    assert.match(among.reasons[0] ?? "", /but not after correcting/);
  });
});
