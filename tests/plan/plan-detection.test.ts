import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import { planDetection } from "../../harness/plan/plan-detection.ts";
import { resolveConfig } from "../../harness/plan/resolve-config.ts";
import { resolveGates } from "../../harness/plan/resolve-gates.ts";

const coco = { kind: "coco", images: "i", annotations: "a.json", width: 640, height: 480 } as const;
const resolved = (changes: Partial<MatrixConfig>) =>
  resolveConfig(
    { schema_version: "quantgate.config.v1", name: "x", models: [{ id: "m" }], dataset: coco, ...changes },
    {},
  ).config;

describe("planned detection", () => {
  it("has the defaults of detectors, and nothing to suppress where boxes are final", () => {
    const planned = planDetection(resolved({ detection: { head: "yolo" } }));
    assert.deepEqual(planned, {
      head: "yolo",
      nms: "per-class",
      nms_iou: 0.7,
      min_score: 0.001,
      max_detections: 300,
      clip: true,
      input: { width: 640, height: 480, resize: "letterbox" },
    });
    assert.equal(planDetection(resolved({ detection: { head: "end-to-end" } }))?.nms, "none");
  });

  it("is refused where boxes and detection do not go together, or the run may stop early", () => {
    assert.throws(() => planDetection(resolved({})), /nothing says how/);
    const simulated = { kind: "simulated", items: 9, classes: 2 } as const;
    assert.throws(
      () => planDetection(resolved({ dataset: simulated, detection: { head: "yolo" } })),
      /needs a dataset with boxes/,
    );
    const anytime = { detection: { head: "yolo" }, stop: { mode: "anytime" } } as const;
    assert.throws(() => planDetection(resolved(anytime)), /cannot stop early/);
  });

  it("puts average precision in the place of accuracy, with the preset's margins", () => {
    const { gates, problems } = resolveGates({ changes: [], alpha: 0.05, lane: "lab", isDetection: true });
    assert.deepEqual(problems, []);
    const [first, second] = gates;
    assert.deepEqual(
      [first?.id, first?.metric, first?.margin, first?.tier],
      ["map_drop", "quality.map", 0.01, "primary"],
    );
    assert.deepEqual(
      [second?.id, second?.metric, second?.tier],
      ["worst_category_drop", "quality.category_ap", "advisory"],
    );
  });
});
