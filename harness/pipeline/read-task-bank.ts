import { readJsonAs } from "../datasets/read-document.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { TaskBank, TaskCheck } from "../domain/generated/task-bank-v1.ts";
import { taskBankProblem } from "../evaluators/task-bank-problem.ts";
import { sha256 } from "../platform/digest.ts";
import { requireForeignSchema } from "../platform/foreign-schema.ts";

/** A bank that can be used, and the digest that says which one it was. */
export interface LoadedTaskBank {
  readonly bank: TaskBank;
  /** SHA-256 of the bank's canonical JSON: white space and the order of keys do not change it. */
  readonly digest: string;
}

/**
 * Reads and checks a task bank whole: schema, ids, groups, variables, patterns, and the schemas inside its checks. CONFIG_DATA_MISSING,
 * or CONFIG_DATA_INVALID naming the task and what is wrong with it.
 */
export async function readTaskBank(path: string): Promise<LoadedTaskBank> {
  const bank = await readJsonAs<TaskBank>("task_bank.v1", path, "task bank");
  const problem = taskBankProblem(bank) ?? schemaFault(bank);
  if (problem !== undefined) {
    throw new HarnessError("CONFIG_DATA_INVALID", `Task bank ${path}: ${problem}${/[.?]$/.test(problem) ? "" : "."}`, {
      hint: "docs/task-banks.md describes tasks and checks.",
    });
  }
  return { bank, digest: sha256(canonicalJson(bank)) };
}

function schemaFault(bank: TaskBank): string | undefined {
  for (const task of bank.tasks) {
    for (const check of [...task.checks, ...(task.adherence ?? [])]) {
      const fault = faultOf(check);
      if (fault !== undefined) return `task ${task.id}: the schema of its json_schema check cannot be used: ${fault}`;
    }
  }
  return undefined;
}

function faultOf(check: TaskCheck): string | undefined {
  if (check.kind !== "json_schema") return undefined;
  try {
    requireForeignSchema(check.schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
