// What the studies on ResNet8 share: data, answers, paired counts, interleaved speed.
// Data: the folder that QUANTGATE_DATA_DIR names. Needs dist/ (npm run build).
import { session, speedups } from "./study.mjs";

const compiled = (path) => import(new URL(`../dist/${path}`, import.meta.url));
const { readCifar, resnet8 } = await compiled("tests/fixtures/cifar10.js");
const { tangoInterval, wilson } = await compiled("harness/stats/index.js");

export const model = resnet8();
export const training = readCifar("calibration_train_2000.bin");
/** Training images that choices are measured on, at the end of the 2,000; then only the others calibrate. */
export const TUNING_ITEMS = 400;

const IMAGE = 3 * 1024;
const BATCH = 500;
const CLASSES = 10;

/** The 10,000 test images, or with `tuning` the tuning split: the place to compare settings, the test set is not. */
export function evaluationItems(tuning) {
  if (!tuning) return readCifar("test.bin");
  const from = training.items.count - TUNING_ITEMS;
  const data = training.items.data.subarray(from * IMAGE);
  return { items: { ...training.items, count: TUNING_ITEMS, data }, labels: training.labels.subarray(from) };
}

const feedOf = (items, first, count) => ({
  input: {
    dtype: "float32",
    dims: [count, 32, 32, 3],
    data: Float32Array.from(items.data.subarray(first * IMAGE, (first + count) * IMAGE)),
  },
});

const open = (bytes, sessionConfig, threads) =>
  session.open(bytes, { threads, optimizationLevel: "all", sessionConfig });

/** Class scores of every image, and which answers are right. */
export async function answer(bytes, sessionConfig, { items, labels }) {
  const opened = await open(bytes, sessionConfig, 2);
  const scores = new Float32Array(items.count * CLASSES);
  for (let first = 0; first < items.count; first += BATCH) {
    const results = await opened.run(feedOf(items, first, Math.min(BATCH, items.count - first)));
    scores.set(Object.values(results)[0].data, first * CLASSES);
  }
  await opened.close();
  const right = Uint8Array.from(labels, (label, n) => {
    const row = scores.subarray(n * CLASSES, (n + 1) * CLASSES);
    return row.indexOf(Math.max(...row)) === label ? 1 : 0;
  });
  return { scores, right };
}

/** Counts and intervals of a variant beside fp32 on the same images; drop is in shares, positive when the variant is worse. */
export function compareAnswers(before, after, { level = 0.9 } = {}) {
  let [a, b, c] = [0, 0, 0];
  for (let i = 0; i < before.right.length; i++) {
    if (before.right[i] && after.right[i]) a++;
    else if (before.right[i]) b++;
    else if (after.right[i]) c++;
  }
  const n = before.right.length;
  const accuracy = wilson({ successes: a + c, n }, { level: 0.95 });
  const drop = tangoInterval({ a, b, c, d: n - a - b - c }, { level });
  return {
    n,
    correct: a + c,
    accuracy: bounds(accuracy),
    b,
    c,
    drop: bounds(drop),
    divergence: divergence(before.scores, after.scores) / n,
  };
}

export const bounds = ({ value, low, high }) => ({ value, low, high });

/** Summed divergence of the class probabilities: finer than accuracy on few images. */
function divergence(before, after) {
  let sum = 0;
  for (let i = 0; i < before.length; i++)
    if (before[i] > 0) sum += before[i] * Math.log(before[i] / Math.max(after[i], 1e-12));
  return Math.max(0, sum);
}

/** Rounds of some minutes with every recipe. */
const ROUNDS = 600;

/** Speeds against fp32 of models [{ bytes, sessionConfig }], all in turn. */
export function speeds(models, items) {
  const feed = feedOf(items, 0, 1);
  return speedups(
    { bytes: model, feed },
    models.map((one) => ({ ...one, feed })),
    { rounds: ROUNDS },
  );
}
