import type { Candidates } from "./candidates.ts";
import { decodeDistribution } from "./decode-distribution.ts";
import { decodeEndToEnd } from "./decode-end-to-end.ts";
import { decodeFastestDet } from "./decode-fastestdet.ts";
import { decodeYolo } from "./decode-yolo.ts";

/** How a model's output rows become boxes. */
export type DetectionHead =
  | {
      /** [4 + classes, anchors]: center x, center y, width, height in input pixels, then class probabilities (YOLOv8 and later). */
      readonly kind: "yolo";
      /** Every class above the limit is a detection of its own, not the best one alone. Default true, as detectors are validated. */
      readonly multiLabel?: boolean;
    }
  | {
      /** [4 x bins + classes, anchors]: distances to the four sides as distributions over bins, then class logits: a head before decoding. */
      readonly kind: "yolo-dfl";
      readonly multiLabel?: boolean;
      /** Default 16. */
      readonly bins?: number;
      /** Pixels between anchors of each level, in the order of the anchors. Default 8, 16, 32. */
      readonly strides?: readonly number[];
      /** Whether class scores still need a sigmoid. Default "logits". */
      readonly scores?: "logits" | "probabilities";
    }
  /** [rows, 6]: left, top, right, bottom in input pixels, score, class; final, without suppression (YOLOv10). */
  | { readonly kind: "end-to-end" }
  /** [5 + classes, grid, grid]: objectness, tanh offsets, sigmoid sizes, class probabilities (FastestDet). */
  | { readonly kind: "fastestdet" };

/** Shape of one item's output without the batch axis, and of the model's input in pixels. */
export interface HeadShape {
  readonly output: readonly number[];
  readonly inputWidth: number;
  readonly inputHeight: number;
  readonly classes: number;
}

/**
 * Candidates of one image with a score above `minScore`. Values that are not finite are no candidates. RangeError when the output's shape
 * does not fit the head, the classes and the input.
 */
export function decodeHead(
  head: DetectionHead,
  output: Float32Array,
  { shape, minScore }: { readonly shape: HeadShape; readonly minScore: number },
): Candidates {
  const size = shape.output.reduce((product, dim) => product * dim, 1);
  if (output.length !== size) {
    throw new RangeError(`an output of ${output.length} values does not have the shape [${shape.output.join(", ")}]`);
  }
  switch (head.kind) {
    case "yolo":
      return decodeYolo(output, { shape, minScore, multiLabel: head.multiLabel ?? true });
    case "yolo-dfl":
      return decodeDistribution(output, {
        shape,
        minScore,
        multiLabel: head.multiLabel ?? true,
        bins: head.bins ?? 16,
        strides: head.strides ?? [8, 16, 32],
        areLogits: (head.scores ?? "logits") === "logits",
      });
    case "end-to-end":
      return decodeEndToEnd(output, { shape, minScore });
    case "fastestdet":
      return decodeFastestDet(output, { shape, minScore });
  }
}
