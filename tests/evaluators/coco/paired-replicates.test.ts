import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { evaluateDetections } from "../../../harness/evaluators/coco/evaluate-detections.ts";
import { pairedApDrops } from "../../../harness/evaluators/coco/paired-replicates.ts";
import { resampler } from "../../../harness/evaluators/coco/resample-ap.ts";
import { packageRoot } from "../../../harness/platform/package-root.ts";
import { rng } from "../../../harness/stats/rng.ts";
import { detectionsOf, idsUpTo, type SceneFile, truthOf } from "../../fixtures/detection-scenes.ts";

const { scenes } = JSON.parse(
  readFileSync(join(packageRoot(), "tests/fixtures/detection/scenes.json"), "utf8"),
) as SceneFile;
type Scene = SceneFile["scenes"][number]["scene"];

function evaluate(scene: Scene) {
  const ids = { imageIds: idsUpTo(scene.images), categoryIds: idsUpTo(scene.categories) };
  return evaluateDetections(truthOf(scene.annotations, ids), detectionsOf(scene.detections, ids));
}

/** The scene with each image there as often as the weights say. Scores are made unequal first: copies of one image tie, others must not. */
function repeated(scene: Scene, weights: readonly number[]): Scene {
  const copies = weights.flatMap((weight, image) => new Array<number>(weight).fill(image + 1));
  const take = <T extends { readonly image_id: number }>(rows: readonly T[]): T[] =>
    copies.flatMap((image, place) =>
      rows.filter((row) => row.image_id === image).map((row) => ({ ...row, image_id: place + 1 })),
    );
  return { ...scene, images: copies.length, annotations: take(scene.annotations), detections: take(scene.detections) };
}

function withoutTies(scene: Scene): Scene {
  const detections = scene.detections.map((row, i) => ({ ...row, score: row.score + i * 1e-6 }));
  return { ...scene, detections };
}

describe("average precision under resampling of images", () => {
  it("with every image once is the plain figure", () => {
    for (const { scene } of scenes) {
      const { scores, matches } = evaluate(scene);
      const { map } = resampler(matches)(new Float64Array(scene.images).fill(1));
      if (scores.ap === undefined) assert.equal(map, undefined);
      else assert.ok(map !== undefined && Math.abs(map - scores.ap) < 1e-12);
    }
  });

  it("an image drawn twice counts as two images do", () => {
    const random = rng("weights");
    let judged = 0;
    for (const scene of scenes.map((entry) => withoutTies(entry.scene))) {
      const weights = Array.from({ length: scene.images }, () => random.below(4));
      if (!weights.some((weight) => weight > 0)) continue;
      const copied = evaluate(repeated(scene, weights)).scores.ap;
      const { map } = resampler(evaluate(scene).matches)(weights);
      if (copied === undefined) assert.equal(map, undefined);
      else assert.ok(map !== undefined && Math.abs(map - copied) < 1e-12, `${map}, not ${copied}`);
      judged++;
    }
    assert.ok(judged > 30);
  });

  it("a detector beside itself drops by nothing in every resample, and by what it lost beside a better one", () => {
    const { scene } = scenes.find(
      (entry) => entry.scene.images > 3 && (evaluate(entry.scene).scores.ap ?? 0) > 0.2,
    ) as SceneFile["scenes"][number];
    const whole = evaluate(scene);
    const worse = evaluate({ ...scene, detections: scene.detections.filter((_, i) => i % 3 !== 0) });
    const draw = (seed: string) => {
      const random = rng(seed);
      return (n: number) => random.below(n);
    };
    const same = pairedApDrops(whole.matches, whole.matches, { images: scene.images, resamples: 50, draw: draw("a") });
    assert.ok(same.drop?.sorted.every((drop) => drop === 0));
    const lost = pairedApDrops(whole.matches, worse.matches, { images: scene.images, resamples: 50, draw: draw("a") });
    const expected = (whole.scores.ap as number) - (worse.scores.ap as number);
    assert.ok(Math.abs((lost.drop?.value as number) - expected) < 1e-12);
    assert.ok(Math.abs((lost.map?.value as number) - (worse.scores.ap as number)) < 1e-12);
    assert.ok((lost.drop?.sorted.length ?? 0) > 0);
    assert.deepEqual(
      lost,
      pairedApDrops(whole.matches, worse.matches, { images: scene.images, resamples: 50, draw: draw("a") }),
    );
  });
});
