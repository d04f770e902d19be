// Compiles to dist/ from a clean folder and makes the bin executable (lifecycle scripts do not run under ignore-scripts).
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const { status } = spawnSync(process.execPath, [tsc, "-p", root], { stdio: "inherit", cwd: root });
if (status !== 0) process.exit(status ?? 1);
// The PyTorch worker is run as it is.
const worker = "harness/runtimes/pytorch/worker.py";
cpSync(`${root}/${worker}`, `${root}/dist/${worker}`);
const bin = `${root}/dist/harness/cli/main.js`;
if (existsSync(bin)) chmodSync(bin, 0o755);
