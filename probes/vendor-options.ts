export interface VendorOptions {
  readonly intervalMs: number;
  /** One sample, then the end. */
  readonly once: boolean;
  /** Index, UUID or bus id, as the tool takes it; undefined: all. */
  readonly device: string | undefined;
  readonly pids: readonly number[];
  /** Name or path of the vendor's tool; undefined: its usual name. */
  readonly tool: string | undefined;
  /** Longest silence of the tool. */
  readonly timeoutMs: number;
}
