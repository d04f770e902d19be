/** Dense symmetric matrices in row-major Float64Array, n × n. Pure loops over typed arrays, so that workers can run them. */

/**
 * Lower Cholesky factor L of a positive definite matrix, A = L·Lᵀ.
 * @throws RangeError where the matrix is not positive definite; damp it first.
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      if (i !== j) {
        lower[i * n + j] = sum / (lower[j * n + j] as number);
      } else {
        if (!(sum > 0)) throw new RangeError("the matrix is not positive definite");
        lower[i * n + i] = Math.sqrt(sum);
      }
    }
  }
  return lower;
}

/** Solves A·x = b in place for A = L·Lᵀ. */
export function solveCholesky(lower: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (lower[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = (b[i] as number) / (lower[i * n + i] as number);
    b[i] = value;
    for (let k = 0; k < i; k++) b[k] = (b[k] as number) - (lower[i * n + k] as number) * value;
  }
}

/**
 * Upper factor U with A⁻¹ = Uᵀ·U, which GPTQ walks along.
 * Reversing rows and columns turns the factor of A into that of its inverse, so nothing is inverted twice.
 */
export function inverseFactor(matrix: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const reversed = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) reversed[i * n + j] = matrix[(n - 1 - i) * n + (n - 1 - j)] as number;
  const lower = cholesky(reversed, n);
  // A = R·Rᵀ with R upper (the reversed L), so A⁻¹ = R⁻ᵀ·R⁻¹ and U = R⁻¹, which is upper too.
  const upper = new Float64Array(n * n);
  const factor = (i: number, j: number) => lower[(n - 1 - i) * n + (n - 1 - j)] as number;
  for (let j = 0; j < n; j++) {
    upper[j * n + j] = 1 / factor(j, j);
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let k = i + 1; k <= j; k++) sum += factor(i, k) * (upper[k * n + j] as number);
      upper[i * n + j] = -sum / factor(i, i);
    }
  }
  return upper;
}
