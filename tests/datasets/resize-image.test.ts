import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Picture, resizePicture } from "../../harness/datasets/resize-image.ts";
import { RESIZED, SOURCE } from "../fixtures/pillow-resize.ts";

const source = { ...SOURCE, pixels: Uint8Array.from(SOURCE.pixels) };

for (const { width, height, pixels } of RESIZED) {
  test(`7x5 to ${width}x${height} is what Pillow's BILINEAR gives, within 1`, () => {
    const resized = resizePicture(source, { width, height });
    assert.deepEqual([resized.width, resized.height, resized.pixels.length], [width, height, pixels.length]);
    pixels.forEach((expected, i) => {
      const actual = resized.pixels[i] as number;
      assert.ok(Math.abs(actual - expected) <= 1, `element ${i}: ${actual} for ${expected}`);
    });
  });
}

test("doubling a row weighs neighbors 3 to 1, with half-pixel centers", () => {
  const row = [0, 40, 80, 120].flatMap((v) => [v, v, v]);
  const { pixels } = resizePicture({ width: 4, height: 1, pixels: Uint8Array.from(row) }, { width: 8, height: 1 });
  assert.deepEqual(
    Array.from({ length: 8 }, (_, i) => pixels[i * 3]),
    [0, 10, 30, 50, 70, 90, 110, 120],
  );
});

test("the same size changes nothing, and mirroring commutes with resizing", () => {
  assert.deepEqual(resizePicture(source, { width: 7, height: 5 }), source);
  const mirror = ({ width, height, pixels }: Picture): Picture => ({
    width,
    height,
    pixels: Uint8Array.from(pixels, (_, i) => {
      const [pixel, channel] = [Math.floor(i / 3), i % 3];
      const [y, x] = [Math.floor(pixel / width), pixel % width];
      return pixels[(y * width + (width - 1 - x)) * 3 + channel] as number;
    }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (width, height) => {
      const one = mirror(resizePicture(source, { width, height })).pixels;
      const other = resizePicture(mirror(source), { width, height }).pixels;
      // A sum that ends on a half may round either way.
      assert.ok(one.every((value, i) => Math.abs(value - (other[i] as number)) <= 1));
    }),
  );
});
