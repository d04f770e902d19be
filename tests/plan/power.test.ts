import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GatePower } from "../../harness/domain/generated/plan-v1.ts";
import { decideRow } from "../../harness/gate/decide-row.ts";
import { presetGates } from "../../harness/plan/gate-presets.ts";
import { type PowerFacts, planPower } from "../../harness/plan/power.ts";
import { rng } from "../../harness/stats/rng.ts";
import { comparison, gateSpec, scores } from "../fixtures/bare-comparison.ts";

const FACTS: PowerFacts = {
  gates: presetGates("default"),
  items: 2000,
  classes: 10,
  blocks: 10,
  secondsPerItem: 0.01,
  secondsPerBlock: 2,
  priors: { discordance: 0.03, logRatioSd: 0.05 },
  stopsEarly: false,
};

const of = (facts: Partial<PowerFacts>, id: string) =>
  planPower({ ...FACTS, ...facts }).gates.find((gate) => gate.gate_id === id) as GatePower;

/** Items of equal classes that differ at random, with a drop on top. */
function drawn(random: ReturnType<typeof rng>, items: number, discordance: number, drop: number, classes: number) {
  return Array.from({ length: classes }, () => {
    const table = { a: 0, b: 0, c: 0, d: 0 };
    for (let item = 0; item < items / classes; item++) {
      const u = random.uniform();
      table[u < discordance / 2 + drop ? "b" : u < discordance + drop ? "c" : "a"]++;
    }
    return table;
  });
}

describe("power in a plan", () => {
  it("gives the chance of passing that the gates themselves have on identical variants", () => {
    const random = rng("power");
    const runs = 300;
    const passed: Record<string, number> = {};
    const powers = planPower(FACTS);
    let suite = 0;
    for (let run = 0; run < runs; run++) {
      const tables = drawn(random, 2000, 0.03, 0, 10);
      const sum = (key: "a" | "b" | "c" | "d") => tables.reduce((total, table) => total + table[key], 0);
      const row = decideRow(
        FACTS.gates,
        comparison({
          overall: scores({ a: sum("a"), b: sum("b"), c: sum("c"), d: sum("d") }),
          classes: tables.map((table, k) => ({ name: String(k), ...scores(table) })),
          latencyLogRatios: Float64Array.from({ length: 10 }, () => 0.05 * random.normal()),
          memoryLogRatios: Float64Array.from({ length: 10 }, () => 0.05 * random.normal()),
          bytesOnDisk: 1,
          baselineBytesOnDisk: 1,
        }),
      );
      for (const gate of row.gates) if (gate.verdict === "pass") passed[gate.gate_id] = (passed[gate.gate_id] ?? 0) + 1;
      if (row.verdict === "pass") suite++;
    }
    for (const { gate_id: id, p_pass_identical: planned } of powers.gates) {
      const seen = (passed[id] ?? 0) / runs;
      // Standard error up to 2.7 %; Wilcoxon's power is planned to within 1.5 points.
      assert.ok(Math.abs(seen - (planned as number)) < 0.08, `${id}: planned ${planned}, seen ${seen}`);
    }
    // Overall and worst class see the same items, so the product is a little too low.
    const planned = powers.suite_p_pass as number;
    assert.ok(
      suite / runs > planned - 0.08 && suite / runs < planned + 0.15,
      `planned ${planned}, seen ${suite / runs}`,
    );
  });

  it("names the smallest drop and slowdown that fail in 80 % of the runs", () => {
    const random = rng("detectable");
    const gates = [
      gateSpec(),
      gateSpec({ id: "latency_ratio", metric: "latency.call", margin: 0.05, margin_kind: "relative" }),
    ];
    const facts = { ...FACTS, gates };
    const [drop, slowdown] = planPower(facts).gates.map((gate) => gate.detectable as number) as [number, number];
    const runs = 300;
    const failed = [0, 0];
    for (let run = 0; run < runs; run++) {
      const [table] = drawn(random, 2000, 0.03, drop, 1);
      const latencyLogRatios = Float64Array.from({ length: 10 }, () => Math.log1p(slowdown) + 0.05 * random.normal());
      const row = decideRow(
        gates,
        comparison({ overall: scores(table as NonNullable<typeof table>), latencyLogRatios }),
      );
      for (const [i, gate] of row.gates.entries()) if (gate.verdict === "fail") failed[i] = (failed[i] as number) + 1;
    }
    for (const count of failed) assert.ok(Math.abs(count / runs - 0.8) < 0.07, `${failed.map((x) => x / runs)}`);
  });

  it("says what 80 and 90 % would take, with its time, and those numbers have that power", () => {
    const { for_80: eighty, for_90: ninety } = of({}, "accuracy_drop");
    assert.ok(eighty !== null && ninety !== null && eighty.n < ninety.n);
    assert.ok(Math.abs((eighty.seconds as number) - eighty.n * 0.01) < 1e-3);
    assert.ok((of({ items: ninety.n }, "accuracy_drop").p_pass_identical as number) >= 0.9);
    assert.ok((of({ items: Math.floor(0.9 * eighty.n) }, "accuracy_drop").p_pass_identical as number) < 0.8);
    const blocks = of({}, "latency_ratio").for_90;
    assert.ok((of({ blocks: blocks?.n as number }, "latency_ratio").p_pass_identical as number) >= 0.9);
  });

  it("warns when an identical variant would often not pass, and names the weakest gate", () => {
    const { notes, suite_p_pass: suite } = planPower({ ...FACTS, items: 500 });
    assert.ok((suite as number) < 0.9);
    assert.match(notes[0] ?? "", /worst_class_drop is the weakest/);
    assert.ok(!planPower({ ...FACTS, items: 20_000, blocks: 40 }).notes.some((note) => note.includes("weakest")));
  });

  it("leaves out what it cannot know, and says why", () => {
    const floor = gateSpec({ id: "floor", policy: "floor", margin: null, limit: 0.9 });
    const unknown = planPower({ ...FACTS, gates: [gateSpec(), floor] });
    assert.match(unknown.gates[1]?.reason ?? "", /no earlier run/);
    assert.match(unknown.notes.join(" "), /leaves out floor/);
    const known = planPower({ ...FACTS, gates: [floor], priors: { baselineAccuracy: 0.93 } });
    assert.ok((known.suite_p_pass as number) > 0.9);
    const exact = planPower({ ...FACTS, gates: [gateSpec({ policy: "exact", margin: 0 })] });
    assert.deepEqual([exact.gates.length, exact.suite_p_pass], [0, null]);
  });

  it("says which figures are defaults and which come from the last run", () => {
    assert.match(planPower({ ...FACTS, priors: undefined }).basis, /discordance by default.*times by default/);
    assert.match(planPower(FACTS).basis, /discordance as in the last run/);
    assert.equal(planPower({ ...FACTS, priors: { discordance: 0 } }).discordance, 0.001);
  });
});
