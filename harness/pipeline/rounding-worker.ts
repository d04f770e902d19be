import { serveThread } from "../platform/thread-child.ts";
import { type RowsTask, roundRows } from "../quantize/row-rounding.ts";

serveThread((tasks) => ({ value: (tasks as readonly RowsTask[]).map(roundRows) }));
