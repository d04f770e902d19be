import type { Task, TaskCheck } from "../domain/generated/task-bank-v1.ts";
import type { TaskResponse, TaskTools } from "../domain/task-port.ts";
import { checkAnswer } from "./check-answer.ts";

/** Is the answer right, and does it follow the instructions of form? */
export interface TaskScore {
  /** 1: every check holds; 0: one fails, could not be made, or the run broke. */
  readonly success: 0 | 1;
  /** The same of the checks of adherence; undefined where the task has none. An answer that was cut off at its limit is 0. */
  readonly adherence: 0 | 1 | undefined;
  /** Why not, a clause each. */
  readonly reasons: readonly ScoreReason[];
}

export interface ScoreReason {
  readonly of: "success" | "adherence";
  /** Kind of the check, or of what broke before any check. */
  readonly kind: TaskCheck["kind"] | "failed" | "timed-out" | "cut-off";
  /** The check could not be made here; the answer may be right for all we know, but is not counted so. */
  readonly isUnavailable?: true;
  readonly message: string;
}

/** Scores one answer. A failed or timed-out run scores 0 whatever arrived: it does not vanish from the rate. */
export async function scoreTask(task: Task, response: TaskResponse, tools: TaskTools): Promise<TaskScore> {
  const hasAdherence = task.adherence !== undefined;
  if (response.status !== "completed") {
    const kind = response.status;
    const message = kind === "failed" ? "the run failed" : "the run timed out";
    return { success: 0, adherence: hasAdherence ? 0 : undefined, reasons: [{ of: "success", kind, message }] };
  }
  const success = await failures("success", task.checks, response, tools);
  const adherence = await failures("adherence", task.adherence ?? [], response, tools);
  if (hasAdherence && response.isCutOff === true) {
    adherence.push({ of: "adherence", kind: "cut-off", message: "it was cut off at the limit of its tokens" });
  }
  return {
    success: success.length === 0 ? 1 : 0,
    adherence: hasAdherence ? (adherence.length === 0 ? 1 : 0) : undefined,
    reasons: [...success, ...adherence],
  };
}

async function failures(
  of: "success" | "adherence",
  checks: readonly TaskCheck[],
  response: TaskResponse,
  tools: TaskTools,
): Promise<ScoreReason[]> {
  const found: ScoreReason[] = [];
  for (const check of checks) {
    const failure = await checkAnswer(check, response, tools);
    if (failure === undefined) continue;
    const why = check.why === undefined ? "" : ` (${check.why})`;
    const isUnavailable = failure.kind === "unavailable" ? { isUnavailable: true as const } : {};
    found.push({ of, kind: check.kind, ...isUnavailable, message: failure.message + why });
  }
  return found;
}
