import { HarnessError } from "../domain/errors.ts";
import type { DatasetConfig, TaskBankDatasetConfig } from "../domain/generated/config-v1.ts";

/** Tasks are no rows: what calibrates, or is evaluated row by row, cannot be made of them (CONFIG_INVALID). */
export function rowDataset(dataset: DatasetConfig): Exclude<DatasetConfig, TaskBankDatasetConfig> {
  if (dataset.kind !== "task-bank") return dataset;
  throw new HarnessError("CONFIG_INVALID", "A task bank is no dataset of rows", {
    hint: "Use it as the dataset of a run of language models.",
  });
}
