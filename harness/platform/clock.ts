/** Time as the harness sees it; passed in where a test must hold it still. */
export interface Clock {
  /** Nanoseconds of a clock that never steps back; its origin means nothing. */
  monotonicNs(): bigint;
  /** Milliseconds since 1970 by the system's clock, which may be set while we run. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicNs: () => process.hrtime.bigint(),
  wallMs: () => Date.now(),
};

/** A clock that stands still until it is advanced. */
export function manualClock(startWallMs: number): Clock & { advance(milliseconds: number): void } {
  let passedMs = 0;
  return {
    monotonicNs: () => BigInt(Math.round(passedMs * 1e6)),
    wallMs: () => startWallMs + passedMs,
    advance(milliseconds) {
      passedMs += milliseconds;
    },
  };
}

/** Seconds since `startNs` of the same clock. */
export function secondsSince(clock: Clock, startNs: bigint): number {
  return Number(clock.monotonicNs() - startNs) / 1e9;
}

/** The wall time as artifacts write it: ISO 8601, UTC. */
export function isoTime(clock: Clock): string {
  return new Date(clock.wallMs()).toISOString();
}
