import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorCode, HarnessError } from "../../harness/domain/errors.ts";
import { resumeSweep } from "../../harness/pipeline/sweep.ts";
import { copyRun, StoredRun, sweepGood } from "./stored-run.ts";

const scratch = mkdtempSync(join(tmpdir(), "quantgate-faults-"));
let swept = "";
let runs = 0;
before(async () => {
  swept = await sweepGood(scratch);
});
after(() => rmSync(scratch, { recursive: true, force: true }));

describe("a run cannot be gone on with where its times cannot be compared", () => {
  const resume = (change: (run: StoredRun) => void) => {
    const path = copyRun(swept, join(scratch, `resumed-${runs++}`));
    const run = new StoredRun(path);
    run.end = undefined;
    run.trials.splice(12);
    change(run);
    run.seal();
    return resumeSweep(path, { outDir: scratch, env: { QUANTGATE_CACHE_DIR: join(scratch, "cache") } });
  };
  const isRefused =
    (says: RegExp, code: ErrorCode = "RUNTIME_UNAVAILABLE") =>
    (error: unknown) => {
      assert.ok(error instanceof HarnessError);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    };

  it("on the same machine it ends in the verdict of the run that was not interrupted", async () => {
    const { exitCode, summary } = await resume(() => undefined);
    assert.deepEqual([exitCode, summary.suite.verdict], [0, "pass"]);
  });

  it("on other hardware it is refused", async () => {
    const elsewhere = resume((run) => {
      run.header.host.hard = "0".repeat(16);
    });
    await assert.rejects(elsewhere, isRefused(/its fingerprint differs/));
  });

  it("with another version of the runtime it is refused", async () => {
    const updated = resume((run) => {
      run.header.tool_versions = { simulated: "0" };
    });
    await assert.rejects(updated, isRefused(/another machine or runtime: simulated differ/));
  });

  it("with a plan that can no longer be made it is refused", async () => {
    const changed = resume((run) => {
      run.plan.dataset.digest = "ab".repeat(32);
    });
    await assert.rejects(changed, isRefused(/can no longer be made/, "CONFIG_PLAN_MISMATCH"));
  });
});
