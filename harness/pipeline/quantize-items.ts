import { resolve } from "node:path";
import { loadDataset } from "../datasets/load-dataset.ts";
import type { Dataset } from "../domain/dataset.ts";
import { planRandom } from "../plan/plan-random.ts";
import { type ResolvedConfig, resolveConfig } from "../plan/resolve-config.ts";
import { stratifiedOrder } from "../plan/stratified-order.ts";
import type { CalibrationInput } from "../quantize/calibration-job.ts";
import { type PathRoots, pathRoots, readConfig, resolvePath } from "../store/config-file.ts";
import { rowDataset } from "./row-dataset.ts";

/** What a quantization learns from: calibration items, and tuning items that only choices are measured on. */
export interface QuantizeItems {
  readonly calibration: CalibrationInput;
  readonly tuning: CalibrationInput;
  /** Labels of the tuning items, in their order; absent where the items have none. */
  readonly tuningLabels?: Int32Array;
  readonly seed: number;
}

export interface ConfigItems extends QuantizeItems {
  readonly config: ResolvedConfig;
  readonly roots: PathRoots;
  /** The whole calibration set. */
  readonly dataset: Dataset;
}

export interface ItemsSource {
  readonly config: string;
  readonly dataDir?: string | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Calibration items to use; default: the config's count. */
  readonly samples?: number | undefined;
  /** Share of the calibration set kept apart for choices, 0 to 1; default 0. */
  readonly tuningShare?: number;
}

/** Reads a config and the calibration items it declares; `items` is undefined where it declares none. */
export async function readQuantizeItems(source: ItemsSource): Promise<{
  readonly config: ResolvedConfig;
  readonly roots: PathRoots;
  readonly items: ConfigItems | undefined;
}> {
  const raw = await readConfig(resolve(source.cwd, source.config));
  const roots = pathRoots({
    configPath: source.config,
    flag: source.dataDir,
    env: source.env["QUANTGATE_DATA_DIR"],
    config: raw.data_dir,
    cwd: source.cwd,
  });
  const { config } = resolveConfig(raw, {});
  const { calibration, seed } = config;
  if (calibration === undefined) return { config, roots, items: undefined };
  const dataset = await loadDataset(rowDataset(calibration.dataset), {
    resolvePath: (path) => resolvePath(path, roots),
  });
  const wanted = source.samples ?? calibration.count;
  const share = source.tuningShare ?? 0;
  // Without a tuning part the order is that of a sweep, so that both make the same bytes.
  const order = stratifiedOrder(dataset.labels, share > 0 ? dataset.count : wanted, planRandom(seed));
  const apart = Math.floor(order.length * share);
  const tuning = apart === 0 ? [] : order.slice(-apart);
  const learning = order.slice(0, Math.min(wanted, order.length - apart));
  return {
    config,
    roots,
    items: {
      config,
      roots,
      dataset,
      seed,
      calibration: { items: dataset.items, indices: learning },
      tuning: { items: dataset.items, indices: tuning },
      tuningLabels: Int32Array.from(tuning, (index) => dataset.labels[index] as number),
    },
  };
}
