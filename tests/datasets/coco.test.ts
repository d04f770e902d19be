import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import { loadCoco } from "../../harness/datasets/coco.ts";
import { resizeBilinear } from "../../harness/datasets/resize-bilinear.ts";
import { HarnessError } from "../../harness/domain/errors.ts";
import type { CocoDatasetConfig } from "../../harness/domain/generated/config-v1.ts";

const FILE = {
  info: { description: "anything else is left alone" },
  images: [
    { id: 9, file_name: "b.png", width: 4, height: 2, license: 1 },
    { id: 3, file_name: "a.png", width: 2, height: 2 },
    { id: 5, file_name: "c.png", width: 2, height: 2 },
  ],
  annotations: [
    { id: 1, image_id: 9, category_id: 7, bbox: [0, 0, 2, 2], area: 3.5, iscrowd: 0, segmentation: [[1]] },
    { id: 2, image_id: 3, category_id: 2, bbox: [1, 1, 1, 1], area: 1, iscrowd: 1 },
    { id: 3, image_id: 5, category_id: 2, bbox: [0, 1, 1, 1], area: 1 },
  ],
  categories: [
    { id: 7, name: "dog" },
    { id: 2, name: "cat" },
  ],
};

describe("datasets with boxes", () => {
  let folder = "";
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "quantgate-coco-"));
    const solid = (width: number, r: number) =>
      sharp({ create: { width, height: 2, channels: 3, background: { r, g: 0, b: 0 } } })
        .png()
        .toBuffer();
    writeFileSync(join(folder, "a.png"), await solid(2, 10));
    writeFileSync(join(folder, "b.png"), await solid(4, 20));
    writeFileSync(join(folder, "c.png"), await solid(2, 30));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function load(file: unknown, changes: Partial<CocoDatasetConfig> = {}) {
    writeFileSync(join(folder, "instances.json"), JSON.stringify(file));
    const spec = { kind: "coco", images: ".", annotations: "instances.json", width: 4, height: 4, ...changes } as const;
    return loadCoco(spec, { resolvePath: (path) => join(folder, path) });
  }

  it("reads images by ascending id, with their boxes, sizes and categories", async () => {
    const { boxes, classNames, count, items } = await load(FILE);
    assert.equal(count, 3);
    assert.deepEqual(boxes.imageIds, [3, 5, 9]);
    assert.deepEqual(boxes.categoryIds, [2, 7]);
    assert.deepEqual(classNames, ["cat", "dog"]);
    assert.deepEqual(boxes.sizes[2], { width: 4, height: 2 });
    assert.deepEqual([...boxes.image], [2, 0, 1]);
    assert.deepEqual([...boxes.category], [1, 0, 0]);
    assert.deepEqual([...boxes.box.subarray(0, 4)], [0, 0, 2, 2]);
    assert.deepEqual([...boxes.area], [3.5, 1, 1]);
    assert.deepEqual([...boxes.crowd], [0, 1, 0]);
    // The wide image is padded above and below with 114, in the red plane as elsewhere.
    assert.deepEqual(
      [...items.data.subarray(2 * 48, 2 * 48 + 16)],
      [...[114, 114, 114, 114], ...new Array(8).fill(20), ...[114, 114, 114, 114]],
    );
  });

  it("a limit takes the first ids, and a list its own: as lines or as JSON", async () => {
    assert.deepEqual((await load(FILE, { limit: 2 })).boxes.imageIds, [3, 5]);
    writeFileSync(join(folder, "ids.txt"), "9\n# a comment\n3 # another\n");
    assert.deepEqual((await load(FILE, { image_ids: "ids.txt" })).boxes.imageIds, [3, 9]);
    writeFileSync(join(folder, "ids.json"), "[9,\n 5]\n");
    const chosen = await load(FILE, { image_ids: "ids.json", limit: 1 });
    assert.deepEqual(chosen.boxes.imageIds, [5]);
    assert.deepEqual([...chosen.boxes.image], [0]);
  });

  const change = (edit: (file: typeof FILE) => unknown) => {
    const copy = structuredClone(FILE);
    edit(copy);
    return copy;
  };
  const refusals: readonly [string, unknown, RegExp, (Partial<CocoDatasetConfig> | string)?][] = [
    ["a double image id", change((f) => Object.assign(f.images[1]!, { id: 9 })), /image 9 is there twice/],
    ["a double category id", change((f) => Object.assign(f.categories[1]!, { id: 7 })), /category 7 is there twice/],
    ["a box of no image", change((f) => Object.assign(f.annotations[0]!, { image_id: 4 })), /names the image 4/],
    [
      "a box of no category",
      change((f) => Object.assign(f.annotations[0]!, { category_id: 4 })),
      /names the category 4/,
    ],
    ["a negative side", change((f) => Object.assign(f.annotations[0]!, { bbox: [0, 0, -1, 2] })), /negative side/],
    [
      "another size than annotated",
      change((f) => Object.assign(f.images[0]!, { width: 5 })),
      /4 x 2 pixels, not 5 x 2/,
    ],
    [
      "a file outside the folder",
      change((f) => Object.assign(f.images[0]!, { file_name: "../b.png" })),
      /outside the folder/,
    ],
    ["no box at all", change((f) => f.annotations.splice(0)), /None of the 3 images/],
    ["three numbers for a box", change((f) => f.annotations[0]!.bbox.pop()), /bbox/],
    ["a missing list", { images: FILE.images, annotations: [] }, /categories/],
    ["an unknown id in the list", FILE, /image id 8 is not in/, "8\n"],
    ["a double id in the list", FILE, /hold 3 twice/, "3\n3\n"],
    ["a word in the list", FILE, /hold "three"/, "three\n"],
    ["an empty list", FILE, /are empty/, "\n"],
    ["a limit above the number of images", FILE, /asks for 4 items/, { limit: 4 }],
  ];
  for (const [what, file, message, extra] of refusals) {
    it(`${what} is refused in one sentence`, async () => {
      if (typeof extra === "string") writeFileSync(join(folder, "ids.txt"), extra);
      const changes = typeof extra === "string" ? { image_ids: "ids.txt" } : extra;
      await assert.rejects(load(file, changes), (error: HarnessError) => {
        assert.ok(error instanceof HarnessError);
        assert.equal(error.code, "CONFIG_DATA_INVALID");
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("bilinear resizing without antialiasing", () => {
  it("takes the two samples beside each center, rounds once and ties to even", () => {
    const gray = (row: readonly number[]) => Uint8Array.from(row.flatMap((x) => [x, x, x]));
    const reds = ({ pixels }: { pixels: Uint8Array }) => [...pixels].filter((_, i) => i % 3 === 0);
    // 4 to 2: centers .5 and 2.5 lie midway: 2.5 and 3.5 tie to 2 and 4.
    const halved = resizeBilinear({ width: 4, height: 1, pixels: gray([2, 3, 3, 4]) }, { width: 2, height: 1 });
    assert.deepEqual(reds(halved), [2, 4]);
    // 1 to 3 of 9 samples: only the middle of each three is seen, whatever lies beside it.
    const row = [0, 200, 0, 90, 7, 90, 0, 0, 250];
    const third = resizeBilinear({ width: 9, height: 1, pixels: gray(row) }, { width: 3, height: 1 });
    assert.deepEqual(reds(third), [200, 7, 0]);
    // Both axes are mixed before rounding: (0 + 1 + 0 + 0) / 4 = .25 is 0, where rounding twice would give 1 of .5 at first.
    const square = { width: 2, height: 2, pixels: gray([0, 3, 0, 0]) };
    assert.deepEqual(reds(resizeBilinear(square, { width: 1, height: 1 })), [1]);
    assert.deepEqual(reds(resizeBilinear(square, { width: 2, height: 2 })), [0, 3, 0, 0]);
  });
});
