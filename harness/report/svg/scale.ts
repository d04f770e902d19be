/** From a value to a place on an axis, pixels. */
export type Scale = (value: number) => number;

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  const width = d1 - d0 || 1;
  return (value) => r0 + ((value - d0) / width) * (r1 - r0);
}

/** For ratios: 0.5 and 2 are as far from 1. The domain is above 0. */
export function logarithmic(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const inner = linear([Math.log(domain[0]), Math.log(domain[1])], range);
  return (value) => inner(Math.log(Math.max(value, Number.MIN_VALUE)));
}

/** Round ratios between two bounds: 0.5, 1, 2 ...; closer ones where the range is narrow. */
export function ratioTicks([low, high]: readonly [number, number]): number[] {
  const sets = [
    [0.01, 0.1, 1, 10, 100, 1000],
    [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
    [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10],
    [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2, 2.5, 3],
    Array.from({ length: 41 }, (_, i) => (80 + i) / 100),
  ];
  const inside = (set: readonly number[]) => set.filter((tick) => tick >= low && tick <= high);
  return sets.map(inside).find((ticks) => ticks.length >= 4) ?? inside(sets.at(-2) as number[]);
}

export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function clamp(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(value, low), high);
}
