// Argument checks: an impossible argument is a RangeError that names it. Data that cannot be judged is not handled here.

/** Passes a number strictly between 0 and 1 through. */
export function requireFraction(name: string, value: number): number {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} must lie strictly between 0 and 1, got ${value}`);
  return value;
}

/** Passes a number between 0 and 1, both included, through. */
export function requireProbability(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must lie between 0 and 1, got ${value}`);
  return value;
}

/** Passes a whole number ≥ least through. */
export function requireCount(name: string, value: number, least = 0): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${value}`);
  }
  return value;
}

/** Passes a finite number > 0 through. */
export function requirePositive(name: string, value: number): number {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be positive and finite, got ${value}`);
  return value;
}

/** Passes a finite number through. */
export function requireFinite(name: string, value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number, got ${value}`);
  return value;
}
