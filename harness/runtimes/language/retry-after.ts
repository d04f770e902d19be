import { setTimeout as sleep } from "node:timers/promises";
import { RetryLater } from "./http-client.ts";

const MOST_RETRIES = 3;
/** A longer wait is not a trial's business. */
const LONGEST_RETRY_MS = 30_000;
/** Where the server does not say how long. */
const DEFAULT_RETRY_MS = 1000;

/** Does the work again when the server asked to come back later, after the time it named. `onRetry` counts. */
export async function honoringRetryAfter<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onRetry: () => void = () => undefined,
): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RetryLater) || retries >= MOST_RETRIES) throw error;
      const waitMs = error.afterMs ?? DEFAULT_RETRY_MS;
      if (waitMs > LONGEST_RETRY_MS) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      onRetry();
    }
  }
}
