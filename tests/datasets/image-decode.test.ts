import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { decodeImage, type ImageTarget, imageDecoderVersions } from "../../harness/datasets/image-decode.ts";
import { resizePicture } from "../../harness/datasets/resize-image.ts";

const plain: ImageTarget = {
  width: 2,
  height: 2,
  resize: "stretch",
  cropFraction: 1,
  filter: "triangle",
  padValue: 114,
  color: "rgb",
  layout: "nhwc",
};

/** A PNG from rows of [r, g, b] pixels. */
function png(rows: readonly (readonly (readonly number[])[])[]): Promise<Buffer> {
  const channels = (rows[0]?.[0]?.length ?? 3) as 3 | 4;
  return sharp(Uint8Array.from(rows.flat(2)), {
    raw: { width: rows[0]?.length ?? 0, height: rows.length, channels },
  })
    .png()
    .toBuffer();
}

const [R, G, B, W] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [200, 100, 50],
] as const;
const four = await png([
  [R, G],
  [B, W],
]);

test("an image of the target's size keeps its pixels, in each layout and channel order", async () => {
  const decode = async (changes: Partial<ImageTarget>) => [
    ...(await decodeImage(four, { ...plain, ...changes }, { name: "x" })),
  ];
  assert.deepEqual(await decode({}), [R, G, B, W].flat());
  assert.deepEqual(
    await decode({ color: "bgr" }),
    [R, G, B, W].flatMap((p) => p.toReversed()),
  );
  assert.deepEqual(await decode({ layout: "nchw" }), [255, 0, 0, 200, 0, 255, 0, 100, 0, 0, 255, 50]);
  assert.deepEqual(await decode({ layout: "nchw", color: "bgr" }), [0, 0, 255, 50, 0, 255, 0, 100, 255, 0, 0, 200]);
  // .299 R + .587 G + .114 B
  assert.deepEqual(await decode({ color: "gray" }), [76, 150, 29, 124]);
});

test("letterbox keeps the aspect and pads both sides with the pad value", async () => {
  const wide = await png([
    [R, R, R, R],
    [R, R, R, R],
  ]);
  const out = await decodeImage(
    wide,
    { ...plain, width: 4, height: 4, resize: "letterbox", layout: "nchw" },
    { name: "x" },
  );
  const rows = (channel: number) => [0, 1, 2, 3].map((y) => out[channel * 16 + y * 4 + 2]);
  assert.deepEqual(rows(0), [114, 255, 255, 114]);
  assert.deepEqual(rows(1), [114, 0, 0, 114]);
  const tall = await png([[G], [G], [G], [G]]);
  const black = await decodeImage(
    tall,
    { ...plain, width: 4, height: 8, resize: "letterbox", padValue: 0 },
    { name: "x" },
  );
  const green = Array.from({ length: 32 }, (_, i) => black[i * 3 + 1]);
  assert.deepEqual(green.slice(0, 4), [0, 255, 255, 0]);
  assert.equal(green.filter((value) => value === 255).length, 16);
});

test("a letterbox of an extreme aspect still has one row of image", async () => {
  const line = await png([new Array(200).fill(R)]);
  const out = await decodeImage(line, { ...plain, width: 10, height: 9, resize: "letterbox" }, { name: "x" });
  const red = Array.from({ length: 90 }, (_, i) => out[i * 3]);
  assert.equal(red.filter((value) => value === 255).length, 10);
});

test("center-crop keeps the middle", async () => {
  const stripes = await png([
    [R, R, G, G, B, B],
    [R, R, G, G, B, B],
  ]);
  assert.deepEqual(
    [...(await decodeImage(stripes, { ...plain, resize: "center-crop" }, { name: "x" }))],
    [G, G, G, G].flat(),
  );
});

test("a crop fraction enlarges the covering image before the crop", async () => {
  const ring = await png([
    [R, R, R, R],
    [R, G, B, R],
    [R, W, G, R],
    [R, R, R, R],
  ]);
  const out = await decodeImage(ring, { ...plain, resize: "center-crop", cropFraction: 0.5 }, { name: "x" });
  assert.deepEqual([...out], [G, B, W, G].flat());
});

