import { CandidateList, type Candidates } from "./candidates.ts";
import type { HeadShape } from "./decode-head.ts";

const COLUMNS = 6;

/** Rows of left, top, right, bottom, score, class: nothing is left to suppress. Rows of a class that does not exist are padding. */
export function decodeEndToEnd(
  output: Float32Array,
  { shape, minScore }: { readonly shape: HeadShape; readonly minScore: number },
): Candidates {
  const [rows = 0, columns = 0] = shape.output;
  if (shape.output.length !== 2 || columns !== COLUMNS)
    throw new RangeError(`an end-to-end head is [rows, ${COLUMNS}]`);
  const found = new CandidateList();
  for (let row = 0; row < rows; row++) {
    const at = (column: number) => output[row * COLUMNS + column] as number;
    const category = at(5);
    if (!Number.isInteger(category) || category < 0 || category >= shape.classes) continue;
    if (at(4) > minScore) found.add([at(0), at(1), at(2), at(3)], at(4), category);
  }
  return found.toCandidates();
}
