import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { openQuantizedFile } from "../../harness/pipeline/layer-artifact.ts";
import { type ProfileQuantizeOptions, quantizeByProfile } from "../../harness/pipeline/quantize-profile.ts";
import { sha256OfFile } from "../../harness/platform/digest.ts";
import { weightSqnr } from "../../harness/quantize/matrix-quality.ts";
import { rng } from "../../harness/stats/rng.ts";
import { openSafetensors, writeSafetensors } from "../../harness/store/safetensors.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const normals = (count: number, seed: number) => {
  const source = rng(seed);
  return Float32Array.from({ length: count }, () => source.normal());
};
const WEIGHTS = { a: normals(16 * 64, 1), b: normals(32 * 64, 2), c: normals(8 * 8 * 9, 3), norm: normals(64, 4) };
const bytesOf = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer);

interface Place {
  readonly model: string;
  readonly outDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A folder with two matrices, a convolution and a vector, and where its results go. */
async function place(t: TestContext, metadata: string | undefined = '{"modality":"text"}'): Promise<Place> {
  const root = await scratchFolder(t);
  const model = join(root, "toy");
  mkdirSync(model);
  const tensor = (name: keyof typeof WEIGHTS, shape: number[]) => ({
    name,
    dtype: "F32" as const,
    shape,
    bytes: async () => bytesOf(WEIGHTS[name]),
  });
  const tensors = [tensor("a", [16, 64]), tensor("b", [32, 64]), tensor("c", [8, 8, 3, 3]), tensor("norm", [64])];
  await writeSafetensors(join(model, "model.safetensors"), tensors, {});
  if (metadata !== undefined) writeFileSync(join(model, "metadata.json"), metadata);
  mkdirSync(join(model, "tokenizer"));
  writeFileSync(join(model, "tokenizer/vocab.txt"), "words");
  return { model, outDir: join(root, "out"), env: { QUANTGATE_CACHE_DIR: join(root, "cache") } };
}

const run = (where: Place, more: Partial<ProfileQuantizeOptions> = {}) =>
  quantizeByProfile({ profile: "edge", workers: 2, ...where, ...more });

const rowsFile = (where: Place, layer: string, columns: number) => {
  const values = normals(40 * columns, 5);
  const line = (r: number) => ({
    layer,
    time: r % 8,
    values: [...values.subarray(r * columns, (r + 1) * columns)].map((v) => v * 2 ** -(r % 8)),
  });
  const path = join(where.model, "../rows.jsonl");
  writeFileSync(path, Array.from({ length: 40 }, (_, r) => JSON.stringify(line(r))).join("\n"));
  return path;
};

describe("a model folder", () => {
  it("becomes a folder with smaller weights, its other files, and a report that holds", async (t) => {
    const where = await place(t);
    const made = await run(where);
    assert.deepEqual([made.passes, made.bits, made.modality], [true, 2, "text"]);
    assert.equal(made.path, join(where.outDir, "toy-int2"));
    assert.deepEqual(readdirSync(where.outDir), ["toy-int2"]);
    assert.equal(readFileSync(join(made.path ?? "", "tokenizer/vocab.txt"), "utf8"), "words");
    assert.equal(readFileSync(join(made.path ?? "", "metadata.json"), "utf8"), '{"modality":"text"}');
    const file = join(made.path ?? "", "model-int2.safetensors");
    assert.equal(made.bytes, readFileSync(file).length);
    const { report } = made;
    assert.equal(report.result?.sha256, await sha256OfFile(file));
    assert.deepEqual([report.calibration.origin, report.calibration.seed], ["synthetic", 1]);
    assert.deepEqual(report.carried_over, ["metadata.json", "tokenizer/vocab.txt"]);
    const kept = report.layers.find(({ name }) => name === "norm");
    assert.deepEqual([kept?.bits, kept?.kept_reason], [null, "it has one axis"]);
    const [checked] = await checkArtifacts([made.reportPath]);
    assert.equal(checked?.ok, true, checked?.message);
  });

  it("is read back as the weights that were measured; what was carried over is unchanged", async (t) => {
    const where = await place(t, '{"modality":"image"}');
    const made = await run(where);
    const file = join(made.path ?? "", "model-int2.safetensors");
    const opened = await openQuantizedFile(file);
    for (const row of made.report.layers.filter(({ bits }) => bits !== null)) {
      const back = await opened.weights(row.name);
      assert.equal(weightSqnr(WEIGHTS[row.name as "a"], back), row.sqnr_db, row.name);
    }
    await assert.rejects(opened.weights("norm"), { code: "CONFIG_MODEL_INVALID" });
    await opened.close();
    const raw = await openSafetensors(file);
    const norm = raw.tensors.find(({ name }) => name === "norm");
    assert.deepEqual(norm && (await raw.readBytes(norm)), bytesOf(WEIGHTS.norm));
    await raw.close();
    await assert.rejects(openQuantizedFile(join(where.model, "model.safetensors")), { code: "CONFIG_MODEL_INVALID" });
  });

  it("gets the strategy of its modality; the flag overrides the file, and says so", async (t) => {
    const where = await place(t);
    const text = await run(where);
    const image = await run(where, { modality: "image", disabled: ["gptq"] });
    const steps = (made: typeof text) =>
      [...new Set(made.report.layers.flatMap((row) => row.steps.map(({ step }) => step)))].sort();
    assert.deepEqual([text.report.strategy.name, steps(text)], ["residual-time", ["residual-codes", "time-scales"]]);
    assert.deepEqual([image.report.strategy.name, steps(image)], ["gptq-spatial", ["gptq", "spatial-groups"]]);
    assert.deepEqual([text.report.modality?.origin, image.report.modality?.origin], ["metadata", "flag"]);
    assert.deepEqual(image.report.strategy.disabled, ["gptq"]);
    assert.ok(
      image.report.layers.flatMap(({ steps }) => steps).every(({ step, applied }) => step !== "gptq" || !applied),
    );
  });

  it("measures what time scales gain on the rows it was given", async (t) => {
    const where = await place(t);
    const { report } = await run(where, { calibration: rowsFile(where, "a", 64) });
    assert.deepEqual(
      report.layers.map(({ name, calibration }) => [name, calibration]),
      [
        ["a", "measured"],
        ["b", "synthetic"],
        ["c", "synthetic"],
        ["norm", null],
      ],
    );
    const gain = report.gains.find(({ step }) => step === "time-scales");
    assert.deepEqual([gain?.layers, gain?.measured], [1, 1]);
    assert.ok((gain?.median_gain_db ?? 0) > 3, `${gain?.median_gain_db} dB`);
  });

  it("shows each attempt with bytes and quality of its own, and keeps the best where none passes", async (t) => {
    const where = await place(t);
    const flags = { minimum_quality: { "2": 1, "4": 1, "8": 1 } };
    const made = await run(where, { flags });
    assert.deepEqual([made.passes, made.report.status, made.bits], [false, "exhausted", 8]);
    const { attempts } = made.report;
    assert.equal(new Set(attempts.map(({ bytes }) => bytes)).size, 3);
    assert.equal(new Set(attempts.map(({ sha256 }) => sha256)).size, 3);
    const qualities = attempts.map(({ quality }) => quality ?? 0);
    assert.deepEqual(qualities, [...qualities].sort(), "more bits keep more");
    const stopped = await run(where, { flags, failFast: true });
    assert.deepEqual([stopped.report.status, stopped.report.attempts.length, stopped.bits], ["stopped", 1, 2]);
  });

  it("gives the same bytes on one thread and on many, with little memory and with much", async (t) => {
    const digest = async (more: Partial<ProfileQuantizeOptions>) =>
      (await run(await place(t), more)).report.result?.sha256;
    const [one, many, tight] = [
      await digest({ workers: 1 }),
      await digest({ workers: 4 }),
      await digest({ budgetBytes: 1 }),
    ];
    assert.equal(one, many);
    assert.equal(one, tight);
  });

  it("leaves nothing when it is cancelled, and then makes only what is missing", async (t) => {
    const where = await place(t);
    const stop = new AbortController();
    const onLayers = () => stop.abort(new Error("enough"));
    await assert.rejects(run(where, { signal: stop.signal, workers: 1, onLayers }), /enough/);
    assert.deepEqual(readdirSync(where.outDir), []);
    const { report } = await run(where, { workers: 1 });
    assert.ok(report.layers.filter(({ reused }) => reused).length >= 1);
    const fresh = await run(await place(t), { workers: 1 });
    assert.equal(report.result?.sha256, fresh.report.result?.sha256);
  });

  it("does not trust a cached layer that was changed", async (t) => {
    const where = await place(t);
    const first = await run(where);
    const cache = join(where.env["QUANTGATE_CACHE_DIR"] ?? "", "layers");
    for (const name of readdirSync(cache)) {
      const bytes = readFileSync(join(cache, name));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(cache, name), bytes);
    }
    const again = await run(where);
    assert.ok(again.report.layers.every(({ reused }) => !reused));
    assert.equal(again.report.result?.sha256, first.report.result?.sha256);
  });

  it("replaces its own earlier result, and nobody else's folder", async (t) => {
    const where = await place(t);
    await run(where);
    await run(where);
    assert.deepEqual(readdirSync(where.outDir), ["toy-int2"]);
    const other = await place(t);
    mkdirSync(join(other.outDir, "toy-int4"), { recursive: true });
    await assert.rejects(run(other), { code: "STORE_WRITE" });
    assert.deepEqual(readdirSync(other.outDir), ["toy-int4"]);
  });

  const refusals: [what: string, metadata: string | undefined, more: Partial<ProfileQuantizeOptions>, code: string][] =
    [
      ["no metadata", undefined, {}, "CONFIG_MODEL_INVALID"],
      ["malformed metadata", "{", {}, "CONFIG_MODEL_INVALID"],
      ["an unknown modality", '{"modality":"smell"}', {}, "CONFIG_MODEL_INVALID"],
      ["an unknown modality flag", '{"modality":"text"}', { modality: "smell" }, "CONFIG_USAGE"],
      ["an unknown profile", '{"modality":"text"}', { profile: "moon" }, "CONFIG_INVALID"],
      ["a task metric", '{"modality":"text"}', { flags: { quality_metric: "task" } }, "CONFIG_INVALID"],
      ["a config", '{"modality":"text"}', { config: "c.json" }, "CONFIG_USAGE"],
    ];
  for (const [what, metadata, more, code] of refusals) {
    it(`is refused with ${what}, before anything is written`, async (t) => {
      const where = await place(t, metadata === undefined ? "" : metadata);
      if (metadata === undefined) (await import("node:fs")).rmSync(join(where.model, "metadata.json"));
      await assert.rejects(run(where, more), { code });
      assert.equal(existsSync(where.outDir), false);
    });
  }

  it("is refused with rows for a layer it lacks, and with rows of another width", async (t) => {
    const where = await place(t);
    await assert.rejects(run(where, { calibration: rowsFile(where, "zz", 64) }), {
      code: "CONFIG_DATA_INVALID",
      message: /'zz'/,
    });
    await assert.rejects(run(where, { calibration: rowsFile(where, "a", 63) }), {
      code: "CONFIG_DATA_INVALID",
      message: /63/,
    });
    assert.deepEqual(existsSync(where.outDir) ? readdirSync(where.outDir) : [], []);
  });

  it("is refused with weights that are no numbers", async (t) => {
    const where = await place(t);
    const values = normals(1024, 1);
    values[7] = Number.NaN;
    const tensors = [{ name: "a", dtype: "F32" as const, shape: [16, 64], bytes: async () => bytesOf(values) }];
    (await import("node:fs")).rmSync(join(where.model, "model.safetensors"));
    await writeSafetensors(join(where.model, "model.safetensors"), tensors, {});
    await assert.rejects(run(where), { code: "CONFIG_MODEL_INVALID", message: /element 7/ });
    assert.deepEqual(readdirSync(where.outDir), []);
  });

  it("takes a profile from JSON and from YAML alike, and refuses a key it does not know", async (t) => {
    const where = await place(t);
    const file = (name: string, text: string) => {
      const path = join(where.model, "..", name);
      writeFileSync(path, text);
      return path;
    };
    const yaml = file("p.yaml", "schema_version: quantgate.profile.v1\nextends: edge\nbits: 4\ngroup_size: 16\n");
    const json = file("p.json", '{"schema_version":"quantgate.profile.v1","extends":"edge","bits":4,"group_size":16}');
    const [a, b] = [await run(where, { profile: yaml }), await run(where, { profile: json })];
    assert.deepEqual(a.report.profile, b.report.profile);
    assert.deepEqual([a.bits, a.report.profile.group_size, a.report.profile.time_groups], [4, 16, 4]);
    const env = { ...where.env, QUANTGATE_PROFILE_BITS: "8" };
    assert.equal((await run({ ...where, env }, { profile: yaml })).bits, 8);
    const typo = file("q.yml", "schema_version: quantgate.profile.v1\nbitz: 4\n");
    await assert.rejects(run(where, { profile: typo }), { code: "CONFIG_INVALID", message: /bitz/ });
    await assert.rejects(run(where, { profile: file("r.yml", "a: [") }), { code: "CONFIG_INVALID", message: /YAML/ });
    const wrong = { ...where.env, QUANTGATE_PROFILE_BITS: "3" };
    await assert.rejects(run({ ...where, env: wrong }), { code: "CONFIG_INVALID", message: /environment/ });
  });
});