test("stretch changes both axes on their own, antialiased when shrinking", async () => {
  const checker = await png(
    Array.from({ length: 16 }, (_, y) =>
      Array.from({ length: 32 }, (_, x) => ((x + y) % 2 ? [0, 0, 0] : [200, 200, 200])),
    ),
  );
  const out = await decodeImage(checker, { ...plain, width: 4, height: 4 }, { name: "x" });
  // Nearest or plain bilinear sampling would show 0 and 200.
  for (const value of out) assert.ok(Math.abs(value - 100) <= 12, `${value}`);
  const flat = await png(Array.from({ length: 5 }, () => new Array(3).fill(W)));
  assert.deepEqual([...(await decodeImage(flat, plain, { name: "x" }))], [W, W, W, W].flat());
});

test("gray, 16-bit, palette and transparent images become 8-bit RGB", async () => {
  const raw = { width: 2, height: 2, channels: 1 } as const;
  const gray = await sharp(Uint8Array.from([0, 80, 160, 255]), { raw })
    .toColorspace("b-w")
    .png()
    .toBuffer();
  assert.equal((await sharp(gray).metadata()).channels, 1);
  assert.deepEqual(
    [...(await decodeImage(gray, plain, { name: "x" }))],
    [0, 80, 160, 255].flatMap((v) => [v, v, v]),
  );
  assert.deepEqual([...(await decodeImage(gray, { ...plain, color: "gray" }, { name: "x" }))], [0, 80, 160, 255]);

  const deep = await sharp(four).toColorspace("rgb16").png().toBuffer();
  assert.equal((await sharp(deep).metadata()).depth, "ushort");
  assert.deepEqual([...(await decodeImage(deep, plain, { name: "x" }))], [R, G, B, W].flat());

  const palette = await sharp(four).png({ palette: true }).toBuffer();
  assert.equal((await sharp(palette).metadata()).isPalette, true);
  assert.equal((await decodeImage(palette, plain, { name: "x" })).length, 12);

  const transparent = await png([
    [
      [...R, 0],
      [...G, 255],
    ],
    [
      [...B, 128],
      [...W, 10],
    ],
  ]);
  assert.deepEqual([...(await decodeImage(transparent, plain, { name: "x" }))], [R, G, B, W].flat());
});

test("an orientation in EXIF is applied", async () => {
  // Orientation 6: what is stored has to be turned clockwise by a quarter.
  const turned = await sharp(four).withMetadata({ orientation: 6 }).png().toBuffer();
  assert.deepEqual([...(await decodeImage(turned, plain, { name: "x" }))], [B, R, W, G].flat());
});

test("a JPEG larger than the target is decoded whole, not shrunk while loading", async () => {
  const noisy = await sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "#808080",
      noise: { type: "gaussian", mean: 128, sigma: 40 },
    },
  })
    .jpeg({ quality: 95 })
    .toBuffer();
  const { data, info } = await sharp(noisy).raw().toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 3 ? data : [...data].flatMap((v) => [v, v, v]);
  const expected = resizePicture({ width: 64, height: 64, pixels: Uint8Array.from(pixels) }, { width: 8, height: 8 });
  assert.deepEqual(
    [...(await decodeImage(noisy, { ...plain, width: 8, height: 8 }, { name: "x" }))],
    [...expected.pixels],
  );
});

test("what cannot be decoded to its end is refused by name", async () => {
  const photo = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#336699" } })
    .jpeg()
    .toBuffer();
  const cases: readonly [string, Uint8Array][] = [
    ["empty.png", new Uint8Array(0)],
    ["text.jpg", new TextEncoder().encode("not an image")],
    ["cut.png", four.subarray(0, four.length - 20)],
    ["cut.jpg", photo.subarray(0, photo.length - 120)],
  ];
  for (const [name, bytes] of cases) {
    await assert.rejects(
      decodeImage(bytes, plain, { name }),
      {
        code: "CONFIG_DATA_INVALID",
        message: new RegExp(`^The image ${name} cannot be decoded: .*[^.]\\.$`),
      },
      name,
    );
  }
});

test("the decoder's versions are known, for provenance", async () => {
  const versions = await imageDecoderVersions();
  assert.match(versions["libvips"] ?? "", /^\d+\.\d+/);
  assert.match(versions["sharp"] ?? "", /^\d+\.\d+/);
});
