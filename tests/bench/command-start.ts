import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../harness/cli/main.js", import.meta.url));
const ROUNDS = 15;

/** Start-up of `quantgate --help` against an empty Node program, interleaved. */
export async function bench(): Promise<void> {
  const help: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    help.push(seconds([MAIN, "--help"]));
    empty.push(seconds(["-e", "0"]));
  }
  const [slow, fast] = [median(help), median(empty)];
  const figures = `--help ${(slow * 1000).toFixed(0)} ms, node -e 0 ${(fast * 1000).toFixed(0)} ms`;
  console.log(`start-up: ${figures}, ratio ${(slow / fast).toFixed(2)} (${ROUNDS} rounds)`);
}

function seconds(args: string[]): number {
  const start = process.hrtime.bigint();
  spawnSync(process.execPath, args, { stdio: "ignore" });
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function median(values: readonly number[]): number {
  return [...values].sort((x, y) => x - y)[values.length >> 1] as number;
}
