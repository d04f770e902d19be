import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Fault, refused, undecided } from "./fault.ts";
import { sha256 } from "./stored-run.ts";

function edit(path: string, change: (text: string) => string): void {
  const file = join(path, "journal.ndjson");
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

/** What happens to the journal's file after its lines were sealed. */
export const JOURNAL_FILE_FAULTS: readonly Fault[] = [
  {
    name: "the journal is gone",
    ending: refused(/journal/, "STORE_MISSING"),
    files: (path) => rmSync(join(path, "journal.ndjson")),
  },
  { name: "the journal is empty", ending: refused(/no header line/), files: (path) => edit(path, () => "") },
  {
    name: "the journal is cut off in its middle, at the end of a line",
    ending: undecided(/latency_ratio: inconclusive missing-trials missing-baseline/),
    files: (path) => edit(path, (text) => `${text.split("\n").slice(0, 20).join("\n")}\n`),
  },
  {
    name: "the last line of the journal is torn",
    ending: refused(/ends in the middle of a line/),
    files: (path) => edit(path, (text) => text.slice(0, -40)),
  },
  {
    name: "a line of the journal is gone from its middle",
    ending: refused(/line 12 is missing before it/),
    files: (path) => edit(path, (text) => text.split("\n").toSpliced(12, 1).join("\n")),
  },
  {
    name: "two lines of the journal changed places",
    ending: refused(/is missing before it/),
    files: (path) =>
      edit(path, (text) => {
        const lines = text.split("\n");
        return lines.toSpliced(12, 2, lines[13] as string, lines[12] as string).join("\n");
      }),
  },
  {
    name: "a latency was edited by hand",
    ending: refused(/checksum does not match/),
    files: (path) => edit(path, (text) => text.replace(/"latency_ns":\[\d+/, '"latency_ns":[1000')),
  },
  {
    name: "a reading is NaN",
    ending: refused(/damaged at line/),
    files: (path) => edit(path, (text) => text.replace(/"load1":[^,]+/, '"load1":NaN')),
  },
  {
    name: "a reading is infinite",
    ending: refused(/damaged at line/),
    files: (path) => edit(path, (text) => text.replace(/"load_s":[^,]+/, '"load_s":1e999')),
  },
  {
    name: "a metric is missing from a line",
    ending: refused(/throughput/),
    files: (path) => edit(path, (text) => text.replace(/"throughput":\{[^}]*\},?/, "")),
  },
  {
    name: "a byte in the middle of the journal is damaged",
    ending: refused(/damaged at line/),
    files: (path) => edit(path, (text) => `${text.slice(0, 9000)}\u0000${text.slice(9001)}`),
  },
  {
    name: "a second run's end follows the first",
    ending: refused(/follows the end of the run/),
    files: (_, run) => run.sealJournal([{ kind: "end", state: "complete", reason: null }]),
  },
  {
    name: "a second run's header follows the first",
    ending: refused(/a second header/),
    files: (_, run) => {
      const { end } = run;
      run.end = undefined;
      run.sealJournal([run.header, ...(end ? [end] : [])]);
    },
  },
  {
    name: "the journal is of another plan",
    ending: refused(/belong to different plans/, "CONFIG_PLAN_MISMATCH"),
    files: (_, run) => {
      run.header.plan = sha256("another plan");
      run.sealJournal();
    },
  },
];
