import type { Dataset } from "../domain/dataset.ts";
import { HarnessError } from "../domain/errors.ts";
import type { NormalizeConfig } from "../domain/generated/config-v1.ts";
import { type Affine, fillBatch, itemSize } from "../domain/item-tensor.ts";
import type { OpenSession, SessionPort } from "../domain/session-port.ts";
import type { ImageInput } from "./image-input.ts";

/** The usual ways pixels reach a classifier; mean and std of ImageNet as torchvision publishes them. */
const SCALINGS: readonly { readonly name: string; readonly normalize?: Required<NormalizeConfig> }[] = [
  { name: "raw 0..255" },
  { name: "0..1", normalize: { scale: 1 / 255, mean: [0], std: [1] } },
  { name: "-1..1", normalize: { scale: 1 / 255, mean: [0.5], std: [0.5] } },
  {
    name: "ImageNet mean and std",
    normalize: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
];

/** Calibration images tried at most. */
const MOST_ITEMS = 200;

export interface PreprocessingChoice {
  readonly name: string;
  readonly color: "rgb" | "bgr" | "gray";
  readonly normalize: NormalizeConfig | undefined;
  readonly correct: number;
  readonly items: number;
  /** "; next best ...", for the note. */
  readonly runnerUp: string;
}

/** Tries the usual scalings and channel orders on calibration images and keeps the most accurate; the first of equals. */
export async function findPreprocessing(given: {
  readonly bytes: Uint8Array;
  readonly input: ImageInput;
  readonly sessions: SessionPort;
  readonly load: (color: PreprocessingChoice["color"]) => Promise<Dataset>;
}): Promise<PreprocessingChoice> {
  const { bytes, input, sessions, load } = given;
  const colors = input.channels === 1 ? (["gray"] as const) : (["rgb", "bgr"] as const);
  const session = await sessions.open(bytes);
  const tried: Omit<PreprocessingChoice, "runnerUp">[] = [];
  try {
    for (const color of colors) {
      const dataset = await load(color);
      const items = Math.min(MOST_ITEMS, dataset.count);
      const scalings = input.dtype === "uint8" ? SCALINGS.slice(0, 1) : SCALINGS;
      for (const { name, normalize } of scalings) {
        if ((normalize?.mean.length ?? 1) > input.channels) continue;
        const correct = await countRight(session, input, dataset, items, normalize);
        tried.push({ name: `${name}, ${color.toUpperCase()}`, color, normalize, correct, items });
      }
    }
  } finally {
    await session.close();
  }
  const ranked = tried.toSorted((x, y) => y.correct - x.correct);
  const [best, next] = ranked;
  if (best === undefined) throw new Error("no preprocessing was tried");
  return { ...best, runnerUp: next === undefined ? "" : `; next best ${next.name}: ${next.correct}` };
}

async function countRight(
  session: OpenSession,
  input: ImageInput,
  dataset: Dataset,
  count: number,
  normalize: Required<NormalizeConfig> | undefined,
): Promise<number> {
  const { shape, data } = dataset.items;
  const affine: Affine | undefined =
    normalize === undefined ? undefined : { ...normalize, channelAxis: input.layout === "nhwc" ? 2 : 0 };
  const items = { count: dataset.count, shape, data, ...(affine === undefined ? {} : { affine }) };
  const size = itemSize(shape);
  let right = 0;
  for (let item = 0; item < count; item++) {
    const floats = new Float32Array(size);
    fillBatch(items, [item], floats);
    const dims = [1, ...shape];
    const feed =
      input.dtype === "uint8"
        ? ({ dtype: "uint8", dims, data: Uint8Array.from(floats) } as const)
        : ({ dtype: "float32", dims, data: floats } as const);
    const [output] = Object.values(await session.run({ [input.name]: feed }));
    const scores = Array.from((output?.data ?? []) as Float32Array, Number);
    if (scores.length < dataset.classNames.length) {
      throw new HarnessError(
        "CONFIG_DATA_INVALID",
        `The model gives ${scores.length} scores, the images have ${dataset.classNames.length} classes`,
        {
          hint: "Use the classes the model was trained on, or name them in a labels file.",
        },
      );
    }
    if (scores.indexOf(Math.max(...scores)) === dataset.labels[item]) right++;
  }
  return right;
}
