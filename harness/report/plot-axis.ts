/** Round values that cover a range, at most `most + 1` of them; a range of no width gets room on both sides. */
export function axisTicks(low: number, high: number, most: number): number[] {
  const [from, to] =
    low === high ? [low - (Math.abs(low) * 0.05 || 1), high + (Math.abs(high) * 0.05 || 1)] : [low, high];
  const step = roundStep((to - from) / Math.max(1, most));
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  // Whole multiples of the step, so that a tick never reads 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The next of 1, 2, 5 times a power of ten. */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((one) => one * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}
