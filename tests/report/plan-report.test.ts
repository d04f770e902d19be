import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CanaryReport } from "../../harness/domain/generated/canary-v1.ts";
import { validator } from "../../harness/platform/schema.ts";
import { canaryAbortText, canaryLine } from "../../harness/report/canary-text.ts";
import { renderPlan } from "../../harness/report/plan-text.ts";
import { displayWidth } from "../../harness/report/visible-text.ts";
import { assertGolden } from "../fixtures/golden.ts";
import { plan } from "../fixtures/plan-builder.ts";
import { estimate, fakeDigest } from "../fixtures/summary-builder.ts";

describe("the plan in words", () => {
  it("comes from a plan that its schema accepts", () => {
    validator.validate("plan.v1", plan(), { what: "plan", code: "STORE_SCHEMA" });
  });

  for (const width of [60, 100]) {
    it(`is the golden text at ${width} columns`, () => {
      assertGolden(`report/plan-${width}.txt`, `${renderPlan(plan(), { color: false, width })}\n`);
    });
  }

  it("names everything the plan decides", () => {
    const text = renderPlan(plan(), { color: false, width: 200 });
    const document = plan();
    const wanted = [
      document.commit_sha ?? "",
      document.plan_digest,
      ...document.models.map((model) => model.id),
      ...document.variants.map((variant) => variant.variant_id),
      ...document.cells.map((cell) => cell.cell_id),
      ...document.gates.map((gate) => gate.id),
      ...document.artifacts,
      ...document.notices,
      document.row_policy.missing_metric,
      "seed",
      "7 (flag)",
      "about 70 s",
      "3.40 MB",
    ];
    for (const part of wanted) assert.ok(text.includes(part), part);
  });

  it("counts the trials of each cell and all of them", () => {
    const text = renderPlan(plan(), { color: false, width: 100 });
    assert.match(text, /digits\/fp32@t1b1 +2 +1 +1 +4\n/);
    assert.match(text, /total +2 +3 +3 +8\n/);
  });

  it("says so where there is no commit, calibration or file", () => {
    const bare = plan({
      commit_sha: null,
      calibration: null,
      simulated: true,
      models: [{ id: "m", path: null, sha256: null, bytes: null }],
    });
    const text = renderPlan(bare, { color: false, width: 100 });
    assert.match(text, /commit_sha +not a checkout/);
    assert.match(text, /calibration +none/);
    assert.match(text, /m · no file · no digest yet/);
    assert.match(text.split("\n")[0] ?? "", /SIMULATED/);
  });
});

const report = (checks: CanaryReport["checks"], verdict: CanaryReport["verdict"]): CanaryReport => ({
  schema_version: "quantgate.canary.v1",
  simulated: false,
  run_id: "run",
  generated_at: "2026-01-02T03:04:05.000Z",
  plan_digest: fakeDigest("c"),
  block: -1,
  verdict,
  checks,
});
const cv = (value: number | null, verdict: CanaryReport["verdict"]): CanaryReport["checks"][number] => ({
  task: "digits/fp32@t1b1",
  check: "latency-cv",
  verdict,
  measured: estimate(value, null, null),
  threshold: 0.25,
  detail: "latency CV 31.0 %, threshold 25 %",
});

describe("the canary in words", () => {
  it("is one line with the noise of the noisiest task and the time left", () => {
    const ok = report([cv(0.011, "ok"), cv(0.0183, "ok")], "ok");
    validator.validate("canary.v1", ok, { what: "canary", code: "STORE_SCHEMA" });
    assert.equal(
      canaryLine(ok, { color: false, width: 80, secondsLeft: 71 }),
      "canary ok · noise 1.8 % · about 70 s left",
    );
  });

  it("leaves out a noise that was not measured", () => {
    assert.equal(canaryLine(report([cv(null, "ok")], "ok"), { color: false, width: 80 }), "canary ok");
  });

  it("says what stopped the run and what to do, within the width", () => {
    const checks: CanaryReport["checks"] = [
      cv(0.31, "noisy"),
      {
        task: "digits/fp32@t1b1",
        check: "output-identity",
        verdict: "failed",
        measured: null,
        threshold: null,
        detail: "2 different outputs of the same weights on the same items",
      },
      { task: "digits/fp32@t1b1", check: "samples", verdict: "ok", measured: null, threshold: 5, detail: "fine" },
    ];
    const text = canaryAbortText(report(checks, "failed"), { color: false, width: 72 });
    assertGolden("report/canary-abort.txt", `${text}\n`);
    for (const line of text.split("\n")) assert.ok(displayWidth(line) <= 72, line);
    assert.doesNotMatch(text, /fine/);
  });
});
