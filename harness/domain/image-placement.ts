/** stretch: both axes on their own; letterbox: whole image, padded; center-crop: image covers the target, the rest is cut. */
export type ResizeMode = "stretch" | "letterbox" | "center-crop";

/** Pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Size of the resized image, and where its left upper corner lies in the target (negative = cut off). Pixels. */
export interface Placement extends PictureSize {
  readonly left: number;
  readonly top: number;
}

/** Where an image comes to lie in a target of fixed size. `cropFraction`, 0 < x ≤ 1, is the share of the covering image's side that a center-crop keeps. */
export function placeImage(
  source: PictureSize,
  { width, height, resize, cropFraction }: PictureSize & { readonly resize: ResizeMode; readonly cropFraction: number },
): Placement {
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
