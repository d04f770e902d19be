import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Certificate } from "../../harness/domain/generated/certificate-v1.ts";
import { certificateDoubt } from "../../harness/gate/certificate-doubt.ts";
import { certifiedShare, certifyVerdict } from "../../harness/gate/certify-verdict.ts";
import { decideGate } from "../../harness/gate/decide-gate.ts";
import { comparison, gateSpec, ratiosAround } from "../fixtures/comparison-builder.ts";

const latency = gateSpec({ metric: "latency.call", policy: "non-inferiority", margin: 0.05, margin_kind: "relative" });
const run = { hardware: "0123456789abcdef", plan: { simulated: false, gates: [latency] } };
const fit = {
  verdict: "fit",
  reasons: [],
  hardware_fingerprint: run.hardware,
  simulated: false,
  alpha: 0.05,
} as unknown as Certificate;

describe("a required certificate", () => {
  it("vouches when it is fit, of this hardware, as real as the run and at least as strict", () => {
    assert.equal(certificateDoubt(fit, run), undefined);
    assert.match(certificateDoubt({ ...fit, verdict: "unfit", reasons: ["noisy"] }, run) ?? "", /unfit: noisy/);
    assert.match(certificateDoubt({ ...fit, hardware_fingerprint: "f".repeat(16) }, run) ?? "", /hardware/);
    assert.match(certificateDoubt({ ...fit, simulated: true }, run) ?? "", /simulated/);
    const strict = { ...run, plan: { ...run.plan, gates: [{ ...latency, alpha: 0.01 }] } };
    assert.match(certificateDoubt(fit, strict) ?? "", /alpha/);
    assert.equal(certificateDoubt({ ...fit, alpha: 0.01 }, strict), undefined);
  });

  it("leaves time gates inconclusive where it does not vouch, pass or fail, and no others", () => {
    for (const ratio of [0.5, 2]) {
      const own = comparison({ latencyLogRatios: ratiosAround(ratio), certificateDoubt: "of other hardware" });
      const { verdict, reasons } = decideGate(latency, own);
      assert.deepEqual([verdict, reasons], ["inconclusive", ["uncertified"]]);
    }
    const bytes = gateSpec({ metric: "size.bytes_on_disk", policy: "exact", margin: 0, margin_kind: "relative" });
    assert.equal(decideGate(bytes, comparison({ certificateDoubt: "of other hardware" })).verdict, "pass");
  });
});

describe("the verdict of a certificate", () => {
  const sessions = { run: 100, decided: 100, noisy: 0, aborted: 0 };
  const rates = (count: number, n: number) => [
    {
      error: "false-fail" as const,
      policy: "any-regression" as const,
      truth: "identical",
      share: certifiedShare(Array.from({ length: n }, (_, i) => ({ n: 1, count: i < count ? 1 : 0 }))),
      within: true,
    },
  ];

  it("is unfit only where an error rate is certainly above alpha", () => {
    assert.equal(certifyVerdict({ alpha: 0.05, error_rates: rates(8, 100), sessions }).verdict, "fit");
    const { verdict, reasons } = certifyVerdict({ alpha: 0.05, error_rates: rates(20, 100), sessions });
    assert.equal(verdict, "unfit");
    assert.match(reasons.join(), /20 of 100 comparisons/);
  });

  it("is unfit where more than a fifth of the sessions decided nothing", () => {
    const at = (noisy: number) =>
      certifyVerdict({
        alpha: 0.05,
        error_rates: rates(1, 100),
        sessions: { ...sessions, decided: 100 - noisy, noisy },
      });
    assert.equal(at(20).verdict, "fit");
    assert.equal(at(21).verdict, "unfit");
  });
});
