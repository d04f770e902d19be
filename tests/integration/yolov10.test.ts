import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import sharp from "sharp";
import type { DetectionFigures } from "../../harness/domain/evaluation.ts";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { makeNode } from "../../harness/quantize/onnx-node.ts";
import { floatTensor, int64Tensor } from "../../harness/quantize/tensor-values.ts";
import { makeBytes, randomFloats, value } from "../fixtures/onnx-models.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const EVALUATED = 12;
const CALIBRATED = 6;

/** Boxes that the stand-in finds whatever it sees, in pixels of the 640 x 640 input; the other 298 have no score to speak of. */
const FOUND = [
  { box: [64, 160, 320, 400], score: 0.9, category: 0 },
  { box: [352, 192, 576, 448], score: 0.7, category: 2 },
] as const;

/** A network with the input and output of YOLOv10m: images [1, 3, 640, 640] to output0 [1, 300, 6]. */
function standIn(): Uint8Array {
  const rows = Array.from({ length: 300 }, (_, i) => {
    const hit = FOUND[i];
    return hit === undefined ? [0, 0, 8, 8, 0, 0] : [...hit.box, hit.score, hit.category];
  });
  // The picture moves the boxes by less than a pixel.
  const head = randomFloats(8 * 1800, 2).map((x, i) => (i % 6 < 4 ? x * 0.5 : 0));
  return makeBytes({
    inputs: [value("images", [1, 3, 640, 640])],
    outputs: [value("output0", [1, 300, 6])],
    nodes: [
      makeNode("Conv", ["images", "w", "b"], ["c"], {
        name: "stem",
        attributes: { kernel_shape: [8, 8], strides: [8, 8] },
      }),
      makeNode("Relu", ["c"], ["r"], { name: "act" }),
      makeNode("GlobalAveragePool", ["r"], ["g"], { name: "pool" }),
      makeNode("Flatten", ["g"], ["f"], { name: "flatten" }),
      makeNode("MatMul", ["f", "h"], ["m"], { name: "head" }),
      makeNode("Add", ["m", "rows"], ["a"], { name: "boxes" }),
      makeNode("Reshape", ["a", "shape"], ["output0"], { name: "final" }),
    ],
    initializers: [
      floatTensor(
        "w",
        [8, 3, 8, 8],
        randomFloats(8 * 3 * 64, 1).map((x) => x / 50),
      ),
      floatTensor("b", [8], randomFloats(8, 3)),
      floatTensor("h", [8, 1800], head),
      floatTensor("rows", [1800], rows.flat()),
      int64Tensor("shape", [3], [1, 300, 6]),
    ],
  });
}

/** Pictures of 320 x 240, which letterboxing doubles and moves down by 80, with one or two boxes where the stand-in finds some. */
async function makeSplit(data: string, split: string, ids: readonly number[]): Promise<void> {
  mkdirSync(join(data, "coco", split), { recursive: true });
  mkdirSync(join(data, "coco/annotations"), { recursive: true });
  const annotations: object[] = [];
  for (const id of ids) {
    const background = { r: (id * 37) % 256, g: (id * 91) % 256, b: (id * 13) % 256 };
    const picture = sharp({ create: { width: 320, height: 240, channels: 3, background } });
    await picture.jpeg().toFile(join(data, "coco", split, `${id}.jpg`));
    for (const { box, category } of FOUND.slice(0, 1 + (id % 2))) {
      const [left, top, right, bottom] = [box[0] / 2, (box[1] - 80) / 2, box[2] / 2, (box[3] - 80) / 2];
      const shift = id % 5;
      const bbox = [left + shift, top, right - left, bottom - top];
      const area = (right - left) * (bottom - top);
      annotations.push({ id: annotations.length + 1, image_id: id, category_id: category + 1, bbox, area, iscrowd: 0 });
    }
  }
  const images = ids.map((id) => ({ id, file_name: `${id}.jpg`, width: 320, height: 240 }));
  const categories = ["person", "bicycle", "car"].map((name, i) => ({ id: i + 1, name }));
  const file = join(data, `coco/annotations/instances_${split}.json`);
  writeFileSync(file, JSON.stringify({ images, annotations, categories }));
}

