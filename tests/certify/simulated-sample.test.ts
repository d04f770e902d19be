import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { CertifySimulated } from "../../harness/domain/generated/certify-simulated-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { validator } from "../../harness/platform/schema.ts";
import { binomialCdf } from "../../harness/stats/binomial.ts";
import { allCells, type Cell, type Counts, runTask } from "./simulation/cells.ts";
import { NOISE_MODELS } from "./simulation/noise-models.ts";
import { errorRates, isWithin, pairedTable, share } from "./simulation/tables.ts";

const path = join(packageRoot(), "docs/certificates/simulated.v1.json");
const certificate = validator.validate<CertifySimulated>(
  "certify_simulated.v1",
  JSON.parse(readFileSync(path, "utf8")),
  {
    what: path,
    code: "STORE_SCHEMA",
  },
);

/** Suites of the full certificate. */
const FULL = 100_000;
/** Suites of the sample, and the chance under which a count is too far from the committed rate to be luck. */
const SUITES = 400;
const TOO_FAR = 1e-5;

describe("the committed simulated certificate", () => {
  it("covers every noise model, design and level with the suites it names", () => {
    const designs = ["single gate", "suite of 36 gates", "choice among 7 candidates", "choice among 16 candidates"];
    for (const { id } of NOISE_MODELS) {
      for (const alpha of [0.05, 0.01]) {
        for (const design of designs) {
          const rows = certificate.error_rates.filter(
            (r) => r.model === id && r.alpha === alpha && r.design === design,
          );
          assert.ok(rows.length > 0, `${id} ${alpha} ${design}`);
          assert.ok(rows.every(({ suites }) => suites >= certificate.suites));
        }
      }
    }
    assert.equal(certificate.error_rates.length, 264);
  });

  it("has the limits that its counts give, and holds every target", () => {
    for (const row of certificate.error_rates) {
      const { rate, low, high } = share(row.count, row.suites);
      assert.deepEqual([row.rate, row.low, row.high], [rate, low, high]);
      assert.equal(row.within, isWithin(row, row.alpha));
      // Fewer suites cannot tell 1.1 alpha from alpha; that no rate is certainly above alpha holds for any number.
      assert.ok(certificate.suites >= FULL ? row.within : row.low <= row.alpha, JSON.stringify(row));
    }
    assert.ok(certificate.coverage.every(({ within }) => within));
    assert.ok(certificate.power.every(({ as_planned }) => as_planned !== false));
    const targets = certificate.power.filter(({ target }) => target !== null);
    assert.equal(targets.length, 2);
    assert.ok(
      targets.every(({ high, low, target }) => (certificate.suites >= FULL ? low : high) >= (target as number)),
    );
    assert.ok(certificate.paired_plans.every(({ within }) => within));
  });

  it("holds the exact rates of accuracy gates, as computed again", () => {
    const again = pairedTable({ items: [200, 500] });
    assert.ok(again.length >= 40);
    for (const row of again) {
      assert.ok(row.within, JSON.stringify(row));
      const stored = certificate.paired.find(
        (r) => r.n === row.n && r.alpha === row.alpha && r.margin === row.margin && r.discordance === row.discordance,
      );
      assert.ok(stored && Math.abs(stored.false_pass - row.false_pass) < 1e-9, JSON.stringify(stored));
      assert.ok(Math.abs(stored.false_fail - row.false_fail) < 1e-9);
    }
  });

  it("agrees with a small sample simulated now, under other seeds, through the code as it is", () => {
    const wanted = (cell: Cell) => cell.kind === "single" || cell.kind === "choice" || cell.kind === "suite-36";
    const models = ["iid", "ar1-0.9", "cauchy", "gc-sawtooth", "quantized-clock"];
    const cells = allCells(SUITES).filter((cell) => wanted(cell) && models.includes(cell.model));
    const results = new Map<Cell, Counts>(
      cells.map((cell) => [cell, runTask({ cell, chunk: 0, suites: cell.suites, seed: 4712 })]),
    );
    const rows = errorRates(results);
    assert.ok(rows.length >= 50, `${rows.length}`);
    for (const row of rows) {
      const stored = certificate.error_rates.find((r) =>
        (["design", "error", "policy", "model", "blocks", "alpha"] as const).every((key) => r[key] === row[key]),
      );
      assert.ok(stored, JSON.stringify(row));
      const { count, suites } = row;
      const fewer = binomialCdf(count, { n: suites, p: stored.high });
      const more = binomialCdf(count - 1, { n: suites, p: stored.low, tail: "upper" });
      assert.ok(fewer > TOO_FAR, `${count} of ${suites}, committed ${stored.rate}: ${JSON.stringify(row)}`);
      assert.ok(more > TOO_FAR, `${count} of ${suites}, committed ${stored.rate}: ${JSON.stringify(row)}`);
    }
  });
});
