import { parentPort } from "node:worker_threads";
import { HarnessError } from "../domain/errors.ts";

/** What a task gives back; `transfer` moves instead of being copied. */
interface ThreadResult {
  readonly value: unknown;
  readonly transfer?: ArrayBuffer[];
}

/** Makes this thread a worker of thread-pool.ts: one task at a time, its failure told in words. */
export function serveThread(handle: (input: unknown) => ThreadResult | Promise<ThreadResult>): void {
  parentPort?.on("message", async (input: unknown) => {
    try {
      const { value, transfer } = await handle(input);
      parentPort?.postMessage({ value }, transfer ?? []);
    } catch (error) {
      const known = error instanceof HarnessError;
      const message = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({
        error: { code: known ? error.code : "RUNTIME_CRASHED", message, hint: known ? error.hint : "" },
      });
    }
  });
}
