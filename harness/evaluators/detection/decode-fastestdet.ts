import { highest } from "../classify.ts";
import { CandidateList, type Candidates, sigmoid } from "./candidates.ts";
import type { HeadShape } from "./decode-head.ts";

const BOX_CHANNELS = 5;
/** The score weighs "there is something" against "it is this": o^.6 c^.4 (FastestDet). */
const OBJECTNESS_POWER = 0.6;
const CLASS_POWER = 0.4;

/** One box a grid cell, of the class that is surest. */
export function decodeFastestDet(
  output: Float32Array,
  { shape, minScore }: { readonly shape: HeadShape; readonly minScore: number },
): Candidates {
  const { classes, inputWidth, inputHeight } = shape;
  const [channels = 0, rows = 0, columns = 0] = shape.output;
  if (shape.output.length !== 3 || channels !== BOX_CHANNELS + classes) {
    throw new RangeError(`a FastestDet head of ${classes} classes is [${BOX_CHANNELS + classes}, rows, columns]`);
  }
  const cells = rows * columns;
  const found = new CandidateList();
  const scores = new Float32Array(classes);
  for (let cell = 0; cell < cells; cell++) {
    const at = (channel: number) => output[channel * cells + cell] as number;
    for (let category = 0; category < classes; category++) scores[category] = at(BOX_CHANNELS + category);
    const category = highest(scores, 0, classes);
    if (category === -1) continue;
    const score = at(0) ** OBJECTNESS_POWER * (scores[category] as number) ** CLASS_POWER;
    if (!(score > minScore)) continue;
    const x = ((Math.tanh(at(1)) + (cell % columns)) / columns) * inputWidth;
    const y = ((Math.tanh(at(2)) + Math.floor(cell / columns)) / rows) * inputHeight;
    const [halfWidth, halfHeight] = [(sigmoid(at(3)) * inputWidth) / 2, (sigmoid(at(4)) * inputHeight) / 2];
    found.add([x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight], score, category);
  }
  return found.toCandidates();
}
