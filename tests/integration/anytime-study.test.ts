import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { unpackBits } from "../../harness/aggregate/run-record.ts";
import type { AnytimeStudy } from "../../harness/domain/generated/anytime-study-v1.ts";
import { validator } from "../../harness/platform/schema.ts";
import { need } from "../fixtures/require.ts";

const root = new URL("../../../", import.meta.url);
const path = fileURLToPath(new URL("docs/certificates/anytime.v1.json", root));
const study = validator.validate<AnytimeStudy>("anytime-study.v1", JSON.parse(readFileSync(path, "utf8")), {
  what: path,
  code: "STORE_SCHEMA",
});

/** The script's own functions: the test must not have a second version of the study. */
interface Script {
  readonly SETTINGS: readonly { readonly name: string }[];
  readonly SETS: readonly { readonly name: string }[];
  readonly REAL_GATES: Readonly<Record<string, readonly unknown[]>>;
  synthetic(setting: object, claim: string, replays: number): AnytimeStudy["synthetic"][number];
  replayReal(
    data: { baseline: Uint8Array; candidate: Uint8Array; labels: Int32Array },
    options: { gates: readonly unknown[]; claim: string; seeds: number },
  ): { verdicts: { pass: number; fail: number; inconclusive: number }; settled: { mean: number } };
}
const script = (await import(new URL("scripts/anytime-study.mjs", root).href)) as Script;

const rowOf = (setting: string, claim: string) =>
  study.synthetic.find((row) => row.setting === setting && row.claim === claim) as AnytimeStudy["synthetic"][number];

describe("the committed study of early stopping", () => {
  it("keeps every error rate within α: the 99 % upper limit is at most 1.1 α, over 10,000 replays", () => {
    for (const row of study.synthetic) {
      assert.ok(row.replays >= 10_000, row.setting);
      for (const error of row.errors) assert.ok(error.high <= 1.1 * study.alpha, `${row.setting}: ${error.high}`);
    }
    for (const row of study.blocks.filter(({ noise }) => noise.startsWith("at the margin"))) {
      assert.ok(row.sign.pass <= study.alpha && row.sign.fail <= study.alpha, row.noise);
    }
  });

  it("saves 60 % of the items on a clean candidate, 70 % of a finite set, 95 % on a broken one", () => {
    assert.ok(rowOf("clean, psi 2 %, delta 1 %", "super-population").share_evaluated <= 0.4);
    assert.ok(rowOf("clean, psi 2 %, delta 1 %", "finite-set").share_evaluated <= 0.3);
    assert.ok(rowOf("broken, drop 5 points, psi 5 %, delta 1 %", "super-population").share_evaluated <= 0.05);
  });

  it("shows why blocks are judged by signs: clipped ratios fail on skewed noise", () => {
    const skewed = study.blocks.find(({ noise }) => noise.includes("skewed"));
    assert.ok((skewed?.clipped.fail as number) > 2 * study.alpha && (skewed?.sign.fail as number) <= study.alpha);
  });

  it("is what the script finds again on a sample of its replays", () => {
    for (const [name, claim] of [
      ["clean, psi 2 %, delta 1 %", "super-population"],
      ["this set at the margin", "finite-set"],
    ] as const) {
      const setting = [...script.SETTINGS, ...script.SETS].find((one) => one.name === name) as object;
      const sample = script.synthetic(setting, claim, 60);
      const whole = rowOf(name, claim);
      assert.ok(Math.abs(sample.share_settled - whole.share_settled) < 0.08, `${name}: ${sample.share_settled}`);
      for (const verdict of ["pass", "fail"] as const) {
        const expected = whole.verdicts[verdict] / whole.replays;
        assert.ok(Math.abs(sample.verdicts[verdict] / 60 - expected) < 0.1, `${name}: ${verdict}`);
      }
    }
  });

  it("replays real answers to the verdicts it holds, without knowing their classes", () => {
    const { correct_bits: bits, items, rows } = study.real;
    for (const variant of ["u8s8", "w2a8-rtn"]) {
      const row = rows.find((one) => one.variant === variant && one.gates === "drop alone");
      const right = (name: string) => unpackBits(bits[name] as string, items);
      const data = { baseline: right("fp32"), candidate: right(variant), labels: new Int32Array(items) };
      const gates = script.REAL_GATES["drop alone"] as readonly unknown[];
      const seeds = 6;
      const { verdicts } = script.replayReal(data, { gates, claim: "super-population", seeds });
      const kind = variant === "u8s8" ? "pass" : "fail";
      assert.equal(row?.verdicts[kind], row?.seeds);
      assert.equal(verdicts[kind], seeds);
    }
  });

  const folder = process.env["QUANTGATE_DATA_DIR"] ?? fileURLToPath(new URL("../shared/data", root));
  const file = `${folder}/cifar10/test.bin`;
  it("replays the gates on classes and the floor as well, where the data is", need("data", existsSync(file)), () => {
    const bytes = readFileSync(file);
    const { correct_bits: bits, items, rows } = study.real;
    const labels = Int32Array.from({ length: items }, (_, i) => bytes[i * 3073] as number);
    const right = (name: string) => unpackBits(bits[name] as string, items);
    const gates = script.REAL_GATES["drop, floor and worst class"] as readonly unknown[];
    const row = rows.find((one) => one.variant === "u8s8" && one.gates === "drop, floor and worst class");
    const sample = script.replayReal(
      { baseline: right("fp32"), candidate: right("u8s8"), labels },
      { gates, claim: "super-population", seeds: 4 },
    );
    assert.equal(sample.verdicts.pass, 4);
    // Not every order may pass: a false FAIL may come with a probability of α.
    assert.ok((row?.verdicts.fail as number) <= study.alpha * (row?.seeds as number));
    assert.ok(sample.settled.mean < items / 2);
  });
});
