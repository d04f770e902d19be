import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readActivationRows } from "../../harness/datasets/activation-rows.ts";
import { type ErrorCode, HarnessError } from "../../harness/domain/errors.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { fromBfloat, fromHalf, toHalf } from "../../harness/quantize/half-floats.ts";
import { openModelFolder, readMetadata } from "../../harness/store/model-folder.ts";
import { openSafetensors, readHeader, writeSafetensors } from "../../harness/store/safetensors.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** What the reference implementations wrote and read; see scripts/fixtures-layer-files.py. */
const reference = JSON.parse(readFileSync(join(packageRoot(), "tests/fixtures/layer-files.json"), "utf8")) as {
  file: string;
  f16_as_f32: (number | "Infinity")[];
  half_inputs: number[];
  half_bits: number[];
  bf16_bits: number[];
  bf16_as_f32: number[];
  rows_parquet: string;
  layer_parquet: string;
  matrix_parquet: string;
};

function refused(code: ErrorCode, says: RegExp) {
  return (error: unknown) => error instanceof HarnessError && error.code === code && says.test(error.message);
}

async function write(t: TestContext, files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await scratchFolder(t);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const decode = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

describe("half floats", () => {
  it("round as NumPy does, subnormal ones too", () => {
    assert.deepEqual(reference.half_inputs.map(toHalf), reference.half_bits);
  });

  it("come back from every finite pattern unchanged", () => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((half) => ((half >> 10) & 31) !== 31);
    assert.deepEqual(Uint16Array.from(fromHalf(patterns), toHalf), patterns);
  });

  it("of the bfloat kind are read as NumPy reads them", () => {
    assert.deepEqual([...fromBfloat(Uint16Array.from(reference.bf16_bits))], reference.bf16_as_f32);
  });

  it("beyond the range are infinite, and what is no number stays none", () => {
    assert.deepEqual([toHalf(65520), toHalf(-1e9), toHalf(65519)], [0x7c00, 0xfc00, 0x7bff]);
    assert.ok(Number.isNaN(fromHalf(Uint16Array.of(toHalf(Number.NaN)))[0]));
  });
});

