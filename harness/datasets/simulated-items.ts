import type { Dataset } from "../domain/dataset.ts";
import type { SimulatedDatasetConfig } from "../domain/generated/config-v1.ts";
import { sha256 } from "../platform/digest.ts";
import { buildDataset } from "./build-dataset.ts";

/** Items without content for the simulated runtime: labels 0, 1, ..., classes - 1, 0, ... in turn. */
export function loadSimulated({ items: count, classes }: SimulatedDatasetConfig): Dataset {
  return buildDataset({
    id: "simulated",
    itemNoun: "items",
    classNames: Array.from({ length: classes }, (_, i) => String(i)),
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
    items: { count, shape: [0], data: new Uint8Array(0) },
    hashes: Array.from({ length: count }, (_, i) => sha256(`simulated item ${i}`)),
    preprocessing: { kind: "simulated" },
  });
}