describe("the config of YOLOv10m on COCO, with a model of its input and output", () => {
  const scratch = mkdtempSync(join(tmpdir(), "quantgate-yolov10-"));
  const data = join(scratch, "data");
  const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache"), QUANTGATE_DATA_DIR: data };
  const quantgate = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { cwd: scratch, env, encoding: "utf8", maxBuffer: 2 ** 26 });
  before(async () => {
    const evaluated = Array.from({ length: EVALUATED }, (_, i) => 200 - 7 * i);
    const calibrated = Array.from({ length: CALIBRATED + 4 }, (_, i) => 1000 + i);
    await makeSplit(data, "val2017", evaluated);
    await makeSplit(data, "train2017", calibrated);
    mkdirSync(join(data, "yolov10"), { recursive: true });
    writeFileSync(join(data, "yolov10/yolov10m.onnx"), standIn());
    writeFileSync(
      join(data, "coco/calibration-ids.txt"),
      `# from the training split\n${calibrated.slice(0, CALIBRATED).join("\n")}\n`,
    );
    const config = JSON.parse(readFileSync(join(packageRoot(), "configs/yolov10m-coco.json"), "utf8"));
    const short = {
      ...config,
      quants: ["fp32", "u8s8"],
      calibration: { ...config.calibration, count: CALIBRATED },
      runs_per_quant: 2,
      canary: { runs: 2, items: 4, latency_cv_threshold: 100 },
      latency: { min_samples: 5, max_samples: 5, time_budget_ms: 50 },
      runtime: { threads: [1] },
      telemetry: { probe: "none" },
    };
    writeFileSync(join(scratch, "short.json"), JSON.stringify(short));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("is valid as it stands, and its plan names the images and the head", () => {
    const config = join(packageRoot(), "configs/yolov10m-coco.json");
    const counted = JSON.parse(readFileSync(config, "utf8"));
    counted.calibration.count = CALIBRATED;
    writeFileSync(join(scratch, "whole.json"), JSON.stringify(counted));
    const { status, stdout, stderr } = quantgate("plan", "whole.json", "--json");
    assert.equal(status, 0, stderr);
    const plan = JSON.parse(stdout) as Plan;
    assert.equal(plan.detection?.head, "end-to-end");
    assert.equal(plan.detection?.nms, "none");
    assert.equal(plan.dataset.count, EVALUATED);
    assert.equal(plan.calibration?.count, CALIBRATED);
    assert.deepEqual(
      plan.variants.map((variant) => variant.quant_tag),
      ["fp32", "w8a16", "u8s8", "s8s8"],
    );
    assert.ok(plan.artifacts.includes("image-ids.txt"));
  });

  it("evaluates the first images by id, or those of a list, and the figures of one choice are the same however it is named", () => {
    const model = "data:yolov10/yolov10m.onnx";
    const figures = (...flags: string[]) => {
      const { status, stdout, stderr } = quantgate("evaluate", model, "--config", "short.json", "--json", ...flags);
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout) as { detection: DetectionFigures; dataset: { digest: string } };
    };
    const whole = figures();
    assert.equal(whole.detection.images, EVALUATED);
    assert.ok((whole.detection.ap as number) > 0.3, `boxes are found where they are: ${whole.detection.ap}`);
    const first = figures("--max-images", "5");
    assert.equal(first.detection.images, 5);
    writeFileSync(join(scratch, "five.txt"), "151\n137\n144\n130\n123\n");
    const listed = figures("--image-ids-list", "five.txt");
    assert.equal(listed.dataset.digest, first.dataset.digest);
    assert.deepEqual(listed.detection, first.detection);
  });

  it("sweeps a subset that lies in the run, and is the same in the next run that is given that list", () => {
    const swept = quantgate("sweep", "short.json", "--max-images", "8", "--out-dir", "results", "--json");
    assert.ok([0, 3, 4].includes(swept.status as number), swept.stderr);
    const run = realpathSync(join(scratch, "results/latest"));
    const summary = JSON.parse(readFileSync(join(run, "summary.json"), "utf8")) as Summary;
    assert.deepEqual(
      summary.rows.map((row) => row.detection?.images),
      [8, 8],
    );
    assert.ok(summary.rows.every((row) => row.trials.completed === 2));
    const ids = readFileSync(join(run, "image-ids.txt"), "utf8").split("\n").slice(1, -1).map(Number);
    assert.deepEqual(ids, [123, 130, 137, 144, 151, 158, 165, 172]);
    const again = quantgate("plan", "short.json", "--image-ids-list", join(run, "image-ids.txt"), "--json");
    assert.equal((JSON.parse(again.stdout) as Plan).dataset.digest, summary.dataset.digest);
    assert.equal(quantgate("check", run).status, 0);
  });

  it("refuses the flags where the items have no boxes", () => {
    const { status, stderr } = quantgate("sweep", "--max-images", "8");
    assert.equal(status, 2);
    assert.match(stderr, /--max-images needs a dataset of kind coco, not items/);
  });
});
