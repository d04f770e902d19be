import type { PlanRandom } from "./schedule.ts";

/**
 * The first `count` items of a class-interleaved order, each class in a seeded uniform permutation: equal shares of every class
 * as long as it lasts. Fewer than `count` when there are not that many.
 */
export function stratifiedOrder(labels: Int32Array, count: number, random: PlanRandom): number[] {
  const byClass = new Map<number, number[]>();
  for (const [index, label] of labels.entries()) {
    const members = byClass.get(label);
    if (members === undefined) byClass.set(label, [index]);
    else members.push(index);
  }
  const queues = [...byClass.entries()]
    .sort(([x], [y]) => x - y)
    .map(([label, members]) =>
      random.permutation(`calibration:${label}`, members.length).map((i) => members[i] as number),
    );
  const order: number[] = [];
  for (let rank = 0; order.length < Math.min(count, labels.length); rank++) {
    for (const queue of queues) {
      const item = queue[rank];
      if (item !== undefined && order.length < count) order.push(item);
    }
  }
  return order;
}
