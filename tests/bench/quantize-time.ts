import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { loadDataset } from "../../harness/datasets/load-dataset.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { quantizeModel } from "../../harness/quantize/quantize-model.ts";
import { resolveRecipe } from "../../harness/quantize/recipes.ts";
import { childSessions } from "../../harness/runtimes/onnxruntime/session-port.ts";

const CALIBRATION_IMAGES = 1000;
const ROUNDS = 3;

/** Time to quantize ResNet8 with 1,000 calibration images, sessions in child processes included. */
export async function bench(): Promise<void> {
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
  for (const name of ["u8s8", "w4a8", "w8a16"]) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const session = childSessions();
      const start = process.hrtime.bigint();
      await quantizeModel({
        model,
        recipe: resolveRecipe(name),
        calibration: { items: dataset.items, indices },
        session,
        sha256,
      });
      times.push(Number(process.hrtime.bigint() - start) / 1e9);
      await session.close();
    }
    const middle = times.sort((x, y) => x - y)[ROUNDS >> 1] as number;
    console.log(`quantize ResNet8 ${name}, ${CALIBRATION_IMAGES} images: ${middle.toFixed(2)} s (median of ${ROUNDS})`);
  }
}
