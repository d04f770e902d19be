// Runs every compiled test file, or those under the folders named: `node scripts/run-tests.mjs stats cli`.
// Names files explicitly, because `node --test` with a folder or glob differs between Node versions and may find nothing and exit 0.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith("-"));
const flags = process.argv.slice(2).filter((arg) => arg.startsWith("-"));
const files = readdirSync(join(root, "dist/tests"), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => wanted.length === 0 || wanted.some((area) => file.startsWith(area)))
  .sort()
  .map((file) => join("dist/tests", file));
if (files.length === 0) {
  console.error(`no test files found under dist/tests for: ${wanted.join(", ") || "(all)"}`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=2", ...flags, ...files], {
  stdio: "inherit",
  cwd: root,
  // Some tests load ONNX Runtime themselves; it would report to its maker.
  env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
});
process.exit(status ?? 1);
