import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { decodeNpy, npyReader } from "../../harness/datasets/npy.ts";
import { HarnessError } from "../../harness/domain/errors.ts";
import { fillBatch } from "../../harness/domain/item-tensor.ts";
import { NUMPY_FILES, npyFile } from "../fixtures/npy-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

for (const [name, base64] of Object.entries(NUMPY_FILES)) {
  test(`a file that numpy saved is read: ${name}`, () => {
    const array = decodeNpy(Buffer.from(base64, "base64"), "x.npy");
    const read = npyReader(array);
    assert.deepEqual(array.shape, [3, 2]);
    assert.deepEqual(
      Array.from({ length: 6 }, (_, i) => read(i)),
      [1, 2, 3, 4, 5, 250],
    );
  });
}

test("shapes of one axis, of none, and of Python 2 are read", () => {
  const one = new Uint8Array([7]);
  assert.deepEqual(decodeNpy(npyFile(one, { descr: "|u1", shape: "(1,)" }), "x").shape, [1]);
  assert.deepEqual(decodeNpy(npyFile(one, { descr: "|u1", shape: "()" }), "x").shape, []);
  assert.deepEqual(decodeNpy(npyFile(one, { descr: "|u1", shape: "(1L, 1L)" }), "x").shape, [1, 1]);
  const reordered = "{'shape': (1,), 'fortran_order': False, 'descr': '|u1'}";
  assert.deepEqual(decodeNpy(npyFile(one, { descr: "", shape: "", header: reordered }), "x").shape, [1]);
});

const good = npyFile(new Float32Array(6), { descr: "<f4", shape: "(3, 2)" });
const six = new Float32Array(6);
const faults: readonly [string, Uint8Array, RegExp][] = [
  ["an empty file", new Uint8Array(0), /does not begin as one does/],
  ["another kind of file", new TextEncoder().encode("label,file\n0,a.png\n"), /does not begin as one does/],
  ["a future version", npyFile(six, { descr: "<f4", shape: "(3, 2)", version: 4 }), /version is 4\.0/],
  ["a file cut in its values", good.subarray(0, good.length - 1), /takes 24 bytes, 23 bytes follow/],
  ["a file cut in its header", good.subarray(0, 20), /ends within its header/],
  ["a file with more than its values", Buffer.concat([good, Buffer.alloc(1)]), /25 bytes follow/],
  ["big-endian values", npyFile(six, { descr: ">f4", shape: "(3, 2)" }), /elements are ">f4"/],
  ["strings", npyFile(six, { descr: "<U6", shape: "(1,)" }), /elements are "<U6"/],
  ["pickled objects", npyFile(six, { descr: "|O", shape: "(3,)" }), /elements are "\|O"/],
  ["a type named like an object's own method", npyFile(six, { descr: "toString", shape: "(3,)" }), /"toString"/],
  [
    "a structured type",
    npyFile(six, {
      descr: "",
      shape: "",
      header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
    }),
    /header is not one/,
  ],
  [
    "Fortran order",
    npyFile(six, { descr: "", shape: "", header: "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }" }),
    /Fortran order/,
  ],
  ["a negative axis", npyFile(six, { descr: "<f4", shape: "(-6,)" }), /header is not one/],
  [
    "a shape too large to count",
    npyFile(six, { descr: "<f4", shape: "(999999999999999, 999999999999999)" }),
    /takes .* bytes, 24 bytes follow/,
  ],
  [
    "a key twice",
    npyFile(six, {
      descr: "",
      shape: "",
      header: "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (6,), }",
    }),
    /header is not one/,
  ],
  [
    "code in the header",
    npyFile(six, { descr: "", shape: "", header: "{'descr': exit(), 'fortran_order': False, 'shape': (6,), }" }),
    /header is not one/,
  ],
];
for (const [name, file, message] of faults) {
  test(`${name} is refused as .npy`, () => {
    assert.throws(() => decodeNpy(file, "items.npy"), {
      name: "HarnessError",
      code: "CONFIG_DATA_INVALID",
      message: new RegExp(`^items\\.npy cannot be read as \\.npy: .*${message.source}`),
    });
  });
}

test("no damage to a file gives anything but an array of its size or a refusal", () => {
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
      const damaged = good.slice(0, length);
      if (at < length) damaged[at] = value;
      try {
        const { shape, bytes, dtype } = decodeNpy(damaged, "x");
        assert.equal(bytes.length, shape.reduce((a, b) => a * b, 1) * Number(dtype.slice(2)));
      } catch (error) {
        assert.ok(error instanceof HarnessError, String(error));
      }
    }),
  );
});

async function load(t: TestContext, items: Uint8Array, labels: Uint8Array, more: object = {}) {
  const folder = await scratchFolder(t);
  await writeFile(join(folder, "x test.npy"), items);
  await writeFile(join(folder, "y.npy"), labels);
  return loadDataset(
    { kind: "npy", items: "x test.npy", labels: "y.npy", ...more },
    { resolvePath: (path) => join(folder, path) },
  );
}

const labels3 = npyFile(BigInt64Array.from([0n, 2n, 1n]), { descr: "<i8", shape: "(3,)" });
const items3 = npyFile(Float32Array.from([1, 2, 3, 4, 5, 6]), { descr: "<f4", shape: "(3, 2)" });

