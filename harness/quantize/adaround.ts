import { descend, type RoundedRow, type RoundingProblem, refitScale } from "./gptq.ts";

/** Steps of gradient descent; the exact moments make each a full pass over the data, so hundreds do what mini-batches need 10,000 for. */
const STEPS = 300;
/** Share of the steps before the penalty starts, as in the paper. */
const WARM_UP = 0.2;
/** The penalty's exponent falls from wide and flat to sharp (paper, section 4). */
const [FIRST_BETA, LAST_BETA] = [20, 2];
/** Weight of the penalty beside the error, both in units of a code step squared. */
const PENALTY = 0.02;
const LEARNING_RATE = 0.05;
/** Stretch of the sigmoid, so that 0 and 1 are reached (paper, equation 23). */
const [GAMMA, ZETA] = [-0.1, 1.1];
const [ADAM_MEAN, ADAM_SQUARE, ADAM_FLOOR] = [0.9, 0.999, 1e-8];

/**
 * Chooses up or down for every weight of a row at once, by gradient descent on a relaxed choice (Nagel et al., "Up or Down? Adaptive
 * Rounding for Post-Training Quantization", 2020), with the layer's exact second moments in place of mini-batches. Single steps of codes
 * and a refit of the scale follow. The row it was given comes back where that loses no less.
 */
export function refineByAdaRound(target: Float64Array, problem: RoundingProblem, row: RoundedRow): RoundedRow {
  const chosen = chooseUpOrDown(target, problem, row);
  const refit = refitScale(target, problem, descend(target, problem, chosen));
  const refined = descend(target, problem, refit);
  return refined.loss < row.loss ? refined : row;
}

function chooseUpOrDown(target: Float64Array, problem: RoundingProblem, { grid }: RoundedRow): RoundedRow {
  const { columns, hessian } = problem;
  const levels = (grid.max - grid.min) / grid.step;
  const floors = new Float64Array(columns);
  const exact = new Float64Array(columns);
  const logits = new Float64Array(columns);
  let trace = 0;
  for (let k = 0; k < columns; k++) {
    trace += hessian[k * columns + k] as number;
    // In steps above the lowest code, so that grids without a zero level are no special case.
    const steps = ((target[k] as number) / grid.scale + grid.zeroPoint - grid.min) / grid.step;
    exact[k] = steps;
    floors[k] = Math.max(0, Math.min(levels - 1, Math.floor(steps)));
    const rest = Math.max(0.01, Math.min(0.99, steps - (floors[k] as number)));
    logits[k] = -Math.log((ZETA - GAMMA) / (rest - GAMMA) - 1);
  }
  const norm = columns / trace;
  const share = new Float64Array(columns);
  const error = new Float64Array(columns);
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (let step = 1; step <= STEPS; step++) {
    for (let k = 0; k < columns; k++) {
      const stretched = (ZETA - GAMMA) / (1 + Math.exp(-(logits[k] as number))) + GAMMA;
      share[k] = Math.max(0, Math.min(1, stretched));
      error[k] = (exact[k] as number) - (floors[k] as number) - (share[k] as number);
    }
    const progress = step / STEPS;
    const pressed = progress > WARM_UP;
    const beta = LAST_BETA + (FIRST_BETA - LAST_BETA) * (1 - (progress - WARM_UP) / (1 - WARM_UP));
    for (let k = 0; k < columns; k++) {
      let pull = 0;
      const from = k * columns;
      for (let j = 0; j < columns; j++) pull += (hessian[from + j] as number) * (error[j] as number);
      let slope = -2 * norm * pull;
      if (pressed) {
        const away = 2 * (share[k] as number) - 1;
        slope -= PENALTY * 2 * beta * Math.sign(away) * Math.abs(away) ** (beta - 1);
      }
      const sigmoid = 1 / (1 + Math.exp(-(logits[k] as number)));
      const gradient = slope * (ZETA - GAMMA) * sigmoid * (1 - sigmoid);
      mean[k] = ADAM_MEAN * (mean[k] as number) + (1 - ADAM_MEAN) * gradient;
      square[k] = ADAM_SQUARE * (square[k] as number) + (1 - ADAM_SQUARE) * gradient * gradient;
      const average = (mean[k] as number) / (1 - ADAM_MEAN ** step);
      const spread = Math.sqrt((square[k] as number) / (1 - ADAM_SQUARE ** step)) + ADAM_FLOOR;
      logits[k] = (logits[k] as number) - (LEARNING_RATE * average) / spread;
    }
  }
  const codes = Int16Array.from(
    floors,
    (floor, k) => grid.min + grid.step * (floor + ((share[k] as number) >= 0.5 ? 1 : 0)),
  );
  return { codes, grid, loss: Number.POSITIVE_INFINITY };
}
