import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { DetectionFigures } from "../../harness/domain/evaluation.ts";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { dataDir } from "../fixtures/cifar10.ts";
import { need } from "../fixtures/require.ts";

const MAIN = join(packageRoot(), "dist/harness/cli/main.js");
const ANNOTATIONS = "detection/tiny_coco/annotations/instances_val2017.json";
const hasData = existsSync(join(dataDir, ANNOTATIONS));

/** FastestDet as its makers run it: stretched to 352 x 352 without antialiasing, BGR, a 255th of the pixels. */
const dataset = (more: object = {}) => ({
  kind: "coco",
  images: "data:detection/tiny_coco/val2017",
  annotations: `data:${ANNOTATIONS}`,
  width: 352,
  height: 352,
  resize: "stretch",
  color: "bgr",
  normalize: { scale: 1 / 255 },
  ...more,
});

describe("a real detector on 50 images of COCO", need("data", hasData), () => {
  const scratch = mkdtempSync(join(tmpdir(), "quantgate-detection-"));
  const env = { ...process.env, QUANTGATE_CACHE_DIR: join(scratch, "cache"), QUANTGATE_DATA_DIR: dataDir };
  const quantgate = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { cwd: scratch, env, encoding: "utf8", maxBuffer: 2 ** 26 });
  before(() => {
    const { images } = JSON.parse(readFileSync(join(dataDir, ANNOTATIONS), "utf8")) as { images: { id: number }[] };
    const ids = images.map(({ id }) => id).sort((a, b) => a - b);
    const write = (name: string, chosen: number[]) => writeFileSync(join(scratch, name), `${chosen.join("\n")}\n`);
    write(
      "calibration.txt",
      ids.filter((_, i) => i % 5 === 0),
    );
    write(
      "evaluation.txt",
      ids.filter((_, i) => i % 5 !== 0),
    );
    const config = {
      schema_version: "quantgate.config.v1",
      name: "fastestdet",
      models: [{ id: "fastestdet", path: "data:detection/FastestDet.onnx" }],
      quants: ["fp32", "u8s8"],
      dataset: dataset(),
      detection: { head: "fastestdet", nms_iou: 0.45, clip: false },
      runs_per_quant: 2,
      evaluate_runs: 1,
      canary: { runs: 2, items: 10, latency_cv_threshold: 10 },
      latency: { min_samples: 5, max_samples: 10 },
    };
    writeFileSync(join(scratch, "all.json"), JSON.stringify(config));
    const split = {
      ...config,
      dataset: dataset({ image_ids: "evaluation.txt" }),
      calibration: { dataset: dataset({ image_ids: "calibration.txt" }), count: 10 },
    };
    writeFileSync(join(scratch, "split.json"), JSON.stringify(split));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("has the mean average precision that the original evaluation code gives for it", () => {
    const model = join(dataDir, "detection/FastestDet.onnx");
    const { status, stdout, stderr } = quantgate("evaluate", model, "--config", "all.json", "--json");
    assert.equal(status, 0, stderr);
    const { detection } = JSON.parse(stdout) as { detection: DetectionFigures };
    const read = (name: string) => JSON.parse(readFileSync(join(dataDir, "detection", name), "utf8"));
    const expected = read("tiny_coco_val50_expected.json");
    assert.ok(Math.abs((detection.ap as number) - expected.stats.AP) < 0.001, `${detection.ap}`);
    assert.ok(Math.abs((detection.ap50 as number) - expected.stats.AP50) < 0.001, `${detection.ap50}`);
    assert.equal(detection.images, 50);
  });

  it("and its 8-bit variant get a paired difference with an interval, which the stored run gives again", () => {
    const swept = quantgate("sweep", "split.json", "--out-dir", "results", "--json");
    assert.ok([0, 3, 4].includes(swept.status as number), swept.stderr);
    const run = realpathSync(join(scratch, "results/latest"));
    const summary = JSON.parse(readFileSync(join(run, "summary.json"), "utf8")) as Summary;
    const [baseline, variant] = summary.rows;
    assert.equal(baseline?.detection?.images, 40);
    assert.equal(baseline?.accuracy?.value, baseline?.detection?.map?.value);
    assert.equal(baseline?.correct, null);
    const drop = variant?.detection?.drop;
    assert.ok(drop != null && drop.low !== null && drop.high !== null && drop.value !== null);
    assert.ok(drop.low < drop.value && drop.value < drop.high);
    assert.equal(variant?.gates.find((gate) => gate.gate_id === "map_drop")?.effect?.value, drop.value);
    assert.equal(variant?.gates.find((gate) => gate.gate_id === "worst_category_drop")?.tier, "advisory");
    const again = quantgate("gate", "--run", run, "--json");
    assert.equal(again.status, swept.status, again.stderr);
    assert.equal(quantgate("check", run).status, 0);
  });

  it("an evaluation that is told nothing about the head is refused before anything runs", () => {
    const config = JSON.parse(readFileSync(join(scratch, "all.json"), "utf8"));
    delete config.detection;
    writeFileSync(join(scratch, "headless.json"), JSON.stringify(config));
    const { status, stderr } = quantgate("sweep", "headless.json", "--out-dir", "none");
    assert.equal(status, 2);
    assert.match(stderr, /nothing says how the model's output becomes boxes/);
    assert.equal(existsSync(join(scratch, "none")), false);
  });

  it("a head that does not fit the output fails the trials, and nothing passes", () => {
    const config = JSON.parse(readFileSync(join(scratch, "all.json"), "utf8"));
    config.detection = { head: "yolo" };
    writeFileSync(join(scratch, "wrong.json"), JSON.stringify(config));
    const { status, stderr } = quantgate(
      "evaluate",
      join(dataDir, "detection/FastestDet.onnx"),
      "--config",
      "wrong.json",
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /shape \[85, 22, 22\] is not that of the head yolo/);
  });
});
