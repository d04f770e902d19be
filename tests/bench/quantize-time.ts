import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { childSessions } from "../../harness/runtimes/onnxruntime/session-port.ts";
import { rng } from "../../harness/stats/index.ts";
import { ValueHistogram } from "../../harness/stats/value-histogram.ts";

const CALIBRATION_IMAGES = 1000;
const ROUNDS = 3;

const RECIPES = [
  "u8s8",
  { extends: "u8s8", id: "u8s8-entropy", activations: { calibration: "entropy" } },
  "w4a8",
  "w8a16",
] as const;

export async function bench(): Promise<void> {
  countingTime();
  await quantizeTime();
}

/** Counting of activations behind a Relu, by the kernel beside the plain loop. */
function countingTime(): void {
  const random = rng("bench");
  const values = Float32Array.from({ length: 800_000 }, () => Math.max(0, random.normal()));
  const nanoseconds = (options?: ConstructorParameters<typeof ValueHistogram>[0]) => {
    const histogram = new ValueHistogram(options);
    const start = process.hrtime.bigint();
    histogram.add(values);
    return Number(process.hrtime.bigint() - start) / values.length;
  };
  const rounds = Array.from(
    { length: 21 },
    () => [nanoseconds({ kernelFor: () => undefined }), nanoseconds()] as const,
  );
  const middle = (numbers: readonly number[]) => [...numbers].sort((x, y) => x - y)[numbers.length >> 1] as number;
  const [plain, kernel] = [middle(rounds.map(([one]) => one)), middle(rounds.map(([, two]) => two))];
  const ratio = middle(rounds.map(([one, two]) => one / two));
  console.log(
    `counting an element: ${kernel.toFixed(1)} ns, plain loop ${plain.toFixed(1)} ns, ratio ${ratio.toFixed(1)}`,
  );
}

/** Time to quantize ResNet8 with 1,000 calibration images, sessions in child processes included. */
async function quantizeTime(): Promise<void> {
  const data = process.env["QUANTGATE_DATA_DIR"] ?? `${packageRoot()}/../shared/data`;
  if (!existsSync(`${data}/resnet8/resnet8_fp32.onnx`)) {
    console.log("quantization time: SKIPPED, needs ResNet8 under QUANTGATE_DATA_DIR");
    return;
  }
  const model = await readFile(`${data}/resnet8/resnet8_fp32.onnx`);
  const dataset = await loadDataset(
    { kind: "cifar10-binary", paths: [`${data}/cifar10/calibration_train_2000.bin`], layout: "nhwc" },
    { resolvePath: (path) => path },
  );
  const indices = Array.from({ length: CALIBRATION_IMAGES }, (_, i) => i);
  for (const spec of RECIPES) {
    const recipe = resolveRecipe(spec);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const session = childSessions();
      const start = process.hrtime.bigint();
      await quantizeModel({
        model,
        recipe,
        calibration: { items: dataset.items, indices },
        session,
        sha256,
      });
      times.push(Number(process.hrtime.bigint() - start) / 1e9);
      await session.close();
    }
    const middle = times.sort((x, y) => x - y)[ROUNDS >> 1] as number;
    console.log(
      `quantize ResNet8 ${recipe.id}, ${CALIBRATION_IMAGES} images: ${middle.toFixed(2)} s (median of ${ROUNDS})`,
    );
  }
}
