/** `npm run bench [NAME...]`: measures side by side and prints ratios; asserts nothing. */
const BENCHES: Readonly<Record<string, () => Promise<{ bench(): Promise<void> }>>> = {
  "baseline-store": () => import("./baseline-store.ts"),
  "change-points": () => import("./change-points.ts"),
  "coco-evaluation": () => import("./coco-evaluation.ts"),
  "block-matmul": () => import("./block-matmul.ts"),
  "command-start": () => import("./command-start.ts"),
  "language-stream": () => import("./language-stream.ts"),
  "latency-loop": () => import("./latency-loop.ts"),
  "probe-cost": () => import("./probe-cost.ts"),
  "quantize-time": () => import("./quantize-time.ts"),
  statistics: () => import("./statistics.ts"),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => BENCHES[name] === undefined);
if (unknown !== undefined) {
  console.error(`no bench named ${unknown}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  await (await load()).bench();
}