test("float items and integer labels become a dataset, with numbered classes", async (t) => {
  const dataset = await load(t, items3, labels3);
  assert.equal(dataset.id, "x-test");
  assert.equal(dataset.count, 3);
  assert.deepEqual(dataset.items.shape, [2]);
  assert.deepEqual(dataset.items.data, Float32Array.from([1, 2, 3, 4, 5, 6]));
  assert.deepEqual([...dataset.labels], [0, 2, 1]);
  assert.deepEqual(dataset.classNames, ["0", "1", "2"]);
  assert.equal(new Set(dataset.hashes).size, 3);
});

test("uint8 items stay uint8 and are normalized when a batch is filled", async (t) => {
  const items = npyFile(
    Uint8Array.from({ length: 12 }, (_, i) => i * 20),
    { descr: "|u1", shape: "(2, 3, 2, 1)" },
  );
  const labels = npyFile(Uint8Array.from([1, 0]), { descr: "|u1", shape: "(2, 1)" });
  const dataset = await load(t, items, labels, { normalize: { scale: 0.5, mean: [1, 2, 3], std: [2, 4, 8] } });
  assert.ok(dataset.items.data instanceof Uint8Array);
  assert.equal(dataset.items.affine?.channelAxis, 0);
  const out = new Float32Array(6);
  fillBatch(dataset.items, [1], out);
  assert.deepEqual(
    [...out],
    [29.5, 34.5, 19.5, 22, 12.125, 13.375].map((_, i) => ((6 + i) * 10 - [1, 2, 3][i >> 1]!) / [2, 4, 8][i >> 1]!),
  );
});

test("float items are normalized too, and a limit keeps the first items and all classes", async (t) => {
  const dataset = await load(t, items3, labels3, { limit: 2, normalize: { mean: [1], std: [2] } });
  const out = new Float32Array(4);
  fillBatch(dataset.items, [0, 1], out);
  assert.deepEqual([...out], [0, 0.5, 1, 1.5]);
  assert.equal(dataset.count, 2);
  assert.equal(dataset.classNames.length, 3);
});

for (const [name, value] of [
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
] as const) {
  test(`${name} in an item is refused, and the message names the item`, async (t) => {
    const items = npyFile(Float32Array.from([1, 2, 3, 4, 5, value]), { descr: "<f4", shape: "(3, 2)" });
    await assert.rejects(load(t, items, labels3), {
      code: "CONFIG_DATA_INVALID",
      message: new RegExp(`^Item 2 of .* holds ${name}\\.$`),
    });
  });
}

test("a number that float32 cannot hold is refused rather than made infinite or rounded", async (t) => {
  const large = npyFile(Float64Array.from([1, 2, 1e300, 4, 5, 6]), { descr: "<f8", shape: "(3, 2)" });
  await assert.rejects(load(t, large, labels3), { code: "CONFIG_DATA_INVALID", message: /^Item 1 .*1e\+300/ });
  const odd = npyFile(Int32Array.from([1, 2, 3, 4, 5, 2 ** 24 + 1]), { descr: "<i4", shape: "(3, 2)" });
  await assert.rejects(load(t, odd, labels3), { code: "CONFIG_DATA_INVALID", message: /^Item 2 .*16777217/ });
});

const labelFaults: readonly [string, Uint8Array, RegExp][] = [
  [
    "two labels for three items",
    npyFile(BigInt64Array.from([0n, 1n]), { descr: "<i8", shape: "(2,)" }),
    /labels do not match the items: .* 3 items, .* 2 labels/,
  ],
  ["float labels", npyFile(new Float32Array(3), { descr: "<f4", shape: "(3,)" }), /not whole numbers/],
  ["one-hot labels", npyFile(new Uint8Array(9), { descr: "|u1", shape: "(3, 3)" }), /shape \(3, 3\)/],
  ["a negative label", npyFile(Int32Array.from([0, -1, 0]), { descr: "<i4", shape: "(3,)" }), /Item 1 .* label -1/],
  [
    "a label beyond int32",
    npyFile(BigInt64Array.from([0n, 1n, 2n ** 33n]), { descr: "<i8", shape: "(3,)" }),
    /Item 2 has the label 8589934592/,
  ],
];
for (const [name, labels, message] of labelFaults) {
  test(`${name}: refused in one sentence`, async (t) => {
    await assert.rejects(load(t, items3, labels), { code: "CONFIG_DATA_INVALID", message });
  });
}

test("a label outside class_names is refused and names the item", async (t) => {
  await assert.rejects(load(t, items3, labels3, { class_names: ["a", "b"] }), {
    code: "CONFIG_DATA_INVALID",
    message: "Item 1 of x-test has the label 2, but the classes are 0 to 1.",
  });
});

test("zero items are refused", async (t) => {
  const none = npyFile(new Float32Array(0), { descr: "<f4", shape: "(0, 2)" });
  const noLabels = npyFile(new Uint8Array(0), { descr: "|u1", shape: "(0,)" });
  await assert.rejects(load(t, none, noLabels), { code: "CONFIG_DATA_INVALID", message: /has no items/ });
});

test("a limit above the number of items is refused", async (t) => {
  await assert.rejects(load(t, items3, labels3, { limit: 4 }), {
    code: "CONFIG_DATA_INVALID",
    message: /asks for 4 items, but x-test has 3/,
  });
});

test("a missing file is named, with a hint about data: paths", async (t) => {
  const folder = await scratchFolder(t);
  await assert.rejects(
    loadDataset({ kind: "npy", items: "none.npy", labels: "y.npy" }, { resolvePath: (path) => join(folder, path) }),
    { code: "CONFIG_DATA_MISSING", message: /none\.npy: there is no such file/, hint: /--data-dir/ },
  );
});
