import type { Sharp, SharpOptions } from "sharp";
import { type PictureSize, type Placement, placeImage, type ResizeMode } from "../domain/image-placement.ts";
import type { Layout } from "./affine-from.ts";
import { invalidItems } from "./describe.ts";
import { resizeBilinear } from "./resize-bilinear.ts";
import { type Picture, resizePicture } from "./resize-image.ts";

/** How an image becomes a model input; recorded in the dataset's description. */
export interface ImageTarget {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly resize: ResizeMode;
  /** center-crop only, 0 < x ≤ 1: share of the covering image's side that is kept; 224 of 256 pixels = 0.875. */
  readonly cropFraction: number;
  /** triangle: antialiased when shrinking (resize-image.ts); bilinear: two samples an axis, as detectors are trained (resize-bilinear.ts). */
  readonly filter: "triangle" | "bilinear";
  /** Value of letterbox borders, 0..255. */
  readonly padValue: number;
  readonly color: "rgb" | "bgr" | "gray";
  readonly layout: Layout;
}

type SharpFactory = (input: Uint8Array, options?: SharpOptions) => Sharp;

/** sharp takes tens of milliseconds to load, so only those pay who decode images. */
let loading:
  | Promise<{ default: SharpFactory & { versions: { readonly vips: string; readonly sharp?: string | undefined } } }>
  | undefined;

function loadSharp() {
  loading ??= import("sharp");
  return loading;
}

/** Versions that decide the decoded pixels, for provenance. */
export async function imageDecoderVersions(): Promise<Record<string, string>> {
  const { versions } = (await loadSharp()).default;
  return { sharp: versions.sharp ?? "unknown", libvips: versions.vips };
}

/**
 * Decodes, orients, resizes and lays out one image: uint8, target.width x target.height x channels. Transparency is dropped, 16 bits
 * and other color spaces become 8-bit sRGB. Resizing as in resize-image.ts. CONFIG_DATA_INVALID, naming the image, when it cannot be
 * decoded to its end or has not the `size` that its annotations are for.
 */
export async function decodeImage(
  file: Uint8Array,
  target: ImageTarget,
  { name, size }: { readonly name: string; readonly size?: PictureSize | undefined },
): Promise<Uint8Array> {
  const { default: sharp } = await loadSharp();
  try {
    const source = await decode(sharp, file);
    if (size !== undefined && (source.width !== size.width || source.height !== size.height)) {
      throw new Error(
        `it is ${source.width} x ${source.height} pixels, not ${size.width} x ${size.height} as annotated`,
      );
    }
    const placement = placeImage(source, target);
    const resize = target.filter === "bilinear" ? resizeBilinear : resizePicture;
    return layOut(resize(source, placement).pixels, placement, target);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0]?.replace(/\.$/, "") : String(cause);
    throw invalidItems(
      `The image ${name} cannot be decoded: ${reason}.`,
      "Replace the file or take it out of the folder and the labels; JPEG, PNG, WebP, TIFF, GIF and AVIF are read.",
      cause,
    );
  }
}

async function decode(sharp: SharpFactory, file: Uint8Array): Promise<Picture> {
  // A separate full decode: shrinking while loading a JPEG would change the pixels.
  // Embedded color profiles are left alone, as by the loaders that models are trained with (Pillow, OpenCV, TensorFlow).
  const { data, info } = await sharp(file, { failOn: "error", ignoreIcc: true })
    .autoOrient()
    .toColorspace("srgb")
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, pixels: data };
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = data[Math.floor(i / 3) * channels] as number;
  return { width, height, pixels };
}

function layOut(
  pixels: Uint8Array,
  placement: Placement,
  { width, height, padValue, color, layout }: ImageTarget,
): Uint8Array {
  const channels = color === "gray" ? 1 : 3;
  const out = new Uint8Array(width * height * channels).fill(padValue);
  const [columnStep, channelStep] = layout === "nhwc" ? [channels, 1] : [1, width * height];
  const { left, top } = placement;
  for (let y = Math.max(0, top); y < Math.min(height, top + placement.height); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, left + placement.width); x++) {
      const from = ((y - top) * placement.width + (x - left)) * 3;
      const to = (y * width + x) * columnStep;
      const [r, g, b] = [pixels[from] as number, pixels[from + 1] as number, pixels[from + 2] as number];
      if (color === "gray") {
        // Luma of ITU-R BT.601, as image libraries convert to gray.
        out[to] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      } else {
        out[to] = color === "rgb" ? r : b;
        out[to + channelStep] = g;
        out[to + 2 * channelStep] = color === "rgb" ? b : r;
      }
    }
  }
  return out;
}
