import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluateDetections } from "../../harness/evaluators/coco/evaluate-detections.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { rng } from "../../harness/stats/rng.ts";
import { type BoxRow, detectionsOf, idsUpTo, truthOf } from "../fixtures/detection-scenes.ts";
import { pythonHas, referencePython } from "../fixtures/reference-python.ts";

/** Size of COCO val2017. */
const IMAGES = 5000;
const CATEGORIES = 80;
const BOXES = 36_781;
/** Detections beside those of true boxes, in all. */
const NOISE = 200_000;
const ROUNDS = 3;

/** COCO evaluation of 5,000 images and 36,781 boxes, beside the original code in the same run. */
export async function bench(): Promise<void> {
  const { annotations, detections } = generate();
  const ids = { imageIds: idsUpTo(IMAGES), categoryIds: idsUpTo(CATEGORIES) };
  const [truth, found] = [truthOf(annotations, ids), detectionsOf(detections, ids)];
  const ours: number[] = [];
  let ap: number | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    ap = evaluateDetections(truth, found).scores.ap;
    ours.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  const own = Math.min(...ours);
  const what = `COCO evaluation, ${IMAGES} images, ${BOXES} boxes, ${detections.length} detections`;
  if (!pythonHas("pycocotools")) {
    console.log(`${what}: ${own.toFixed(2)} s; SKIPPED beside pycocotools, which is not installed`);
    return;
  }
  const theirs = original({ annotations, detections });
  if (Math.abs(theirs.ap - (ap ?? -1)) > 1e-9) throw new Error(`AP ${ap}, pycocotools ${theirs.ap}`);
  console.log(
    `${what}: ${own.toFixed(2)} s, pycocotools ${theirs.seconds.toFixed(2)} s: ${(theirs.seconds / own).toFixed(2)}x as fast (target 1x)`,
  );
}

function generate() {
  const random = rng("coco-bench");
  const side = () => 8 + random.uniform() ** 2 * 300;
  const box = () => [random.uniform() * 400, random.uniform() * 300, side(), side()];
  const cell = () => ({ image_id: 1 + random.below(IMAGES), category_id: 1 + random.below(CATEGORIES) });
  const annotations = Array.from({ length: BOXES }, (_, i) => {
    const bbox = box();
    const iscrowd = random.uniform() < 0.012 ? 1 : 0;
    return { id: i + 1, ...cell(), bbox, area: (bbox[2] as number) * (bbox[3] as number) * 0.7, iscrowd };
  });
  const near = annotations.map(({ image_id, category_id, bbox }) => ({
    image_id,
    category_id,
    bbox: bbox
      .map((value) => value + (random.uniform() - 0.5) * 20)
      .map((value, i) => (i > 1 ? Math.abs(value) : value)),
    score: random.uniform(),
  }));
  const noise = Array.from({ length: NOISE }, () => ({ ...cell(), bbox: box(), score: random.uniform() ** 3 }));
  return { annotations, detections: [...near, ...noise] };
}

function original({ annotations, detections }: { annotations: readonly BoxRow[]; detections: readonly BoxRow[] }) {
  const folder = mkdtempSync(join(tmpdir(), "quantgate-coco-bench-"));
  try {
    const list = (n: number) => idsUpTo(n).map((id) => ({ id }));
    const truth = { info: {}, images: list(IMAGES), categories: list(CATEGORIES), annotations };
    writeFileSync(join(folder, "truth.json"), JSON.stringify(truth));
    writeFileSync(join(folder, "found.json"), JSON.stringify(detections));
    const script = join(packageRoot(), "tests/bench/coco-evaluation.py");
    const { stdout, stderr, status } = spawnSync(referencePython, [script, folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as { seconds: number; ap: number };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
