import { stats } from "../stats/namespace.ts";

const POINTS = 1_000_000;
const E_POINTS = 1000;

/** Online update, full segmentation of a million points with its memory, and E-divisive beside it. */
export async function bench(): Promise<void> {
  const random = stats.rng("bench/change-points");
  const data = Float64Array.from(
    { length: POINTS },
    (_, i) => 1 + 0.02 * random.normal() + (i >= POINTS / 2 ? 0.02 : 0),
  );
  stats.changePoints(data.subarray(0, 20_000));

  const detector = new stats.OnlineDetector({ mean: 1, sd: 0.02, phi: 0 }, { runLength: 1e9 });
  let alarms = 0;
  const onlineBefore = process.cpuUsage();
  const onlineS = seconds(() => {
    for (let i = 0; i < POINTS / 2; i++) if (detector.add(data[i] as number) !== undefined) alarms++;
  });
  const onlineCpu = process.cpuUsage(onlineBefore);
  const perPoint = (onlineTotal: number) => ((onlineTotal / (POINTS / 2)) * 1e9).toFixed(1);
  const processor = perPoint((onlineCpu.user + onlineCpu.system) / 1e6);
  console.log(
    `online: ${perPoint(onlineS)} ns a point (${processor} ns of processor), ${alarms} alarms before the step`,
  );

  globalThis.gc?.();
  const before = process.memoryUsage();
  let found: number[] = [];
  const cpuBefore = process.cpuUsage();
  const offlineS = seconds(() => {
    found = stats.changePoints(data).changes.map((change) => change.index);
  });
  const cpu = process.cpuUsage(cpuBefore);
  const after = process.memoryUsage();
  const grown = (after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed) / 2 ** 20;
  console.log(
    `segmentation of ${POINTS} points: ${offlineS.toFixed(2)} s (${((cpu.user + cpu.system) / 1e6).toFixed(2)} s of processor), at most ${grown.toFixed(0)} MiB, changes ${found.join(", ")}`,
  );

  const part = data.subarray(POINTS / 2 - E_POINTS / 2, POINTS / 2 + E_POINTS / 2);
  let energy: number[] = [];
  const energyS = seconds(() => {
    energy = stats.eDivisive(part, { permutations: 99 }).map((change) => change.index);
  });
  const seededS = seconds(() => stats.changePoints(part));
  console.log(
    `${E_POINTS} points: E-divisive ${energyS.toFixed(3)} s (changes ${energy.join(", ")}), seeded ${(seededS * 1000).toFixed(2)} ms`,
  );
}

function seconds(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
