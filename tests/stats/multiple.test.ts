import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { stats } from "./namespace.ts";

const P = [0.001, 0.008, 0.039, 0.041, 0.9];
const close = (actual: readonly number[], expected: readonly number[]) =>
  actual.every((value, i) => Math.abs(value - expected[i]!) < 1e-15);

describe("many gates", () => {
  it("BH of .001, .008, .039, .041, .9: q .005, .02, .05125, .05125, .9", () => {
    const { adjusted, rejected } = stats.benjaminiHochberg(P);
    assert.ok(close(adjusted, [0.005, 0.02, 0.05125, 0.05125, 0.9]), `${adjusted}`);
    assert.deepEqual(rejected, [true, true, false, false, false]);
  });

  it("Holm multiplies the smallest by 5, the next by 4, and never decreases", () => {
    const { adjusted, rejected } = stats.holm(P);
    assert.ok(close(adjusted, [0.005, 0.032, 0.117, 0.117, 0.9]), `${adjusted}`);
    assert.deepEqual(rejected, [true, true, false, false, false]);
  });

  it("e-BH rejects the largest k with e ≥ K/(kα)", () => {
    const { adjusted, rejected } = stats.eBenjaminiHochberg([100, 55, 34, 1, 0]);
    // K = 5, α = .05: thresholds 100, 50, 33.3, 25, 20.
    assert.deepEqual(rejected, [true, true, true, false, false]);
    assert.ok(Math.abs(adjusted[0]! - 5 / (2 * 55)) < 1e-15);
    assert.equal(adjusted[4], Infinity);
  });

  it("a fixed sequence tests each at the full α and stops at the first that does not pass", () => {
    const { adjusted, rejected } = stats.fixedSequence([0.03, 0.04, 0.2, 0.001]);
    assert.deepEqual(adjusted, [0.03, 0.04, 0.2, 0.2]);
    assert.deepEqual(rejected, [true, true, false, false]);
  });

  it("keeps the order given, whatever it is, and Holm never rejects more than BH", () => {
    const ps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(ps, (values) => {
        const reversed = stats.holm([...values].reverse()).adjusted.reverse();
        assert.ok(close(stats.holm(values).adjusted, reversed));
        const strict = stats.holm(values);
        const loose = stats.benjaminiHochberg(values);
        for (const [i, p] of values.entries()) {
          assert.ok(strict.adjusted[i]! >= loose.adjusted[i]! - 1e-15 && loose.adjusted[i]! >= p - 1e-15);
        }
      }),
    );
  });

  it("an empty family rejects nothing; NaN and numbers out of range throw instead of passing", () => {
    assert.deepEqual(stats.holm([]).rejected, []);
    assert.throws(() => stats.holm([0.5, Number.NaN]), RangeError);
    assert.throws(() => stats.benjaminiHochberg([1.2]), RangeError);
    assert.throws(() => stats.eBenjaminiHochberg([-1]), RangeError);
    assert.throws(() => stats.holm([0.5], { alpha: 2 }), RangeError);
  });
});
