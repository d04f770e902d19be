import { CandidateList, type Candidates, sigmoid } from "./candidates.ts";
import { addByClass, type YoloOptions } from "./decode-yolo.ts";

export interface DistributionOptions extends YoloOptions {
  readonly bins: number;
  readonly strides: readonly number[];
  readonly areLogits: boolean;
}

const SIDES = 4;

/**
 * Distances from an anchor to the left, top, right and bottom side, each the mean of a softmax over bins, in strides (distribution focal
 * loss, Li et al. 2020). Anchors are cell centers, row by row, level by level.
 */
export function decodeDistribution(output: Float32Array, options: DistributionOptions): Candidates {
  const { shape, minScore, multiLabel, bins, strides, areLogits } = options;
  const { classes, inputWidth, inputHeight } = shape;
  const [channels = 0, anchors = 0] = shape.output;
  const centers = anchorCenters(strides, inputWidth, inputHeight);
  if (shape.output.length !== 2 || channels !== SIDES * bins + classes || anchors !== centers.length) {
    throw new RangeError(
      `a distribution head of ${classes} classes and ${bins} bins on ${inputWidth} x ${inputHeight} pixels is [${SIDES * bins + classes}, ${centers.length}]`,
    );
  }
  const found = new CandidateList();
  addByClass(found, {
    anchors,
    classes,
    minScore,
    multiLabel,
    scoreAt: (category, anchor) => {
      const value = output[(SIDES * bins + category) * anchors + anchor] as number;
      return areLogits ? sigmoid(value) : value;
    },
    boxAt: (anchor) => {
      const { x, y, stride } = centers[anchor] as Center;
      const side = (index: number) => stride * expectedBin(output, { start: index * bins, bins, anchors, anchor });
      return [x - side(0), y - side(1), x + side(2), y + side(3)];
    },
  });
  return found.toCandidates();
}

interface Center {
  readonly x: number;
  readonly y: number;
  readonly stride: number;
}

function anchorCenters(strides: readonly number[], width: number, height: number): readonly Center[] {
  return strides.flatMap((stride) => {
    const [columns, rows] = [Math.floor(width / stride), Math.floor(height / stride)];
    return Array.from({ length: rows * columns }, (_, i) => ({
      x: ((i % columns) + 0.5) * stride,
      y: (Math.floor(i / columns) + 0.5) * stride,
      stride,
    }));
  });
}

function expectedBin(
  output: Float32Array,
  { start, bins, anchors, anchor }: { start: number; bins: number; anchors: number; anchor: number },
): number {
  const at = (bin: number) => output[(start + bin) * anchors + anchor] as number;
  let largest = -Infinity;
  for (let bin = 0; bin < bins; bin++) largest = Math.max(largest, at(bin));
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < bins; bin++) {
    const weight = Math.exp(at(bin) - largest);
    sum += weight;
    weighted += weight * bin;
  }
  return weighted / sum;
}