describe("safetensors", () => {
  it("of the reference implementation are read value by value", async (t) => {
    const folder = await write(t, { "x.safetensors": decode(reference.file) });
    const file = await openSafetensors(join(folder, "x.safetensors"));
    assert.deepEqual(file.metadata, { format: "pt" });
    const read = async (name: string) => {
      const tensor = file.tensors.find((one) => one.name === name);
      assert.ok(tensor);
      return { ...tensor, buffer: (await file.readBytes(tensor)).buffer };
    };
    const f32 = await read("a.f32");
    assert.deepEqual([f32.dtype, f32.shape], ["F32", [2, 3]]);
    assert.deepEqual([...new Float32Array(f32.buffer)], [0.5, -1.25, 3, Math.fround(1e-3), 7, Math.fround(-0.1)]);
    const f16 = fromHalf(new Uint16Array((await read("b.f16")).buffer));
    assert.deepEqual([...f16], reference.f16_as_f32.map(Number));
    assert.deepEqual([...new BigInt64Array((await read("c.i64")).buffer)], [1n, -2n]);
    await file.close();
  });

  it("that we write are read back, and the digest is the file's", async (t) => {
    const folder = await scratchFolder(t);
    const path = join(folder, "y.safetensors");
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    const tensors = [
      { name: "a", dtype: "F32" as const, shape: [3], bytes: async () => bytes },
      { name: "empty", dtype: "U8" as const, shape: [0, 4], bytes: async () => new Uint8Array() },
    ];
    const written = await writeSafetensors(path, tensors, { who: "us" });
    assert.equal(written.bytes, readFileSync(path).length);
    const file = await openSafetensors(path);
    assert.deepEqual(
      file.tensors.map(({ name, shape }) => [name, shape]),
      [
        ["a", [3]],
        ["empty", [0, 4]],
      ],
    );
    assert.deepEqual(await file.readBytes(file.tensors[0] as (typeof file.tensors)[0]), bytes);
    await file.close();
  });

  const entry = (fields: object) =>
    JSON.stringify({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...fields } });
  const two = (first: [number, number], second: [number, number]) =>
    JSON.stringify({
      a: { dtype: "U8", shape: [first[1] - first[0]], data_offsets: first },
      b: { dtype: "U8", shape: [second[1] - second[0]], data_offsets: second },
    });
  const broken: [what: string, text: string, dataBytes: number, says: RegExp][] = [
    ["no object", "[1]", 4, /no JSON object/],
    ["damaged JSON", '{"w": ', 4, /as JSON/],
    [
      "one key twice",
      '{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      0,
      /as JSON/,
    ],
    ["an unknown type", entry({ dtype: "F7" }), 4, /unknown type "F7"/],
    ["a negative size", entry({ shape: [-1] }), 4, /no list of sizes/],
    ["a size that is no whole number", entry({ shape: [1.5] }), 4, /no list of sizes/],
    ["offsets that run backwards", entry({ data_offsets: [4, 0] }), 4, /needs 4 bytes/],
    ["a range that does not fit the shape", entry({ data_offsets: [0, 8] }), 8, /needs 4 bytes, and its range has 8/],
    ["a range past the end", entry({}), 0, /end at byte/],
    ["bytes behind the last tensor", entry({}), 12, /end at byte/],
    ["an unknown field", entry({ offsets: [0] }), 4, /unknown field 'offsets'/],
    ["tensors that overlap", two([0, 4], [2, 6]), 6, /'b' overlaps/],
    ["a gap between tensors", two([0, 2], [4, 6]), 6, /2 unused bytes before tensor 'b'/],
    ["metadata that is no map of texts", '{"__metadata__":{"a":1}}', 0, /no map of texts/],
  ];
  for (const [what, text, dataBytes, says] of broken) {
    it(`are refused for ${what}`, () => {
      assert.throws(() => readHeader(text, 100, 100 + dataBytes, "x"), refused("CONFIG_MODEL_INVALID", says));
    });
  }

  it("are refused when the header's length is a lie", async (t) => {
    const whole = decode(reference.file);
    const long = whole.slice();
    new DataView(long.buffer).setBigUint64(0, 2n ** 60n, true);
    const beyond = whole.slice();
    new DataView(beyond.buffer).setBigUint64(0, BigInt(whole.length), true);
    const folder = await write(t, {
      "a.safetensors": long,
      "b.safetensors": beyond,
      "c.safetensors": whole.subarray(0, -1),
      "d.safetensors": whole.subarray(0, 5),
    });
    const says = [/claims 1152921504606846976 bytes/, /claims \d+ bytes, and the file has/, /end at byte/, /shorter/];
    for (const [i, name] of ["a", "b", "c", "d"].entries()) {
      await assert.rejects(
        openSafetensors(join(folder, `${name}.safetensors`)),
        refused("CONFIG_MODEL_INVALID", says[i] as RegExp),
      );
    }
    await assert.rejects(openSafetensors(join(folder, "none.safetensors")), refused("CONFIG_MODEL_MISSING", /none/));
  });
});

