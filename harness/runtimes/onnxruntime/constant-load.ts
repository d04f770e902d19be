import { HarnessError } from "../../domain/errors.ts";
import type { TensorValue } from "../../domain/session-port.ts";
import { startWorker } from "../../platform/worker-host.ts";
import { workerModule } from "../../platform/worker-module.ts";
import type { LoadLimits, LoadStretch } from "./load-loop.ts";

export interface LoadRequest {
  /** An ONNX file's bytes. */
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, TensorValue>>;
  readonly threads: number;
  readonly limits: LoadLimits;
}

/** What a load measured; moments of the machine's monotonic clock as decimal text. */
export interface LoadAnswer {
  readonly startNs: string;
  readonly endNs: string;
  readonly stretches: readonly LoadStretch[];
}

/** Time for loading the model and for the last call, on top of the load itself. */
const SLACK_MS = 60_000;

/** Runs one model without a pause in a process of its own. Rejects as a worker does (RUNTIME_*), and on abort. */
export async function constantLoad(
  request: LoadRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<LoadAnswer> {
  const worker = startWorker(workerModule("./load-worker", import.meta.url), {
    label: "the process that loads the machine",
  });
  try {
    const timeoutMs = request.limits.seconds * 1000 + SLACK_MS;
    const answer = (await worker.request(request, { timeoutMs, signal })) as LoadAnswer | undefined;
    if (answer?.stretches !== undefined && answer.stretches.length > 0) return answer;
    throw new HarnessError("RUNTIME_PROTOCOL", "The process that loads the machine answered without a measurement.", {
      hint: "Run it again; reinstall the package if it happens again.",
    });
  } finally {
    await worker.close();
  }
}
