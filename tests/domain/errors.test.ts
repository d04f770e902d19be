import assert from "node:assert/strict";
import { test } from "node:test";
import { FINDINGS, REASONS } from "../../harness/domain/codes.ts";
import { ERROR_CODES, type ErrorCode, HarnessError } from "../../harness/domain/errors.ts";
import { METRICS } from "../../harness/domain/metric.ts";

test("every error ends in a documented exit code, none in 0, and three in that of a failed verdict", () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const error = new HarnessError(code, "It went wrong.", { hint: "Try again." });
    // Nothing measured, and a baseline or a variant that did not pass, end as a failed verdict does.
    const isVerdict = ["STORE_EMPTY", "BASELINE_NOT_PASSING", "REGISTRY_NOT_PASSING"].includes(code);
    assert.ok((isVerdict ? [3] : [2, 5, 6]).includes(error.exitCode), code);
    assert.match(code, /^(CONFIG|RUNTIME|PROBE|STORE|BASELINE|REGISTRY|QUANTIZE)_[A-Z_]+$/);
  }
});

test("an error keeps what caused it, and has no cause where there was none", () => {
  const cause = new Error("disk full");
  const error = new HarnessError("STORE_WRITE", "Cannot write.", { hint: "Free some space.", cause });
  assert.deepEqual(
    [error.name, error.message, error.hint, error.cause],
    ["HarnessError", "Cannot write.", "Free some space.", cause],
  );
  assert.ok(!("cause" in new HarnessError("STORE_WRITE", "Cannot write.", { hint: "" })));
});

test("every reason and finding is explained in one sentence", () => {
  for (const [code, text] of [...Object.entries(REASONS), ...Object.entries(FINDINGS)]) {
    assert.match(text, /^[A-Z].*\.$/, code);
  }
});

test("a metric is filed under its own id, and only times are times", () => {
  for (const [id, metric] of Object.entries(METRICS)) assert.equal(metric.id, id);
  assert.deepEqual(
    Object.values(METRICS).flatMap(({ id, isTime }) => (isTime ? [id] : [])),
    ["latency.call", "latency.ttft", "throughput.items", "throughput.decode", "throughput.prefill"],
  );
});
