import type { Extract, Task, TaskBank, TaskCheck } from "../domain/generated/task-bank-v1.ts";
import { nearestWord } from "../domain/nearest-word.ts";
import { placeholders } from "./task-prompt.ts";

/** The first thing wrong with a bank that its schema cannot say, as a sentence; undefined where there is none. */
export function taskBankProblem(bank: TaskBank): string | undefined {
  const groups = bank.groups.map(({ id }) => id);
  const twice = duplicate(groups) ?? duplicate(bank.tasks.map(({ id }) => id));
  if (twice !== undefined) return `the id ${twice} is used twice`;
  const empty = groups.find((id) => bank.tasks.every((task) => task.group !== id));
  for (const task of bank.tasks) {
    const problem = taskProblem(task, bank, groups);
    if (problem !== undefined) return `task ${task.id}: ${problem}`;
  }
  // After the tasks: a misspelt group there is the likelier cause.
  return empty === undefined ? undefined : `the group ${empty} has no task`;
}

function taskProblem(task: Task, bank: TaskBank, groups: readonly string[]): string | undefined {
  if (!groups.includes(task.group)) {
    const near = nearestWord(task.group, groups);
    return `there is no group ${task.group}${near === undefined ? "" : `; did you mean ${near}?`}`;
  }
  if ((task.prompt === undefined) === (task.messages === undefined)) {
    return task.prompt === undefined
      ? "it has neither prompt nor messages"
      : "it has both prompt and messages; give one of them";
  }
  if (task.messages !== undefined && task.messages.at(-1)?.role !== "user")
    return "the last of its messages must be the user's";
  if (task.wrong.some(({ breaks }) => breaks === "adherence") && task.adherence === undefined)
    return "a wrong answer is said to break adherence, but there is no check of adherence";
  return variableProblem(task, bank) ?? firstOf([...task.checks, ...(task.adherence ?? [])], checkProblem);
}

function variableProblem(task: Task, bank: TaskBank): string | undefined {
  const texts = [task.prompt ?? "", ...(task.messages ?? []).map(({ content }) => content)];
  const used = texts.flatMap(placeholders);
  const fromSystem = placeholders(bank.system ?? "");
  const known = Object.keys({ ...bank.variables, ...task.variables });
  const unknown = [...used, ...fromSystem].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearestWord(unknown, known);
    return `{{${unknown}}} has no value in variables${near === undefined ? "" : `; did you mean ${near}?`}`;
  }
  const unused = Object.keys(task.variables ?? {}).find((name) => ![...used, ...fromSystem].includes(name));
  return unused === undefined ? undefined : `its variable ${unused} is used nowhere`;
}

function checkProblem(check: TaskCheck): string | undefined {
  if (check.kind !== "choice" && check.extract !== undefined && typeof check.extract === "object") {
    const problem = patternProblem(check.extract);
    if (problem !== undefined) return problem;
  }
  switch (check.kind) {
    case "regex":
      return patternProblem(check);
    case "contains":
      return (check.all ?? check.any ?? check.none) ? undefined : "a contains check needs one of all, any and none";
    case "count": {
      if (check.min === undefined && check.max === undefined) return "a count check needs min or max";
      return (check.min ?? 0) > (check.max ?? Infinity)
        ? `a count check wants at least ${check.min} and at most ${check.max}`
        : undefined;
    }
    case "choice": {
      if (!check.choices.includes(check.answer)) return `the answer ${check.answer} is none of its choices`;
      const prefix = check.choices.find((one) => check.choices.some((other) => other !== one && other.startsWith(one)));
      return prefix === undefined ? undefined : `the choice ${prefix} is the beginning of another choice`;
    }
    default:
      return undefined;
  }
}

function patternProblem({ pattern, flags = "" }: Exclude<Extract, string>): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return `the pattern /${pattern}/${flags} cannot be used: ${(error as Error).message}`;
  }
}

function duplicate(ids: readonly string[]): string | undefined {
  return ids.find((id, index) => ids.indexOf(id) !== index);
}

function firstOf<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
