// How often intervals of a detector's drop in mean average precision miss the truth, by simulation: scenes drawn at random, two detectors
// of which one is worse, the truth from 20,000 images. Prints JSON.  node scripts/detection-coverage.mjs [REPETITIONS] [IMAGES...]
import { fileURLToPath } from "node:url";

const compiled = (path) => import(fileURLToPath(new URL(`../dist/harness/${path}`, import.meta.url)));
const { evaluateDetections } = await compiled("evaluators/coco/evaluate-detections.js");
const { pairedApDrops } = await compiled("evaluators/coco/paired-replicates.js");
const stats = await compiled("stats/index.js");

const [repetitions = 200, ...sizes] = process.argv.slice(2).map(Number);
const CATEGORIES = 6;
const POPULATION = 20_000;
const RESAMPLES = 600;
const LEVEL = 0.9;
/** The second misses more boxes and places them worse. */
const DETECTORS = [
  { missed: 0.3, jitter: 0.06 },
  { missed: 0.33, jitter: 0.075 },
];

function table() {
  return { image: [], category: [], box: [], score: [] };
}

function add(rows, image, category, box, score) {
  rows.image.push(image);
  rows.category.push(category);
  rows.box.push(box[0], box[1], Math.max(1, box[2]), Math.max(1, box[3]));
  rows.score.push(Math.min(0.999, Math.max(0.01, score)));
}

function drawScene(random, images) {
  const truth = table();
  const found = DETECTORS.map(table);
  const box = () => [
    random.uniform() * 400,
    random.uniform() * 300,
    20 + random.uniform() * 100,
    20 + random.uniform() * 100,
  ];
  for (let image = 0; image < images; image++) {
    for (let n = 1 + random.below(6); n > 0; n--) {
      const category = random.below(CATEGORIES);
      const [x, y, w, h] = box();
      add(truth, image, category, [x, y, w, h], 1);
      const [luck, shift] = [random.uniform(), random.normal()];
      for (const [i, { missed, jitter }] of DETECTORS.entries()) {
        if (luck < missed) continue;
        const stretch = () => 1 + jitter * random.normal();
        const moved = [x + jitter * shift * w, y + jitter * random.normal() * h, w * stretch(), h * stretch()];
        const seen = random.uniform() < 0.9 ? category : random.below(CATEGORIES);
        add(found[i], image, seen, moved, 0.6 + 0.2 * random.normal());
      }
    }
    for (let n = random.below(5); n > 0; n--) {
      for (const rows of found) {
        if (random.uniform() < 0.7) add(rows, image, random.below(CATEGORIES), box(), 0.35 + 0.2 * random.normal());
      }
    }
  }
  const columns = ({ image, category, box: boxes, score }) => ({
    image: Int32Array.from(image),
    category: Int32Array.from(category),
    box: Float64Array.from(boxes),
    score: Float64Array.from(score),
  });
  const boxes = columns(truth);
  const area = Float64Array.from(boxes.image, (_, i) => boxes.box[4 * i + 2] * boxes.box[4 * i + 3]);
  const whole = { ...boxes, images, categories: CATEGORIES, area, crowd: new Uint8Array(area.length) };
  return found.map((rows) => evaluateDetections(whole, columns(rows)));
}

const [before, after] = drawScene(stats.rng("population"), POPULATION);
const truth = { drop: before.scores.ap - after.scores.ap, map: after.scores.ap };
const results = [];
for (const images of sizes.length > 0 ? sizes : [50, 200]) {
  const missed = { drop: [0, 0], map: [0, 0] };
  const mean = { drop: 0, map: 0 };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const random = stats.rng(`scene/${images}/${repetition}`);
    const [baseline, candidate] = drawScene(random, images);
    const drops = pairedApDrops(baseline.matches, candidate.matches, {
      images,
      resamples: RESAMPLES,
      draw: (n) => random.below(n),
    });
    for (const figure of ["drop", "map"]) {
      const { value, sorted, leftOut } = drops[figure];
      const acceleration = stats.accelerationOf(leftOut);
      const { low = -Infinity, high = Infinity } = stats.bcaLimits(sorted, { value, acceleration, level: LEVEL });
      mean[figure] += value / repetitions;
      if (truth[figure] < low) missed[figure][0]++;
      if (truth[figure] > high) missed[figure][1]++;
    }
  }
  const share = ([below, above]) => ({ truth_below: below / repetitions, truth_above: above / repetitions });
  results.push({ images, repetitions, mean, missed: { drop: share(missed.drop), map: share(missed.map) } });
}
console.log(
  JSON.stringify(
    { level: LEVEL, resamples: RESAMPLES, population: POPULATION, rng: stats.RNG_ALGORITHM, truth, results },
    null,
    1,
  ),
);
