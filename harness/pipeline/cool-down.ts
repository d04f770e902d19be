import { setTimeout as sleep } from "node:timers/promises";
import { type CoolDown, coolDownState } from "../explore/cool-down.ts";
import { systemClock } from "../platform/clock.ts";
import type { ProbeClient } from "../telemetry/probe-client.ts";

/** How a wait for a cool machine ended. */
export interface CoolDownResult {
  readonly state: Exclude<CoolDown, "cooling">;
  readonly waitedS: number;
  readonly fromC: number | undefined;
  readonly toC: number | undefined;
}

const ASK_AGAIN_MS = 500;

/**
 * Waits until the machine has cooled: near the temperature it had before any load (the first one read after `startNs`), at the target, or
 * no longer cooling. Gives up after the cap, or at once where no probe reads a temperature. Rejects on abort with the signal's reason.
 */
export async function coolDown(
  clients: readonly ProbeClient[],
  options: {
    readonly startNs: bigint;
    readonly targetC: number | undefined;
    readonly capS: number;
    readonly signal: AbortSignal;
  },
): Promise<CoolDownResult> {
  const { startNs, targetC, capS, signal } = options;
  const beganNs = systemClock.monotonicNs();
  const idleC = temperatures(clients, startNs, beganNs)[0]?.temperatureC;
  if (idleC === undefined) return { state: "unknown", waitedS: 0, fromC: undefined, toC: undefined };
  for (;;) {
    const nowNs = systemClock.monotonicNs();
    const waitedS = Number(nowNs - beganNs) / 1e9;
    const course = temperatures(clients, beganNs, nowNs);
    const state = coolDownState(course, waitedS, { idleC, ...(targetC === undefined ? {} : { targetC }), capS });
    if (state !== "cooling") {
      return { state, waitedS, fromC: course[0]?.temperatureC, toC: course.at(-1)?.temperatureC };
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The hottest chip at each moment, seconds since the stretch began: of the cards, or of the processors where no card tells. */
export function temperatures(
  clients: readonly ProbeClient[],
  fromNs: bigint,
  toNs: bigint,
): { readonly atS: number; readonly temperatureC: number }[] {
  const cardsFirst = [...clients].sort((x, y) => Number(x.backend === "cpu") - Number(y.backend === "cpu"));
  for (const client of cardsFirst) {
    const course = client.samples(fromNs, toNs).flatMap(({ atNs, devices }) => {
      const values = devices
        .flatMap(({ readings }) => [readings["temperature_gpu_c"], readings["temperature_cpu_c"]])
        .filter((value) => typeof value === "number");
      return values.length === 0 ? [] : [{ atS: Number(atNs - fromNs) / 1e9, temperatureC: Math.max(...values) }];
    });
    if (course.length > 0) return course;
  }
  return [];
}
