import { serveThread } from "../platform/thread-child.ts";
import { checkChain } from "./baseline-log.ts";
import { scanRecords } from "./baseline-scan.ts";

/** What the thread of baseline-health.ts is asked. */
export type ScanTask =
  | { readonly kind: "chain"; readonly log: string }
  | { readonly kind: "records"; readonly records: string };

serveThread(async (input) => {
  const task = input as ScanTask;
  if (task.kind === "chain") {
    await checkChain(task.log);
    return { value: undefined };
  }
  const folders = scanRecords(task.records);
  return { value: folders, transfer: folders.flatMap(({ bytes, mtimesMs }) => [bytes.buffer, mtimesMs.buffer]) };
});
