import type { Backend, DeviceSample, Moment, ProbeLine, ProblemCode } from "./protocol.ts";
import { now, PROTOCOL } from "./protocol.ts";

/** Where a backend puts what it reads. */
export interface ProbeSink {
  /** `at`: when the readings came, where that is not now. */
  sample(devices: readonly DeviceSample[], about?: { readMs?: number; toolTime?: string | null; at?: Moment }): void;
  /** The same problem is told once a minute at most. */
  problem(code: ProblemCode, message: string): void;
}

type EndReason = Extract<ProbeLine, { kind: "end" }>["reason"];

/** A reader that stalls makes us drop samples rather than fill memory. */
const MAX_BUFFERED = 4 << 20;
const REPEAT_MS = 60_000;

/** Writes the protocol to a stream. `onSample` is called with every sample's devices after it is written. */
export function probeOutput(
  stream: NodeJS.WritableStream & { readonly writableLength: number },
  about: { backend: Backend; source: "live" | "recorded"; intervalMs: number },
  onSample: (devices: readonly DeviceSample[], count: number) => void,
): ProbeSink & { end(reason: EndReason): void } {
  let samples = 0;
  let dropped = 0;
  const told = new Map<string, number>();
  const write = (line: ProbeLine): void => {
    stream.write(`${JSON.stringify(line)}\n`);
  };
  const { backend, source, intervalMs } = about;
  write({
    schema_version: PROTOCOL,
    kind: "hello",
    backend,
    source,
    interval_ms: intervalMs,
    pid: process.pid,
    ...now(),
  });

  const problem = (code: ProblemCode, message: string): void => {
    const key = `${code} ${message}`;
    const last = told.get(key);
    if (last !== undefined && Date.now() - last < REPEAT_MS) return;
    // Messages that differ every time must not fill memory either.
    if (told.size > 1000) told.clear();
    told.set(key, Date.now());
    write({ kind: "problem", code, message, ...now() });
  };
  return {
    problem,
    sample(devices, { readMs, toolTime, at = now() } = {}) {
      if (stream.writableLength > MAX_BUFFERED) {
        dropped++;
        return;
      }
      if (dropped > 0) {
        write({
          kind: "problem",
          code: "OUTPUT_DROPPED",
          message: `${dropped} samples were not read in time.`,
          ...now(),
        });
        dropped = 0;
      }
      const read_ms = readMs === undefined ? null : Math.round(readMs * 1000) / 1000;
      write({ kind: "sample", seq: samples, read_ms, tool_time: toolTime ?? null, devices, ...at });
      samples++;
      onSample(devices, samples);
    },
    end(reason) {
      write({ kind: "end", reason, samples, ...now() });
    },
  };
}
