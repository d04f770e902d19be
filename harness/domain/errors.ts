/** Every code a {@link HarnessError} can carry, with the exit code of `product.md` that it ends in. */
export const ERROR_CODES = {
  CONFIG_USAGE: 2,
  CONFIG_INVALID: 2,
  CONFIG_MODEL_MISSING: 2,
  CONFIG_MODEL_INVALID: 2,
  CONFIG_DATA_MISSING: 2,
  CONFIG_DATA_INVALID: 2,
  CONFIG_DUPLICATE_CELL: 2,
  CONFIG_CALIBRATION_OVERLAP: 2,
  CONFIG_PLAN_MISMATCH: 2,
  RUNTIME_UNAVAILABLE: 5,
  RUNTIME_CRASHED: 5,
  RUNTIME_TIMEOUT: 5,
  RUNTIME_PROTOCOL: 5,
  RUNTIME_CANARY: 5,
  RUNTIME_CONTEXT: 5,
  PROBE_UNAVAILABLE: 5,
  STORE_WRITE: 5,
  STORE_CORRUPT: 6,
  STORE_MISSING: 6,
  STORE_SCHEMA: 6,
  STORE_EMPTY: 3,
  BASELINE_MISSING: 6,
  BASELINE_REV_MISMATCH: 6,
  BASELINE_HW_MISMATCH: 6,
  BASELINE_NOT_PASSING: 3,
  REGISTRY_UNAVAILABLE: 5,
  REGISTRY_DENIED: 5,
  REGISTRY_REFUSED: 5,
  REGISTRY_CORRUPT: 6,
  REGISTRY_MISSING: 6,
  REGISTRY_NOT_PASSING: 3,
  QUANTIZE_UNSUPPORTED: 2,
  QUANTIZE_CALIBRATION: 2,
  QUANTIZE_FAILED: 5,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one thing we throw when we cannot go on: a closed code, one clear sentence, and a hint of what to do. */
export class HarnessError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "HarnessError";
    this.code = code;
    this.hint = options.hint;
  }

  /** Process exit code of `product.md` for this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}
