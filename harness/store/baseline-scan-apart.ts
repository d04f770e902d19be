import { HarnessError } from "../domain/errors.ts";
import { runOnThreads } from "../platform/thread-pool.ts";
import { workerModule } from "../platform/worker-module.ts";
import type { BaselineLayout } from "./baseline-layout.ts";
import type { FolderScan } from "./baseline-scan.ts";
import type { ScanTask } from "./baseline-scan-worker.ts";

/** What a second thread finds out about a store. */
export interface ScanApart {
  /** What is wrong with the log's chain; undefined for nothing. */
  readonly logProblem: Promise<string | undefined>;
  /** What lies under records/, from a moment after {@link startRecords}. */
  readonly folders: Promise<readonly FolderScan[]>;
  /** To be called once the store's lock is held. */
  readonly startRecords: () => void;
  /** Ends the thread; a promise that is not settled yet rejects. */
  readonly stop: () => void;
}

/** Checks the log's chain at once in a thread, and then looks at every file: both cost as much as all the rest of a health check. */
export function scanApart(layout: BaselineLayout): ScanApart {
  const abort = new AbortController();
  let startRecords = () => {};
  const locked = new Promise<void>((resolve) => {
    startRecords = resolve;
  });
  const ask = async (task: ScanTask): Promise<readonly FolderScan[]> => {
    let found: readonly FolderScan[] = [];
    await runOnThreads<ScanTask, readonly FolderScan[] | undefined>({
      module: workerModule("./baseline-scan-worker", import.meta.url),
      tasks: [{ bytes: 0, load: async () => ({ input: task }) }],
      threads: 1,
      budgetBytes: 0,
      signal: abort.signal,
      onDone: (_, output) => {
        found = output ?? [];
      },
    });
    return found;
  };
  const logProblem = ask({ kind: "chain", log: layout.log }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof HarnessError && error.code.startsWith("STORE_")) return error.message;
      throw error;
    },
  );
  const folders = locked.then(() => ask({ kind: "records", records: layout.records }));
  for (const promise of [logProblem, folders]) promise.catch(() => {});
  return { logProblem, folders, startRecords: () => startRecords(), stop: () => abort.abort() };
}
