import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { artifactJson } from "../../harness/domain/canonical-json.ts";
import { BaselineLayout } from "../../harness/store/baseline-layout.ts";
import { sealLine } from "../../harness/store/baseline-log.ts";
import { entryOf } from "../../harness/store/baseline-store.ts";
import { baseline } from "../fixtures/baseline-builder.ts";

const MAIN = fileURLToPath(new URL("../../harness/cli/main.js", import.meta.url));
const RECORDS = Number(process.env["QUANTGATE_BENCH_RECORDS"] ?? 100_000);
const TESTS = 50;
const ROUNDS = 3;

/** Each store command in a process of its own on a store of 100,000 records: the median of three, s. */
export async function bench(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "quantgate-store-"));
  try {
    fill(root);
    const one = ["--test-id", "test-7", "--storage-root", root];
    const query = [...one, "--task-revision", "r1", "--hardware-fingerprint", "a".repeat(16)];
    time("health, first (reads every record)", ["health", "--storage-root", root], 1);
    time("health", ["health", "--storage-root", root]);
    time("list", ["list", "--storage-root", root]);
    time("list of one test", ["list", ...one]);
    time("resolve", ["resolve", ...query]);
    time("prune --dry-run", ["prune", "--dry-run", "--storage-root", root]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function fill(root: string): void {
  const layout = new BaselineLayout(root);
  const lines: string[] = [];
  let previous: string | null = null;
  for (let seq = 0; seq < RECORDS; seq++) {
    const document = baseline({ test_id: `test-${seq % TESTS}`, baseline_ref: `run-${seq}` });
    const content = artifactJson(document);
    const entry = entryOf(document, content);
    const path = layout.record(entry);
    if (seq < TESTS) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const at = new Date(seq * 1000).toISOString();
    const { text, seal } = sealLine(
      { lines: seq, sha256: previous },
      { op: "record", at, by: "bench", entry, reason: null },
    );
    lines.push(text);
    previous = seal;
  }
  writeFileSync(layout.log, `${lines.join("\n")}\n`);
}

function time(what: string, args: string[], rounds = ROUNDS): void {
  const seconds = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, [MAIN, "baselines", ...args], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`baselines ${args.join(" ")} ended with ${status}: ${stderr}`);
    return Number(process.hrtime.bigint() - start) / 1e9;
  }).sort((x, y) => x - y);
  console.log(`${what}: ${(seconds[seconds.length >> 1] as number).toFixed(2)} s (${RECORDS} records)`);
}
