import type { Sharp, SharpOptions } from "sharp";
import type { Layout } from "./affine-from.ts";
import { invalidItems } from "./describe.ts";
import { type Picture, resizePicture } from "./resize-image.ts";

/** How an image becomes a model input; recorded in the dataset's description. */
export interface ImageTarget {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** stretch: both axes on their own; letterbox: whole image, padded; center-crop: image covers the target, the rest is cut. */
  readonly resize: "stretch" | "letterbox" | "center-crop";
  /** center-crop only, 0 < x ≤ 1: share of the covering image's side that is kept; 224 of 256 pixels = 0.875. */
  readonly cropFraction: number;
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
 * and other color spaces become 8-bit sRGB. Resizing as in resize-image.ts. CONFIG_DATA_INVALID, naming the image, when it cannot be decoded to its end.
 */
export async function decodeImage(file: Uint8Array, target: ImageTarget, name: string): Promise<Uint8Array> {
  const { default: sharp } = await loadSharp();
  try {
    const source = await decode(sharp, file);
    const placement = place(source, target);
    return layOut(resizePicture(source, placement).pixels, placement, target);
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
  const { data, info } = await sharp(file, { failOn: "error" })
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

/** Size of the resized image, and where its left upper corner lies in the target (negative = cut off). */
interface Placement {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

function place(source: Picture, { width, height, resize, cropFraction }: ImageTarget): Placement {
  if (resize === "stretch") return { width, height, left: 0, top: 0 };
  const ratios = [width / source.width, height / source.height] as const;
  const scale = resize === "letterbox" ? Math.min(...ratios) : Math.max(...ratios) / cropFraction;
  const fit = (side: number, limit: number) => {
    const scaled = Math.round(side * scale);
    return resize === "letterbox" ? Math.min(limit, Math.max(1, scaled)) : Math.max(limit, scaled);
  };
  const scaled = { width: fit(source.width, width), height: fit(source.height, height) };
  return {
    ...scaled,
    left: Math.trunc((width - scaled.width) / 2),
    top: Math.trunc((height - scaled.height) / 2),
  };
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
