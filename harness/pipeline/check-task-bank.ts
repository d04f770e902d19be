import { HarnessError } from "../domain/errors.ts";
import { readTaskBank } from "./read-task-bank.ts";
import { openTaskTools } from "./task-tools.ts";
import { verifyTaskBank } from "./verify-task-bank.ts";

/** A bank's references must pass its checks, and its wrong answers must not; returns what was found. */
export async function checkTaskBank(path: string): Promise<string> {
  const { bank } = await readTaskBank(path);
  const tools = openTaskTools();
  const { answers, faults, unavailable } = await verifyTaskBank(bank, tools).finally(() => tools.close());
  const [first] = faults;
  if (first !== undefined) {
    const more = faults.length === 1 ? "" : ` ${faults.length - 1} more after this one.`;
    throw new HarnessError("CONFIG_DATA_INVALID", `task ${first.task}: ${first.message}.${more}`, {
      hint: "Correct the check, the reference or the wrong answer.",
    });
  }
  const judged = answers - unavailable.length;
  const unchecked = unavailable.length === 0 ? "" : `; the others could not be checked: ${unavailable[0]?.message}`;
  const tasks = `${bank.tasks.length} ${bank.tasks.length === 1 ? "task" : "tasks"}`;
  return `${tasks}, ${judged} of ${answers} answers judged as they should${unchecked}`;
}
