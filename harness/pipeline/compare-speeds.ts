import { median } from "../aggregate/cell-samples.ts";
import type { Parity } from "../domain/generated/parity-v1.ts";
import type { Runtime } from "../domain/runtime-port.ts";
import { effectDoc, relativeChange, speedupOf } from "../gate/effect.ts";
import { planRandom } from "../plan/plan-random.ts";
import type { ResolvedConfig } from "../plan/resolve-config.ts";
import { onnxruntime } from "../runtimes/onnxruntime/onnxruntime.ts";
import { pytorch } from "../runtimes/pytorch/pytorch.ts";
import { plainTrial } from "./plain-trial.ts";

const LEVEL = 0.9;
/** Items whose calls are timed. */
const SUBSET = 20;
const KINDS = ["torch", "onnx"] as const;
type Kind = (typeof KINDS)[number];

/** Calls of one item of a PyTorch model and its ONNX export, in blocks of one trial each in random order: how much faster the export is. */
export async function compareSpeeds(given: {
  readonly config: ResolvedConfig;
  /** Prepared items, and how many there are. */
  readonly itemsPath: string;
  readonly count: number;
  readonly models: Readonly<Record<Kind, { readonly path: string; readonly sha256: string }>>;
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
  readonly blocks: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}): Promise<Parity["speed"]> {
  const { config, itemsPath, count, models, python, env, blocks, threads } = given;
  const { signal = new AbortController().signal } = given;
  const runtimes: Readonly<Record<Kind, Runtime>> = { torch: pytorch({ python, env }), onnx: onnxruntime() };
  const random = planRandom(config.seed);
  const medians: Record<Kind, number[]> = { torch: [], onnx: [] };
  const subset = Array.from({ length: Math.min(SUBSET, count) }, (_, item) => item);
  try {
    for (let block = 0; block < blocks; block++) {
      for (const place of random.permutation(`parity.${block}`, KINDS.length)) {
        const kind = KINDS[place] as Kind;
        const request = plainTrial({
          trialId: `parity.b${block}.${kind}`,
          cellId: kind,
          config,
          model: models[kind],
          itemsPath,
          threads,
          subset,
          block,
          ...(kind === "torch" ? { framework: "pytorch" as const } : {}),
        });
        const { latencyS } = await runtimes[kind].runTrial(request, { signal });
        medians[kind].push(median(Array.from(latencyS)) as number);
      }
    }
  } finally {
    await Promise.all([runtimes.torch.close(), runtimes.onnx.close()]);
  }
  const ratios = Float64Array.from(medians.onnx, (value, block) => Math.log(value / (medians.torch[block] as number)));
  return {
    speedup: effectDoc(speedupOf(relativeChange(ratios, LEVEL))),
    blocks,
    batch_size: 1,
    threads,
    reference_p50_s: median(medians.torch) ?? null,
    candidate_p50_s: median(medians.onnx) ?? null,
  };
}
