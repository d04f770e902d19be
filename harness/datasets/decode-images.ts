import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { PictureSize } from "../domain/image-placement.ts";
import { sha256 } from "../platform/digest.ts";
import { readBytes } from "../platform/files.ts";
import { decodeImage, type ImageTarget } from "./image-decode.ts";

export interface ImageFile {
  /** Relative to the folder. */
  readonly name: string;
  /** What the image must measure; absent: anything. */
  readonly size?: PictureSize;
}

/** Shape of one decoded image. */
export function imageShape({ width, height, color, layout }: ImageTarget): readonly number[] {
  const channels = color === "gray" ? 1 : 3;
  return layout === "nchw" ? [channels, height, width] : [height, width, channels];
}

/** How a target reads in a dataset's description. */
export function describeTarget(target: ImageTarget) {
  const { width, height, resize, cropFraction, padValue, filter, color, layout } = target;
  return {
    width,
    height,
    resize,
    ...(resize === "center-crop" ? { crop_fraction: cropFraction } : {}),
    ...(resize === "letterbox" ? { pad_value: padValue } : {}),
    filter,
    color,
    layout,
  };
}

/** All images as one uint8 array, and the SHA-256 of each file; as many at a time as there are cores. */
export async function decodeImages(
  folder: string,
  files: readonly ImageFile[],
  { target, signal }: { readonly target: ImageTarget; readonly signal: AbortSignal | undefined },
): Promise<{ data: Uint8Array; hashes: string[] }> {
  const size = imageShape(target).reduce((product, dim) => product * dim, 1);
  const data = new Uint8Array(files.length * size);
  const hashes: string[] = new Array(files.length);
  let next = 0;
  let failed = false;
  async function work(): Promise<void> {
    while (next < files.length && !failed) {
      signal?.throwIfAborted();
      const item = next++;
      const { name, size: expected } = files[item] as ImageFile;
      const path = join(folder, name);
      const file = await readBytes(path, {
        what: "the image",
        code: "CONFIG_DATA_MISSING",
        hint: "The labels, annotations or class folder name it; correct the name or restore the image.",
      });
      hashes[item] = sha256(file);
      data.set(await decodeImage(file, target, { name: path, size: expected }), item * size);
    }
  }
  // All workers are waited for, so that nothing runs on after an error was reported.
  const done = await Promise.allSettled(
    Array.from({ length: availableParallelism() }, () =>
      work().catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  const broken = done.find((result) => result.status === "rejected");
  if (broken !== undefined) throw broken.reason;
  return { data, hashes };
}
