/** What is known of one length. */
export interface TriedContext {
  readonly context: number;
  readonly passed: boolean;
}

export interface ContextSearch {
  /** First length that is tried, tokens. */
  readonly min: number;
  /** No longer one is, e.g. what the model was trained for. */
  readonly max: number;
  /** Bisection ends when the failing length is less than this share above the passing one. */
  readonly resolution: number;
}

/** Lengths are multiples of this: runtimes allocate in such steps. */
export const CONTEXT_STEP = 256;

/**
 * The next length worth trying: doubling from `min` until one fails or `max` passes, then bisection between the largest that passes and the
 * smallest that fails; undefined when the answer is near enough. A failure caps the search: nothing above it is tried. RangeError for a
 * search without room.
 */
export function nextContext(
  tried: readonly TriedContext[],
  { min, max, resolution }: ContextSearch,
): number | undefined {
  if (!(Number.isInteger(min) && min >= 1 && max >= min))
    throw new RangeError(`no length lies between ${min} and ${max}`);
  if (!(resolution > 0)) throw new RangeError(`resolution must be above 0, got ${resolution}`);
  if (tried.length === 0) return min;
  const failing = Math.min(...tried.filter(({ passed }) => !passed).map(({ context }) => context));
  const passing = Math.max(
    ...tried.filter(({ passed, context }) => passed && context < failing).map(({ context }) => context),
  );
  // Nothing passes: below the first length there is nothing to look for.
  if (passing === -Infinity) return undefined;
  if (failing === Infinity) return passing >= max ? undefined : Math.min(max, passing * 2);
  if (failing - passing <= Math.max(CONTEXT_STEP, passing * resolution)) return undefined;
  const middle = Math.round((passing + failing) / 2 / CONTEXT_STEP) * CONTEXT_STEP;
  return middle > passing && middle < failing ? middle : undefined;
}
