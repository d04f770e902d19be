// Written by scripts/change-thresholds.mjs. Do not edit.

/** Threshold by length of the series and estimated lag-1 autocorrelation: at most 4 % of simulated AR(1) series exceed it. */
export const CHANGE_THRESHOLDS: {
  readonly lengths: readonly number[];
  readonly phis: readonly number[];
  /** One row a length, one column a φ. */
  readonly thresholds: readonly (readonly number[])[];
} = {
  lengths: [20, 30, 50, 100, 200, 500, 1000, 4000],
  phis: [-0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  thresholds: [
    [1.86, 2.015, 2.2, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4],
    [1.72, 1.84, 2.14, 2.89, 3.145, 3.185, 3.185, 3.185, 3.19, 3.19, 3.19, 3.19],
    [1.755, 1.765, 1.765, 2.825, 3.015, 4.24, 4.425, 4.465, 4.505, 4.505, 4.505, 4.505],
    [1.88, 1.895, 1.895, 2.485, 3.15, 3.57, 4.49, 6.8, 6.805, 6.805, 6.825, 6.825],
    [1.945, 1.975, 1.975, 2.9, 3.02, 3.31, 4.145, 5.79, 8.875, 9.335, 9.755, 9.755],
    [2.145, 2.145, 2.145, 2.555, 3, 3.43, 4.025, 4.98, 6.34, 11.17, 13.39, 13.39],
    [2.065, 2.065, 2.065, 2.97, 3.09, 3.605, 4.285, 4.85, 6.235, 8.485, 14.17, 15.31],
    [2.13, 2.13, 2.13, 2.755, 3.22, 3.76, 4.505, 5.015, 6.72, 7.66, 11.28, 19.745],
  ],
};
