import { buildDataset } from "../../datasets/build-dataset.ts";
import { canonicalJson } from "../../domain/canonical-json.ts";
import type { Dataset } from "../../domain/dataset.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { TaskBankDatasetConfig } from "../../domain/generated/config-v1.ts";
import type { Task } from "../../domain/generated/task-bank-v1.ts";
import type { PromptItem } from "../../domain/language-trial.ts";
import { askTask } from "../../evaluators/task-prompt.ts";
import { sha256 } from "../../platform/digest.ts";
import { readTaskBank } from "../read-task-bank.ts";

/** Tasks as items of a dataset: an item's class is its group. */
export interface TaskItems {
  readonly dataset: Dataset;
  readonly tasks: readonly Task[];
  readonly prompts: readonly PromptItem[];
}

/** Log-probabilities that a choice needs: the choices must be among the likeliest first tokens. */
const CHOICE_LOGPROBS = 20;

/** Reads the tasks of a config. CONFIG_DATA_MISSING, CONFIG_DATA_INVALID; CONFIG_INVALID for groups that are not in the bank. */
export async function readTaskItems(
  { path, groups: wanted, limit }: TaskBankDatasetConfig,
  options: { readonly resolvePath: (path: string) => string },
): Promise<TaskItems> {
  const { bank, digest } = await readTaskBank(options.resolvePath(path));
  const known = bank.groups.map(({ id }) => id);
  const stranger = wanted?.find((id) => !known.includes(id));
  if (stranger !== undefined) {
    throw new HarnessError("CONFIG_INVALID", `The task bank ${bank.id} has no group ${stranger}`, {
      hint: `Groups: ${known.join(", ")}.`,
    });
  }
  const groups = known.filter((id) => wanted === undefined || wanted.includes(id));
  const seen = new Map<string, number>();
  const tasks = bank.tasks.filter(({ group }) => {
    const count = seen.get(group) ?? 0;
    seen.set(group, count + 1);
    return groups.includes(group) && (limit === undefined || count < limit);
  });
  const used = groups.filter((id) => tasks.some(({ group }) => group === id));
  const asked = tasks.map((task) => askTask(task, bank));
  const dataset = buildDataset({
    id: bank.id,
    itemNoun: "tasks",
    classNames: used,
    labels: Int32Array.from(tasks, ({ group }) => used.indexOf(group)),
    // A task is no tensor.
    items: { count: tasks.length, shape: [0], data: new Uint8Array(0) },
    hashes: tasks.map((task, index) => sha256(canonicalJson({ task: { ...task }, asked: { ...asked[index] } }))),
    preprocessing: { kind: "task-bank", digest },
  });
  const prompts = asked.map(({ prompt, maxTokens, stop }, item): PromptItem => {
    const isChoice = (tasks[item] as Task).checks.some(({ kind }) => kind === "choice");
    return { item, prompt, maxTokens, stop, topLogprobs: isChoice ? CHOICE_LOGPROBS : 0 };
  });
  return { dataset, tasks, prompts };
}
