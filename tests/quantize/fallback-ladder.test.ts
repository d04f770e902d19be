import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, HarnessError } from "../../harness/domain/errors.ts";
import {
  type ProfileSources,
  profileFromEnvironment,
  resolveProfile,
  rungsOf,
} from "../../harness/quantize/deployment-profile.ts";
import { climbLadder, type LadderJob, type RungResult } from "../../harness/quantize/fallback-ladder.ts";
import { worstLayer } from "../../harness/quantize/worst-layer.ts";

const edge = resolveProfile({ name: "edge" });

/** A ladder whose rungs have these qualities; a text is the error of one that cannot be made. */
function climb(qualities: Readonly<Record<number, number | null | ErrorCode>>, more: Partial<LadderJob<string>> = {}) {
  let seconds = 0;
  return climbLadder<string>({
    profile: edge,
    failFast: false,
    now: () => seconds++,
    nameOf: (bits) => `int${bits}`,
    async make(bits): Promise<RungResult<string>> {
      const quality = qualities[bits] ?? null;
      if (typeof quality === "string") throw new HarnessError(quality, "It broke.", { hint: "none" });
      const facts = { quality, cosine: null, worstLayer: { name: "fc", sqnr_db: 3 * bits } };
      return {
        artifact: `a${bits}`,
        recipe: `int${bits}`,
        ...facts,
        bytes: 100 * bits,
        sha256: String(bits).repeat(64),
      };
    },
    ...more,
  });
}

describe("the ladder", () => {
  it("stops at the first width that keeps its own minimum, and records what failed before", async () => {
    const { status, attempts, kept } = await climb({ 2: 0.7, 4: 0.86, 8: 1 });
    assert.deepEqual([status, kept?.bits, kept?.passes], ["pass", 4, true]);
    assert.deepEqual(
      attempts.map(({ bits, status, quality, bytes, minimum }) => [bits, status, quality, bytes, minimum]),
      [
        [2, "fail", 0.7, 200, 0.75],
        [4, "pass", 0.86, 400, 0.85],
      ],
    );
    assert.match(attempts[0]?.reason ?? "", /70 %.*75 %/);
  });

  it("exactly at the minimum passes, and just below does not read as equal", async () => {
    assert.equal((await climb({ 2: 0.75 })).status, "pass");
    const { attempts } = await climb({ 2: 0.7499999, 4: 1 });
    assert.match(attempts[0]?.reason ?? "", /74\.9999 %.*75 %/);
  });

  it("exhausted is a failure that keeps the best, the wider among equals", async () => {
    const first = await climb({ 2: 0.7, 4: 0.6, 8: 0.5 });
    assert.deepEqual(
      [first.status, first.kept?.bits, first.kept?.passes, first.attempts.length],
      ["exhausted", 2, false, 3],
    );
    assert.equal((await climb({ 2: 0.7, 4: 0.7, 8: 0.7 })).kept?.bits, 8);
  });

  it("with fail-fast ends at the first attempt that fails", async () => {
    const { status, attempts, kept } = await climb({ 2: 0.7, 4: 1 }, { failFast: true });
    assert.deepEqual([status, attempts.length, kept?.result.artifact, kept?.passes], ["stopped", 1, "a2", false]);
  });

  it("what was not measured never passes", async () => {
    const { status, attempts } = await climb({ 2: null, 4: Number.NaN, 8: null });
    assert.equal(status, "exhausted");
    for (const { reason } of attempts) assert.match(reason ?? "", /could not be measured/);
  });

  it("goes on after a width that cannot be made, and stops at what is wrong at every width", async () => {
    const { status, attempts } = await climb({ 2: "QUANTIZE_UNSUPPORTED", 4: 0.9 });
    assert.deepEqual([status, attempts[0]?.status, attempts[0]?.bytes], ["pass", "error", null]);
    const none = await climb({ 2: "RUNTIME_CRASHED", 4: "RUNTIME_CRASHED", 8: "QUANTIZE_FAILED" });
    assert.deepEqual([none.status, none.kept], ["exhausted", undefined]);
    await assert.rejects(climb({ 2: "QUANTIZE_CALIBRATION" }), { code: "QUANTIZE_CALIBRATION" });
    await assert.rejects(climb({ 2: "STORE_WRITE" }), { code: "STORE_WRITE" });
  });

  it("an abort ends it with the signal's reason, also in the middle of a rung", async () => {
    const stop = new AbortController();
    const make = async () => {
      stop.abort(new Error("enough"));
      throw new HarnessError("RUNTIME_CRASHED", "It was killed.", { hint: "none" });
    };
    await assert.rejects(climb({}, { make, signal: stop.signal }), /enough/);
  });

  it("the worst layer can fail an artifact whose whole looks well", async () => {
    const profile = { ...edge, minimum_layer_sqnr_db: 10 };
    const { attempts, kept } = await climb({ 2: 1, 4: 1 }, { profile });
    assert.match(attempts[0]?.reason ?? "", /layer fc keeps 6\.0 dB, and must keep 10 dB/);
    assert.equal(kept?.bits, 4);
    assert.deepEqual(attempts[0]?.worst_layer, { name: "fc", sqnr_db: 6, minimum_db: 10 });
  });
});

describe("the worst layer", () => {
  it("is the one of least ratio; layers that were not rounded do not count", () => {
    const row = (name: string, weight_sqnr_db: number | null) => ({ name, weight_sqnr_db });
    assert.deepEqual(worstLayer([row("a", null), row("b", 20), row("c", -3), row("d", -3)]), {
      name: "c",
      sqnr_db: -3,
    });
    assert.equal(worstLayer([row("a", null)]), null);
  });
});

describe("a profile", () => {
  const schema_version = "quantgate.profile.v1" as const;

  it("begins with the fewest bits on the edge and with the most in the cloud", () => {
    const rungs = (name: ProfileSources["name"]) => rungsOf(resolveProfile({ name }));
    assert.deepEqual([rungs("edge"), rungs("local"), rungs("cloud")], [[2, 4, 8], [4, 8], [8]]);
  });

  it("takes flags over the environment over the file over the default, and says which", () => {
    const made = resolveProfile({
      name: "edge",
      file: { schema_version, bits: 4, group_size: 16, minimum_quality: { "4": 0.9, "8": 0 } },
      environment: { schema_version, bits: 8, minimum_quality: { "4": 0.8 } },
      flags: { minimum_quality: { "4": 0.7 } },
    });
    assert.deepEqual([made.bits, made.group_size, made.time_groups], [8, 16, 4]);
    assert.deepEqual(made.minimum_quality, { "2": 0.75, "4": 0.7, "8": 0 }, "a minimum of 0 is a minimum");
    const { bits, group_size, time_groups } = made.origins;
    assert.deepEqual([bits, group_size, time_groups], ["environment", "file", "default"]);
    assert.equal(made.origins["minimum_quality.4"], "flag");
  });

  it("reads the environment, and refuses a variable it does not know", () => {
    const read = profileFromEnvironment({
      QUANTGATE_PROFILE_BITS: "4",
      QUANTGATE_PROFILE_MINIMUM_QUALITY_8: ".9",
      PATH: "/",
    });
    assert.deepEqual(read, { schema_version, bits: 4, minimum_quality: { "8": 0.9 } });
    assert.equal(profileFromEnvironment({ PATH: "/", QUANTGATE_PROFILE_BITS: "" }), undefined);
    assert.throws(() => profileFromEnvironment({ QUANTGATE_PROFILE_BITZ: "4" }), { code: "CONFIG_INVALID" });
  });
});
