import { CandidateList, type Candidates } from "./candidates.ts";
import type { HeadShape } from "./decode-head.ts";

const BOX_CHANNELS = 4;

export interface YoloOptions {
  readonly shape: HeadShape;
  readonly minScore: number;
  readonly multiLabel: boolean;
}

/** Channels first, anchors last; class scores are probabilities already. */
export function decodeYolo(output: Float32Array, { shape, minScore, multiLabel }: YoloOptions): Candidates {
  const { classes } = shape;
  const [channels = 0, anchors = 0] = shape.output;
  if (shape.output.length !== 2 || channels !== BOX_CHANNELS + classes) {
    throw new RangeError(`a YOLO head of ${classes} classes is [${BOX_CHANNELS + classes}, anchors]`);
  }
  const found = new CandidateList();
  addByClass(found, {
    anchors,
    classes,
    minScore,
    multiLabel,
    scoreAt: (category, anchor) => output[(BOX_CHANNELS + category) * anchors + anchor] as number,
    boxAt: (anchor) => {
      const at = (channel: number) => output[channel * anchors + anchor] as number;
      const [x, y, halfWidth, halfHeight] = [at(0), at(1), at(2) / 2, at(3) / 2];
      return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
    },
  });
  return found.toCandidates();
}

export interface Anchors {
  readonly anchors: number;
  readonly classes: number;
  readonly minScore: number;
  readonly multiLabel: boolean;
  readonly scoreAt: (category: number, anchor: number) => number;
  readonly boxAt: (anchor: number) => readonly [number, number, number, number];
}

/** Anchor by anchor, class by class: every class above the limit, or the best one (the first among equals). */
export function addByClass(found: CandidateList, given: Anchors): void {
  const { anchors, classes, minScore, multiLabel, scoreAt, boxAt } = given;
  for (let anchor = 0; anchor < anchors; anchor++) {
    let best = -1;
    for (let category = 0; category < classes; category++) {
      const score = scoreAt(category, anchor);
      if (!(score > minScore)) continue;
      if (multiLabel) found.add(boxAt(anchor), score, category);
      else if (best === -1 || score > scoreAt(best, anchor)) best = category;
    }
    if (best !== -1) found.add(boxAt(anchor), scoreAt(best, anchor), best);
  }
}
