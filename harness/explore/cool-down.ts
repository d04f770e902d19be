/** Whether a machine has cooled enough for the next block. */
export type CoolDown =
  /** Within reach of the idle temperature, or at the target. */
  | "cooled"
  /** Not cooler, but no longer cooling: this is what the room allows. */
  | "settled"
  | "cooling"
  /** The cap has passed. */
  | "gave-up"
  /** No temperature to go by. */
  | "unknown";

export interface CoolDownOptions {
  /** Temperature before any load, °C. */
  readonly idleC?: number;
  /** A temperature that is cool enough, whatever idle was. */
  readonly targetC?: number;
  /** How near idle is near enough. */
  readonly withinC?: number;
  /** A slope flatter than this is settled, °C a second. */
  readonly settledCPerS?: number;
  /** Stretch over which the slope is taken. */
  readonly overS?: number;
  /** Longest wait. */
  readonly capS?: number;
}

/** State of a cool-down after the temperatures so far, `atS` since it began. Asked again with more of them until it is not "cooling". */
export function coolDownState(
  temperatures: readonly { readonly atS: number; readonly temperatureC: number }[],
  nowS: number,
  { idleC, targetC, withinC = 2, settledCPerS = 0.1, overS = 20, capS = 300 }: CoolDownOptions,
): CoolDown {
  const last = temperatures.at(-1);
  if (last === undefined) return nowS >= capS ? "unknown" : "cooling";
  const goals = [idleC === undefined ? -Infinity : idleC + withinC, targetC ?? -Infinity];
  if (last.temperatureC <= Math.max(...goals)) return "cooled";
  const recent = temperatures.filter(({ atS }) => atS >= last.atS - overS);
  const first = recent[0];
  const spanS = first === undefined ? 0 : last.atS - first.atS;
  // A thermometer in whole degrees stands still for a while: only a full stretch tells.
  if (first !== undefined && spanS >= 0.9 * overS) {
    const fallPerS = (first.temperatureC - last.temperatureC) / spanS;
    if (fallPerS < settledCPerS) return "settled";
  }
  return nowS >= capS ? "gave-up" : "cooling";
}
