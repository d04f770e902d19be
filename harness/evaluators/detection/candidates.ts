/** Boxes that a head proposes for one image, in columns, in pixels of the model's input. */
export interface Candidates {
  readonly count: number;
  /** 4 values a row: left, top, right, bottom. */
  readonly corners: Float64Array;
  readonly score: Float64Array;
  /** Index of the class. */
  readonly category: Int32Array;
}

/** Collects candidates whose number is not known beforehand. */
export class CandidateList {
  readonly #corners: number[] = [];
  readonly #score: number[] = [];
  readonly #category: number[] = [];

  /** Boxes or scores that are not finite are no detections: a model that says NaN found nothing. */
  add(box: readonly [number, number, number, number], score: number, category: number): void {
    if (!Number.isFinite(score) || !box.every(Number.isFinite)) return;
    this.#corners.push(...box);
    this.#score.push(score);
    this.#category.push(category);
  }

  toCandidates(): Candidates {
    return {
      count: this.#score.length,
      corners: Float64Array.from(this.#corners),
      score: Float64Array.from(this.#score),
      category: Int32Array.from(this.#category),
    };
  }
}

/** Rows of the candidates, in the order given. */
export function pick({ corners, score, category }: Candidates, rows: ArrayLike<number>): Candidates {
  const chosen = Array.from(rows);
  return {
    count: chosen.length,
    corners: Float64Array.from(chosen.flatMap((row) => [...corners.subarray(4 * row, 4 * row + 4)])),
    score: Float64Array.from(chosen, (row) => score[row] as number),
    category: Int32Array.from(chosen, (row) => category[row] as number),
  };
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
