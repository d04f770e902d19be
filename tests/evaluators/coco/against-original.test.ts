import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { evaluateDetections } from "../../../harness/evaluators/coco/evaluate-detections.ts";
import { packageRoot } from "../../../harness/platform/package-root.ts";
import { dataDir } from "../../fixtures/cifar10.ts";
import { detectionsOf, idsUpTo, type SceneFile, truthOf } from "../../fixtures/detection-scenes.ts";
import { pythonHas, referencePython } from "../../fixtures/reference-python.ts";
import { need } from "../../fixtures/require.ts";

const TOLERANCE = 1e-9;

function close(found: number | undefined, expected: number, what: string): void {
  // The original prints -1 where there is nothing to judge.
  if (expected === -1) assert.equal(found, undefined, what);
  else assert.ok(found !== undefined && Math.abs(found - expected) <= TOLERANCE, `${what}: ${found}, not ${expected}`);
}

function agree({ scenes }: SceneFile): void {
  for (const [number, { scene, expected }] of scenes.entries()) {
    const ids = { imageIds: idsUpTo(scene.images), categoryIds: idsUpTo(scene.categories) };
    const { scores, categoryAp } = evaluateDetections(
      truthOf(scene.annotations, ids),
      detectionsOf(scene.detections, ids),
    );
    for (const [i, [name, score]] of Object.entries(scores).entries()) {
      close(score, expected.stats[i] as number, `scene ${number}, ${name}`);
    }
    for (const [i, ap] of categoryAp.entries()) {
      close(ap, expected.categories[i] as number, `scene ${number}, category ${i}`);
    }
  }
}

describe("COCO evaluation against the original code", () => {
  it("gives the same figures for stored scenes with crowds, ties, empty images and borderline areas", () => {
    const file = join(packageRoot(), "tests/fixtures/detection/scenes.json");
    const stored = JSON.parse(readFileSync(file, "utf8")) as SceneFile;
    assert.equal(stored.scenes.length, 40);
    agree(stored);
  });

  it(
    "gives the same figures for 1,000 scenes drawn and judged by pycocotools in this run",
    need("pycocotools", pythonHas("pycocotools")),
    () => {
      const script = join(packageRoot(), "scripts/fixtures-detection.py");
      const { status, stdout, stderr } = spawnSync(referencePython, [script, "--scenes", "1000", "--seed", "7"], {
        encoding: "utf8",
        maxBuffer: 64 * 2 ** 20,
      });
      assert.equal(status, 0, stderr);
      const drawn = JSON.parse(stdout) as SceneFile;
      assert.equal(drawn.scenes.length, 1000);
      agree(drawn);
    },
  );

  const folder = join(dataDir, "detection");
  it(
    "gives the figures that the original gives for a real detector on 50 images of COCO",
    need("data", existsSync(folder)),
    () => {
      const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
      const { images, annotations, categories } = read("tiny_coco/annotations/instances_val2017.json");
      const ascending = (rows: { id: number }[]) => rows.map(({ id }) => id).sort((a, b) => a - b);
      const ids = { imageIds: ascending(images), categoryIds: ascending(categories) };
      const { scores, categoryAp } = evaluateDetections(
        truthOf(annotations, ids),
        detectionsOf(read("tiny_coco_val50_detections.json"), ids),
      );
      const expected = read("tiny_coco_val50_expected.json");
      const names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"];
      for (const [i, score] of Object.values(scores).entries()) {
        close(score, expected.stats[names[i] as string], names[i] as string);
      }
      for (const [i, id] of ids.categoryIds.entries()) {
        close(categoryAp[i], expected.AP_per_category_id[id] ?? -1, `category ${id}`);
      }
    },
  );
});
