import type { Task, TaskBank } from "../domain/generated/task-bank-v1.ts";
import type { TaskTools } from "../domain/task-port.ts";
import { scoreTask, type TaskScore } from "../evaluators/score-task.ts";

/** Checks that do not do what their bank says of them. */
export interface BankFault {
  readonly task: string;
  readonly message: string;
}

/** What a bank's own answers showed. */
export interface BankVerification {
  readonly answers: number;
  readonly faults: readonly BankFault[];
  /** Answers whose checks cannot be made here, such as code that cannot be isolated. */
  readonly unavailable: readonly BankFault[];
}

/**
 * Scores every reference and wrong answer of a bank: a reference must meet all checks, a wrong answer must fail what it is said to
 * break, and one that breaks adherence alone must be right. A check that accepts anything is found here, not in a sweep.
 */
export async function verifyTaskBank(bank: TaskBank, tools: TaskTools): Promise<BankVerification> {
  const faults: BankFault[] = [];
  const unavailable: BankFault[] = [];
  let answers = 0;
  for (const task of bank.tasks) {
    const cases = [
      { answer: task.reference, breaks: undefined },
      ...task.wrong.map(({ answer, breaks = "success" as const }) => ({ answer, breaks })),
    ];
    for (const { answer, breaks } of cases) {
      answers++;
      const score = await scoreAnswer(task, answer, tools);
      const missing = score.reasons.find((reason) => reason.isUnavailable === true);
      if (missing !== undefined) unavailable.push({ task: task.id, message: missing.message });
      else {
        const message = faultOf(score, answer, breaks);
        if (message !== undefined) faults.push({ task: task.id, message });
      }
    }
  }
  return { answers, faults, unavailable };
}

/** A text as a model would have given it; for a choice, as its likeliest token. */
function scoreAnswer(task: Task, text: string, tools: TaskTools): Promise<TaskScore> {
  return scoreTask(task, { status: "completed", text, firstToken: [{ text, logprob: 0 }] }, tools);
}

function faultOf(score: TaskScore, answer: string, breaks: "success" | "adherence" | undefined): string | undefined {
  const shown = JSON.stringify(answer.length > 60 ? `${answer.slice(0, 60)}…` : answer);
  const why = score.reasons.map(({ of, kind, message }) => `${of}, ${kind}: ${message}`).join("; ");
  switch (breaks) {
    case undefined:
      return score.reasons.length === 0 ? undefined : `its reference is refused (${why})`;
    case "success":
      return score.success === 0 ? undefined : `the wrong answer ${shown} is accepted as right`;
    case "adherence":
      if (score.success === 0)
        return `the answer ${shown} should break adherence alone, and is not right either (${why})`;
      return score.adherence === 0 ? undefined : `the answer ${shown} is accepted as adherent`;
  }
}
