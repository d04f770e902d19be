import { runOnThreads } from "../platform/thread-pool.ts";
import { workerModule } from "../platform/worker-module.ts";
import { type RoundRowsPort, type RowsResult, type RowsTask, roundRowsHere } from "../quantize/row-rounding.ts";

/** Multiplications below which starting threads takes longer than the rounding itself (a few tenths of a second). */
const LEAST_WORK = 2e8;

/** Passes over a row's K × K moments: the search for its scale, descent and refits. */
const PASSES = 40;
/** What gradient steps add. */
const ADAROUND_PASSES = 300;

/** A task's own moments, their damped copies, two factors and the reordered matrix, in bytes a square. */
const SQUARES = 8 * 8;

/** Working memory of tasks under way unless said otherwise. */
const BUDGET_BYTES = 2 ** 30;

/** Rounds rows on threads: an abort ends them at once, and tasks under way hold no more than the budget. */
export function threadedRounding({
  threads,
  budgetBytes = BUDGET_BYTES,
}: {
  readonly threads: number;
  readonly budgetBytes?: number | undefined;
}): RoundRowsPort {
  return async (tasks, signal) => {
    if (threads < 2 || tasks.length < 2 || workOf(tasks) < LEAST_WORK) return roundRowsHere(tasks, signal);
    const bundles = bundled(tasks, threads);
    const results: RowsResult[] = [];
    await runOnThreads<readonly RowsTask[], readonly RowsResult[]>({
      module: workerModule("./rounding-worker", import.meta.url),
      threads,
      budgetBytes,
      signal,
      tasks: bundles.map((bundle) => ({
        bytes: SQUARES * Math.max(...bundle.map(({ task }) => task.columns ** 2)),
        load: async () => ({ input: bundle.map(({ task }) => owned(task)) }),
      })),
      onDone: (index, made) => {
        for (const [i, { at }] of (bundles[index] ?? []).entries()) results[at] = made[i] as RowsResult;
      },
    });
    return results;
  };
}

function workOf(tasks: readonly RowsTask[]): number {
  return tasks.reduce((sum, { columns, count, spec }) => {
    const passes = PASSES + (spec.rounding === "adaround" ? ADAROUND_PASSES : 0);
    return sum + passes * count * columns ** 2;
  }, 0);
}

/** As many bundles as threads, or one a task where tasks are few; small tasks of a grouped convolution travel together. */
function bundled(tasks: readonly RowsTask[], threads: number) {
  const bundles: { readonly at: number; readonly task: RowsTask }[][] = [];
  const each = Math.ceil(tasks.length / threads);
  for (const [at, task] of tasks.entries()) {
    const b = Math.floor(at / each);
    bundles[b] ??= [];
    bundles[b]?.push({ at, task });
  }
  return bundles;
}

/** Views become arrays of their own: a message would carry the whole buffer behind each. */
function owned(task: RowsTask): RowsTask {
  return { ...task, rows: task.rows.slice(), moments: task.moments.slice(), cross: task.cross.slice() };
}