describe("a model folder", () => {
  it("of Parquet files has a tensor a row, or one a file", async (t) => {
    const folder = await write(t, {
      "l.parquet": decode(reference.layer_parquet),
      "m.parquet": decode(reference.matrix_parquet),
      "note.txt": "hi",
    });
    const opened = await openModelFolder(folder);
    assert.deepEqual(
      opened.tensors.map(({ name, shape }) => [name, shape]),
      [
        ["w", [2, 3]],
        ["b", [2]],
        ["m", [3, 2]],
      ],
    );
    const values = await Promise.all(
      opened.tensors.map(async (one) => [...new Float32Array((await one.read()).buffer)]),
    );
    assert.deepEqual(values, [
      [1, 2, 3, 4, 5, 6],
      [7, 8],
      [1, 2, 3, 4, 5, 6],
    ]);
    assert.deepEqual(opened.otherFiles, ["note.txt"]);
    await opened.close();
  });

  it("with nothing, with two kinds, or with one tensor twice is refused", async (t) => {
    const whole = decode(reference.file);
    await assert.rejects(openModelFolder(await write(t, { "a.txt": "" })), refused("CONFIG_MODEL_INVALID", /holds no/));
    await assert.rejects(openModelFolder("/nowhere"), refused("CONFIG_MODEL_MISSING", /nowhere/));
    const both = await write(t, { "a.safetensors": whole, "b.parquet": decode(reference.layer_parquet) });
    await assert.rejects(openModelFolder(both), refused("CONFIG_MODEL_INVALID", /both/));
    const twice = await write(t, { "a.safetensors": whole, "b.safetensors": whole });
    await assert.rejects(openModelFolder(twice), refused("CONFIG_MODEL_INVALID", /two tensors named/));
    const cut = await write(t, { "a.parquet": decode(reference.layer_parquet).subarray(0, 100) });
    await assert.rejects(openModelFolder(cut), refused("CONFIG_MODEL_INVALID", /Parquet/));
  });

  it("says its modality, or what is wrong with metadata.json", async (t) => {
    const read = async (text: string) => readMetadata(await write(t, { "metadata.json": text }));
    assert.equal((await read('{"modality": "audio", "more": [1]}'))?.modality, "audio");
    assert.equal(await readMetadata(await scratchFolder(t)), undefined);
    await assert.rejects(read("{"), refused("CONFIG_MODEL_INVALID", /as JSON/));
    await assert.rejects(read('{"name": "x"}'), refused("CONFIG_MODEL_INVALID", /modality/));
    await assert.rejects(read('{"modality": "video"}'), refused("CONFIG_MODEL_INVALID", /video|text/));
    const folder = await scratchFolder(t);
    mkdirSync(join(folder, "metadata.json"));
    await assert.rejects(readMetadata(folder), refused("CONFIG_MODEL_INVALID", /folder/));
  });
});

describe("activation rows", () => {
  it("are read from Parquet and from lines of JSON alike", async (t) => {
    const lines = [
      '{"layer":"x","values":[1.5,2]}',
      '{"layer":"x","values":[0.25,-4],"time":3}',
      "",
      '{"layer":"y","values":[9]}',
    ];
    const folder = await write(t, { "a.parquet": decode(reference.rows_parquet), "a.jsonl": lines.join("\n") });
    const [parquet, json] = await Promise.all([
      readActivationRows(join(folder, "a.parquet")),
      readActivationRows(join(folder, "a.jsonl")),
    ]);
    assert.deepEqual(parquet, json);
    const x = parquet.get("x");
    assert.deepEqual(
      [x?.columns, x?.count, [...(x?.values ?? [])], [...(x?.times ?? [])]],
      [2, 2, [1.5, 2, 0.25, -4], [0, 3]],
    );
  });

  it("name the line that is wrong", async (t) => {
    const read = async (text: string) => readActivationRows(join(await write(t, { "a.jsonl": text }), "a.jsonl"));
    const good = '{"layer":"x","values":[1]}\n';
    await assert.rejects(read(`${good}{"layer":"x"}`), refused("CONFIG_DATA_INVALID", /line 2.*values/));
    await assert.rejects(read(`${good}{"layer":"x","values":["a"]}`), refused("CONFIG_DATA_INVALID", /line 2/));
    await assert.rejects(read(`${good}{"layer":"x","values":[1],"label":1}`), refused("CONFIG_DATA_INVALID", /label/));
    await assert.rejects(read(`${good}{"layer":"x","values":[1,2]}`), refused("CONFIG_DATA_INVALID", /1 and 2 values/));
    await assert.rejects(read('{"text": "once upon a time"}'), refused("CONFIG_DATA_INVALID", /line 1/));
    await assert.rejects(read(""), refused("CONFIG_DATA_INVALID", /no rows/));
    await assert.rejects(readActivationRows("rows.csv"), refused("CONFIG_DATA_INVALID", /neither/));
  });
});
