import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import type { PollutionStudy } from "../../harness/domain/generated/pollution-study-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { validator } from "../../harness/platform/schema.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Other work on the machine is what is looked for: where there already is some, nothing can be said about false marks. */
const AT_REST = 0.1;
const committed = join(packageRoot(), "docs/studies/pollution.v1.json");

describe("pollution", () => {
  it("marks the trials beside which every core is burnt, and only those", { timeout: 300_000 }, async (t) => {
    const out = join(await scratchFolder(t), "sample.json");
    const script = join(packageRoot(), "scripts/pollution-study.mjs");
    await promisify(execFile)(process.execPath, [script, "--sample", "--out", out], { env: { ...process.env } });
    const study = JSON.parse(readFileSync(out, "utf8")) as PollutionStudy;
    assert.ok(study.hit.n >= 3, JSON.stringify(study.hit));
    assert.ok((study.hit.share ?? 0) >= 0.9, JSON.stringify(study.hit));
    assert.equal(study.kept_out, true);
    if (study.foreign_before > AT_REST) {
      t.diagnostic(
        `other programs use ${Math.round(100 * study.foreign_before)} % of the processors: false marks are not judged`,
      );
      return;
    }
    assert.ok((study.false_marks.share ?? 1) <= 0.2, `${JSON.stringify(study.false_marks)} of a small sample`);
  });

  it("is what the committed study found", { skip: existsSync(committed) ? false : "not committed yet" }, () => {
    const value = JSON.parse(readFileSync(committed, "utf8"));
    const study = validator.validate<PollutionStudy>("pollution_study.v1", value, {
      what: committed,
      code: "STORE_SCHEMA",
    });
    assert.equal(study.sample, false);
    assert.ok(study.foreign_before <= AT_REST, "the machine was at rest");
    assert.ok((study.hit.share ?? 0) >= 0.9 && (study.false_marks.share ?? 1) <= 0.05);
    assert.equal(study.same_verdicts, true);
    assert.equal(study.kept_out, true);
    assert.equal(study.whole_polluted, true);
    assert.deepEqual([study.ship.whole, study.allowed_marked], [null, true]);
    assert.notEqual(study.ship.whole_allowed, null);
  });
});
