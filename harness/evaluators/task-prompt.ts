import type { Task, TaskBank, TaskMessage } from "../domain/generated/task-bank-v1.ts";

/** What is sent to a model for one task. */
export type TaskPrompt =
  | { readonly kind: "raw"; readonly text: string }
  | { readonly kind: "chat"; readonly messages: readonly TaskMessage[] };

/** A task as it is asked: variables filled in, the bank's system message and limits applied. */
export interface AskedTask {
  readonly id: string;
  readonly group: string;
  readonly prompt: TaskPrompt;
  readonly maxTokens: number;
  readonly stop: readonly string[];
}

/** `{{name}}`, with or without space inside. */
const PLACEHOLDER = /\{\{\s*([a-z][a-z0-9_]*)\s*\}\}/g;

/** Fills in one task of a bank that {@link taskBankProblem} finds no fault with. RangeError for a variable without a value. */
export function askTask(task: Task, bank: TaskBank): AskedTask {
  const variables = { ...bank.variables, ...task.variables };
  const fill = (text: string) =>
    text.replaceAll(PLACEHOLDER, (_, name: string) => {
      // Own keys only: a variable named "constructor" that is not there must not print a function.
      if (!Object.hasOwn(variables, name)) throw new RangeError(`the variable ${name} of task ${task.id} has no value`);
      return variables[name] as string;
    });
  const common = {
    id: task.id,
    group: task.group,
    maxTokens: task.max_tokens ?? bank.max_tokens,
    stop: task.stop ?? [],
  };
  if (task.messages === undefined) return { ...common, prompt: { kind: "raw", text: fill(task.prompt ?? "") } };
  const messages = task.messages.map(({ role, content }) => ({ role, content: fill(content) }));
  const hasSystem = messages.some(({ role }) => role === "system");
  const system: TaskMessage[] =
    bank.system === undefined || hasSystem ? [] : [{ role: "system", content: fill(bank.system) }];
  return { ...common, prompt: { kind: "chat", messages: [...system, ...messages] } };
}

/** Names that a text asks for. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
}
