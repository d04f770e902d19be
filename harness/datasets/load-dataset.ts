import type { Dataset } from "../domain/dataset.ts";
import type { DatasetConfig, TaskBankDatasetConfig } from "../domain/generated/config-v1.ts";
import { loadCifar10 } from "./cifar10-binary.ts";
import { loadCoco } from "./coco.ts";
import { loadImageFolder } from "./image-folder.ts";
import { loadItems } from "./items-file.ts";
import { loadNpy } from "./npy-dataset.ts";
import { loadSimulated } from "./simulated-items.ts";
import { limitedCount, takeItems } from "./take-items.ts";

/**
 * Reads a dataset as a config declares it, whole, into memory. `resolvePath` makes the config's paths absolute (`data:` too).
 * Rejects with CONFIG_DATA_MISSING, CONFIG_DATA_INVALID or CONFIG_INVALID, and with the signal's reason when aborted.
 */
export async function loadDataset(
  spec: Exclude<DatasetConfig, TaskBankDatasetConfig>,
  { resolvePath, signal }: { resolvePath: (path: string) => string; signal?: AbortSignal },
): Promise<Dataset> {
  signal?.throwIfAborted();
  switch (spec.kind) {
    case "items": {
      const dataset = await loadItems(resolvePath(spec.manifest), spec.split);
      const count = limitedCount(dataset.count, spec.limit, dataset.id);
      return count === dataset.count
        ? dataset
        : takeItems(
            dataset,
            Array.from({ length: count }, (_, i) => i),
          );
    }
    case "cifar10-binary":
      return loadCifar10(spec, resolvePath);
    case "image-folder":
      return loadImageFolder(spec, { resolvePath, signal });
    case "coco":
      return loadCoco(spec, { resolvePath, ...(signal === undefined ? {} : { signal }) });
    case "npy":
      return loadNpy(spec, resolvePath);
    case "simulated":
      return loadSimulated(spec);
  }
}
