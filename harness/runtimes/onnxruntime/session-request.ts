import type { SessionSettings } from "../../domain/runtime-port.ts";
import type { SessionOptions, TensorValue } from "../../domain/session-port.ts";

/** What session-port.ts asks its child for. */
export type SessionRequest =
  | { readonly kind: "open"; readonly model: Uint8Array; readonly options: SessionOptions }
  | {
      readonly kind: "run";
      readonly feeds: Readonly<Record<string, TensorValue>>;
      readonly outputs?: readonly string[];
    }
  | {
      readonly kind: "count";
      readonly feeds: Readonly<Record<string, TensorValue>>;
      readonly outputs: readonly string[];
    }
  | { readonly kind: "counts"; readonly output: string }
  | { readonly kind: "release" }
  | {
      readonly kind: "optimize";
      readonly model: Uint8Array;
      readonly options: SessionOptions;
      readonly dumpPath: string;
    }
  | {
      readonly kind: "profile";
      readonly model: Uint8Array | string;
      readonly options: SessionOptions;
      readonly feeds: Readonly<Record<string, TensorValue>>;
      readonly runs: number;
      readonly prefix: string;
    };

/** Options with their defaults: one thread, every optimization, ONNX Runtime's own memory settings. */
export function fullSettings({
  threads = 1,
  optimizationLevel = "all",
  sessionConfig = {},
}: SessionOptions): SessionSettings {
  return { threads, optimizationLevel, cpuMemArena: true, memPattern: true, sessionConfig };
}
