// The whole gate in one command: compile, lint and layers, schema drift, tests. Stops at the first failure.
// --without-tests: for a caller that runs them itself.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = [
  ["compile", ["scripts/build.mjs"]],
  ["lint, format and layers", ["node_modules/@biomejs/biome/bin/biome", "ci", "."]],
  ["schema drift", ["scripts/generate-types.mjs", "--check"]],
  ["docs drift", ["scripts/generate-docs.mjs", "--check"]],
  ...(process.argv.includes("--without-tests") ? [] : [["tests", ["scripts/run-tests.mjs"]]]),
];
for (const [name, args] of steps) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", cwd: root });
  if (status !== 0) {
    console.error(`check failed at: ${name}`);
    process.exit(status ?? 1);
  }
}
console.log("\ncheck passed");
