import { performance } from "node:perf_hooks";

/** What a constant load is asked for. */
export interface LoadLimits {
  /** The load ends after so many calls; undefined: by time alone. */
  readonly calls: number | undefined;
  /** The load ends after this long in any case. */
  readonly seconds: number;
  /** Length of the stretches that calls are counted in. */
  readonly stretchS: number;
}

/** Calls that ended in one stretch of a load. */
export interface LoadStretch {
  /** End of the stretch, seconds since the load began. */
  readonly endS: number;
  readonly calls: number;
  /** Its length. */
  readonly seconds: number;
}

/** Calls a function without a pause and counts how often, stretch by stretch. The last stretch may be shorter. */
export async function loadLoop(call: () => Promise<unknown>, limits: LoadLimits): Promise<LoadStretch[]> {
  const stretches: LoadStretch[] = [];
  const start = performance.now();
  let beganS = 0;
  let count = 0;
  let all = 0;
  for (;;) {
    await call();
    count++;
    all++;
    const nowS = (performance.now() - start) / 1000;
    const isDone = nowS >= limits.seconds || (limits.calls !== undefined && all >= limits.calls);
    if (!isDone && nowS - beganS < limits.stretchS) continue;
    stretches.push({ endS: nowS, calls: count, seconds: nowS - beganS });
    beganS = nowS;
    count = 0;
    if (isDone) return stretches;
  }
}
